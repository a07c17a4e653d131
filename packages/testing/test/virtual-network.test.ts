import { describe, expect, test } from '@jest/globals';
import { virtualPorts } from '@siplet/testing';
import type { VirtualPorts } from '@siplet/testing';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');

async function listener(ports: VirtualPorts, port = 5060) {
  const heard: { at: number; text: string; from: string }[] = [];
  const socket = await ports.datagram.bind('10.0.0.1', port, {
    message: (data, address, remotePort) => {
      heard.push({ at: ports.clock.now(), text: text(data), from: `${address}:${remotePort}` });
    },
    error: () => undefined,
  });
  return { heard, socket };
}

async function scatter(seed: number): Promise<string[]> {
  const ports = virtualPorts({ seed });
  ports.net.delay(5, 20);
  ports.net.lose(0.2);
  ports.net.duplicate(0.1);
  ports.net.reorder(0.1);
  const { heard } = await listener(ports);
  const sender = await ports.net
    .host('10.0.0.2')
    .bind('0.0.0.0', 0, { message: () => undefined, error: () => undefined });
  for (let index = 0; index < 200; index += 1) sender.send(bytes(String(index)), '10.0.0.1', 5060, () => undefined);
  await ports.net.quiet();
  return heard.map(({ at, text: what }) => `${at} ${what}`);
}

describe('datagrams on the virtual network', () => {
  test('arrive after the latency, with the sender and its ephemeral port', async () => {
    const ports = virtualPorts();
    ports.net.delay(7);
    const { heard } = await listener(ports);
    const sender = await ports.net
      .host('10.0.0.2')
      .bind('0.0.0.0', 0, { message: () => undefined, error: () => undefined });
    sender.send(bytes('hello'), '10.0.0.1', 5060, () => undefined);
    await ports.clock.advance(6);
    expect(heard).toEqual([]);
    await ports.clock.advance(1);
    expect(heard).toEqual([{ at: 7, text: 'hello', from: `10.0.0.2:${sender.port}` }]);
  });

  test('the same seed gives the same losses, delays, duplicates and order', async () => {
    const first = await scatter(42);
    expect(await scatter(42)).toEqual(first);
    expect(await scatter(43)).not.toEqual(first);
    const distinct = new Set(first.map((line) => line.split(' ')[1]));
    expect(distinct.size).toBeGreaterThan(140);
    expect(distinct.size).toBeLessThan(180);
    expect(first.length).toBeGreaterThan(distinct.size);
    expect(first.map((line) => Number(line.split(' ')[1]))).not.toEqual(
      [...distinct].map(Number).toSorted((a, b) => a - b),
    );
  });

  test('a partition swallows them until it heals', async () => {
    const ports = virtualPorts();
    const { heard } = await listener(ports);
    ports.net.label('10.0.0.2', 'alice');
    const sender = await ports.net
      .host('10.0.0.2')
      .bind('10.0.0.2', 5060, { message: () => undefined, error: () => undefined });
    ports.net.partition('alice');
    sender.send(bytes('1'), '10.0.0.1', 5060, () => undefined);
    await ports.net.quiet();
    ports.net.heal('alice');
    sender.send(bytes('2'), '10.0.0.1', 5060, () => undefined);
    await ports.net.quiet();
    expect(heard.map((one) => one.text)).toEqual(['2']);
    expect([...ports.net.traffic].map((entry) => entry.fate)).toEqual(['partitioned', 'delivered']);
  });

  test('loss can be limited to one pair of ends', async () => {
    const ports = virtualPorts();
    const { heard } = await listener(ports);
    const silent = { message: () => undefined, error: () => undefined };
    const one = await ports.net.host('10.0.0.2').bind('10.0.0.2', 5060, silent);
    const other = await ports.net.host('10.0.0.3').bind('10.0.0.3', 5060, silent);
    ports.net.lose(1, ['10.0.0.1', '10.0.0.2']);
    one.send(bytes('lost'), '10.0.0.1', 5060, () => undefined);
    other.send(bytes('kept'), '10.0.0.1', 5060, () => undefined);
    await ports.net.quiet();
    expect(heard.map(({ text: what }) => what)).toEqual(['kept']);
  });

  test('a port that is in use is refused, and free again after close', async () => {
    const ports = virtualPorts();
    const { socket } = await listener(ports);
    await expect(listener(ports)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await socket.close();
    await expect(listener(ports)).resolves.toBeDefined();
  });

  test('errors of send are reported, not thrown', async () => {
    const ports = virtualPorts();
    const { socket } = await listener(ports);
    const errors: unknown[] = [];
    socket.send(bytes('x'), '10.0.0.9', 70_000, (error) => errors.push(error));
    socket.send(new Uint8Array(70_000), '10.0.0.9', 5060, (error) => errors.push(error));
    await ports.clock.settle();
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }),
      expect.objectContaining({ code: 'EMSGSIZE' }),
    ]);
  });
});

describe('streams on the virtual network', () => {
  test('bytes written before the connection stands are kept, and arrive in order', async () => {
    const ports = virtualPorts();
    ports.net.delay(3, 40);
    ports.net.lose(0.3);
    const heard: string[] = [];
    const events: string[] = [];
    await ports.stream.listen('10.0.0.1', 5060, (connection) => {
      connection.setHandler({
        data: (data) => {
          heard.push(text(data));
          if (heard.length === 20) connection.write(bytes('bye'));
        },
        closed: () => events.push('server closed'),
      });
    });
    const client = ports.net.host('10.0.0.2').connect('10.0.0.1', 5060);
    client.setHandler({
      open: () => events.push('open'),
      data: (data) => {
        events.push(text(data));
        client.close();
      },
      closed: () => events.push('client closed'),
    });
    for (let index = 0; index < 20; index += 1) client.write(bytes(String(index)));
    await ports.clock.advance('1m');
    expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
    expect(events).toEqual(['open', 'bye', 'client closed', 'server closed']);
  });

  test('nobody listening is ECONNREFUSED; a cut link is ETIMEDOUT', async () => {
    const ports = virtualPorts();
    const errors: unknown[] = [];
    const attempt = (address: string): void => {
      ports.net
        .host('10.0.0.2')
        .connect(address, 5060)
        .setHandler({ data: () => undefined, closed: (error) => errors.push(error) });
    };
    attempt('10.0.0.7');
    ports.net.partition('10.0.0.2', '10.0.0.8');
    attempt('10.0.0.8');
    await ports.clock.advance('30s');
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ECONNREFUSED' }),
      expect.objectContaining({ code: 'ETIMEDOUT' }),
    ]);
  });

  test('a partition stalls a stream, and healing lets it go on in order', async () => {
    const ports = virtualPorts();
    const heard: string[] = [];
    await ports.stream.listen('10.0.0.1', 5060, (connection) => {
      connection.setHandler({ data: (data) => heard.push(text(data)), closed: () => undefined });
    });
    const client = ports.net.host('10.0.0.2').connect('10.0.0.1', 5060);
    client.write(bytes('a'));
    await ports.net.quiet();
    ports.net.partition('10.0.0.1', '10.0.0.2');
    client.write(bytes('b'));
    client.write(bytes('c'));
    await ports.clock.advance('10s');
    expect(heard).toEqual(['a']);
    ports.net.heal();
    await ports.net.quiet();
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  test('a reset closes both ends with the error', async () => {
    const ports = virtualPorts();
    const closed: unknown[] = [];
    await ports.stream.listen('10.0.0.1', 5060, (connection) => {
      connection.setHandler({ data: () => undefined, closed: (error) => closed.push(error) });
    });
    const client = ports.net.host('10.0.0.2').connect('10.0.0.1', 5060);
    client.setHandler({ data: () => undefined, closed: (error) => closed.push(error) });
    await ports.net.quiet();
    ports.net.reset('10.0.0.2');
    await ports.net.quiet();
    const reset = expect.objectContaining({ code: 'ECONNRESET' });
    expect(closed).toEqual([reset, reset]);
  });

  test('a WebSocket carries messages both ways, and tells both ends of its end', async () => {
    const ports = virtualPorts();
    const log: string[] = [];
    const { client, server } = ports.net.webSocket('10.0.0.2', { address: '10.0.0.1', port: 8080 });
    server.send(bytes('welcome'));
    await ports.net.quiet();
    client.setHandler({
      message: (data) => log.push(`client got ${text(data)}`),
      closed: () => log.push('client closed'),
    });
    server.setHandler({
      message: (data) => log.push(`server got ${text(data)}`),
      closed: () => log.push('server closed'),
    });
    client.send(bytes('hello'));
    await ports.net.quiet();
    client.close();
    await ports.clock.advance(5);
    expect(log).toEqual(['client got welcome', 'server got hello', 'client closed', 'server closed']);
    expect(server.remoteAddress).toBe('10.0.0.2');
  });
});

test('host names resolve as they were added, others are not found', async () => {
  const ports = virtualPorts();
  ports.net.addName('pbx.example.com', '10.0.0.1', '10.0.0.2');
  await expect(ports.lookup('PBX.example.com')).resolves.toEqual(['10.0.0.1', '10.0.0.2']);
  await expect(ports.lookup('other.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});
