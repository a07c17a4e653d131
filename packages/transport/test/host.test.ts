import { describe, expect, test } from '@jest/globals';
import type { EngineHostOptions, ListenOptions } from '../src/index.ts';
import { EngineHost, TransportError } from '../src/index.ts';
import { FakePorts, FakeWebSocket } from './fake-ports.ts';
import { newRequest, requestText, TestHost, uri } from './helpers.ts';

async function setUp(
  listen: (string | ListenOptions)[],
  options: Partial<EngineHostOptions> = {},
): Promise<{ ports: FakePorts; test: TestHost; host: EngineHost }> {
  const ports = new FakePorts();
  const test = new TestHost({
    ports,
    listen: listen.map((entry) => (typeof entry === 'string' ? { uri: entry } : entry)),
    ...options,
  });
  await test.host.start();
  return { ports, test, host: test.host };
}

function code(expected: string): unknown {
  return expect.objectContaining({ code: expected });
}

describe('the drain rule', () => {
  test('a handler that sends finds the engine free, and what it sends follows what was there before', async () => {
    const { ports, test, host } = await setUp(['udp://127.0.0.1:5060']);
    test.answer = false;
    let inside = false;
    test.event = (event) => {
      expect(inside).toBe(false); // never called back from inside a call
      if (event.type !== 'request') return;
      inside = true;
      for (const name of ['first', 'second']) {
        host.send(newRequest(`sip:${name}@127.0.0.1:7000`), host.flowTo(uri('sip:x@127.0.0.1:7000')) as never);
      }
      expect(ports.sent).toEqual([]); // recorded, not yet acted upon
      inside = false;
    };
    ports.datagramFrom('127.0.0.1 5060', '127.0.0.1', 6000, requestText('UDP', '127.0.0.1:6000'));
    expect(ports.sent.map(({ text }) => text.split(' ')[1])).toEqual([
      'sip:first@127.0.0.1:7000',
      'sip:second@127.0.0.1:7000',
    ]);
  });

  test('a handler that throws is reported and stops neither the queue nor the socket', async () => {
    const { ports, test } = await setUp(['udp://127.0.0.1:5060']);
    const answer = test.event.bind(test);
    let round = 0;
    test.event = (event) => {
      if (++round === 1) throw new Error('handler');
      answer(event);
    };
    ports.datagramFrom('127.0.0.1 5060', '127.0.0.1', 6000, requestText('UDP', '127.0.0.1:6000'));
    ports.datagramFrom('127.0.0.1 5060', '127.0.0.1', 6000, requestText('UDP', '127.0.0.1:6000'));
    expect(test.errors).toEqual([expect.objectContaining({ message: 'handler' })]);
    expect(ports.sent.length).toBe(1);
  });

  test('a send that fails at once is an event of its transaction', async () => {
    const { ports, test, host } = await setUp(['udp://127.0.0.1:5060']);
    ports.sendError = Object.assign(new Error('send'), { code: 'ENETUNREACH' });
    const transaction = host.send(newRequest('sip:x@127.0.0.1:7000'), await host.flowTo(uri('sip:x@127.0.0.1:7000')));
    expect(test.ofType('transportError')[0]).toMatchObject({
      transaction,
      error: { code: 'TPT_ERR_SEND', message: 'Cannot send to 127.0.0.1:7000: ENETUNREACH.' },
    });
    expect(host.stats().failures).toBe(1);
  });
});

describe('the one timer', () => {
  test('an INVITE nobody answers is repeated and times out at 64*T1 exactly (RFC 3261 §17.1.1.2)', async () => {
    const { ports, test, host } = await setUp(['udp://127.0.0.1:5060']);
    const start = ports.clock.now();
    const at: number[] = [];
    host.tap = () => at.push(ports.clock.now() - start);
    host.send(newRequest('sip:x@127.0.0.1:7000', 'INVITE'), await host.flowTo(uri('sip:x@127.0.0.1:7000')));
    ports.clock.advance(31_999);
    expect(test.ofType('timeout').length).toBe(0);
    ports.clock.advance(1);
    expect(test.ofType('timeout').length).toBe(1);
    expect(at).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    expect(ports.clock.armed).toBe(0);
  });

  test('any number of transactions needs one timer, none when idle, none after stop', async () => {
    const { ports, host } = await setUp(['udp://127.0.0.1:5060']);
    expect(ports.clock.armed).toBe(0);
    for (let index = 0; index < 50; index++) {
      host.send(newRequest('sip:x@127.0.0.1:7000'), await host.flowTo(uri('sip:x@127.0.0.1:7000')));
      ports.clock.advance(10);
    }
    expect(ports.clock.armed).toBe(1);
    await host.stop();
    expect(ports.clock.armed).toBe(0);
  });
});

describe('addresses on the wire', () => {
  test('a wildcard listener shows each peer the address that it can reach, never 0.0.0.0', async () => {
    const { ports, host } = await setUp(['udp://0.0.0.0:5060', 'udp://[::]:5060']);
    for (const target of ['127.0.0.1', '10.1.9.9', '203.0.113.9', '[2001:db8::9]', '[fe80::9]']) {
      host.send(newRequest('sip:x@example.test'), await host.flowTo(uri(`sip:x@${target}`)));
    }
    expect(ports.sent.map(({ text }) => /^Via: SIP\/2\.0\/UDP ([^;]+);/m.exec(text)?.[1])).toEqual([
      '127.0.0.1:5060',
      '10.1.2.3:5060',
      '198.51.100.7:5060',
      '[2001:db8::7]:5060',
      '[fe80::1]:5060',
    ]);
    expect(host.listeningPoints.map((point) => point.advertisedHost)).toEqual(['198.51.100.7', '[2001:db8::7]']);
  });

  test('advertise wins, for UDP and TCP', async () => {
    const { host } = await setUp([
      { uri: 'udp://0.0.0.0:5060', advertise: 'sip.example.com' },
      { uri: 'tcp://0.0.0.0:5060', advertise: '[2001:db8::99]:5070' },
    ]);
    const udp = await host.flowTo(uri('sip:x@10.1.9.9'));
    expect(host.advertisedFor(udp)).toEqual({ host: 'sip.example.com', port: 5060, transport: 'udp' });
    const tcp = await host.flowTo(uri('sip:x@10.1.9.9;transport=tcp'));
    expect(host.advertisedFor(tcp)).toEqual({ host: '[2001:db8::99]', port: 5070, transport: 'tcp' });
  });

  test('a TCP connection names the listener, never its own ephemeral port', async () => {
    const { ports, host } = await setUp(['tcp://0.0.0.0:5060']);
    const flow = await host.flowTo(uri('sip:x@10.1.9.9:5061;transport=tcp'));
    host.send(newRequest('sip:x@10.1.9.9'), flow);
    expect(ports.dialled[0]?.written[0]).toContain('Via: SIP/2.0/TCP 10.1.2.3:5060;');
  });
});

describe('isLocal: exactly our own listening points', () => {
  const cases: [string, boolean][] = [
    ['sip:127.0.0.1:5062', true],
    ['sip:alice@127.0.0.1:5062;transport=UDP', true],
    ['sip:localhost:5062', true],
    ['sip:127.0.0.1:5063', false], // a client on the same machine
    ['sip:127.0.0.1', false],
    ['sip:localhost', false],
    ['sip:127.0.0.1:5062;transport=tcp', false],
    ['sip:SIP.example.com:5080', true],
    ['sip:sip.example.com', false],
    ['sip:10.1.2.3:5070;transport=tcp', true],
    ['sip:198.51.100.7:5070', true],
    ['sip:198.51.100.8:5070', false],
    ['sip:[2001:DB8::7]:5070', false],
    ['sip:[::1]:5072', true],
    ['sip:[0:0:0:0:0:0:0:1]:5072', true],
    ['tel:+123', false],
  ];

  test.each(cases)('%s: %s', async (text, expected) => {
    const { host } = await setUp([
      { uri: 'udp://127.0.0.1:5062', advertise: 'sip.example.com:5080' },
      'tcp://0.0.0.0:5070',
      'udp://[::1]:5072',
    ]);
    expect(host.isLocal(uri(text))).toBe(expected);
  });

  test('the default port counts as written (RFC 3261 §19.1.2)', async () => {
    const { host } = await setUp(['udp://127.0.0.1:5060']);
    expect(host.isLocal(uri('sip:127.0.0.1'))).toBe(true);
    expect(host.isLocal(uri('sips:127.0.0.1'))).toBe(false);
  });
});

describe('flowTo', () => {
  test('a literal address gives a flow at once, and UDP flows are shared', async () => {
    const { host } = await setUp(['udp://127.0.0.1:5060', 'tcp://127.0.0.1:5060']);
    const flow = host.flowTo(uri('sip:x@127.0.0.1:7000'));
    expect(flow).toMatchObject({ protocol: 'UDP', remoteAddress: '127.0.0.1', remotePort: 7000, reliable: false });
    expect(host.flowTo(uri('sip:y@localhost:7000'))).toBe(flow);
    expect(host.flowTo(uri('sip:y@other.example:9;maddr=127.0.0.1'))).toMatchObject({ remotePort: 9 });
    expect(host.flowTo(uri('sip:x@127.0.0.1'), { transport: 'TCP' })).toMatchObject({
      protocol: 'TCP',
      remotePort: 5060,
    });
  });

  test('TCP is taken when only TCP listens', async () => {
    const { host } = await setUp(['tcp://127.0.0.1:5060']);
    expect(host.flowTo(uri('sip:x@127.0.0.1'))).toMatchObject({ protocol: 'TCP' });
  });

  test.each([
    ['tel:+123', 'TPT_ERR_UNROUTABLE'],
    ['sip:x@0.0.0.0', 'TPT_ERR_UNROUTABLE'],
    ['sip:x@[::]', 'TPT_ERR_UNROUTABLE'],
    ['sip:x@127.0.0.1;transport=ws', 'TPT_ERR_UNROUTABLE'],
    ['sip:x@127.0.0.1;transport=sctp', 'TPT_ERR_NO_TRANSPORT'],
    ['sip:x@127.0.0.1;transport=tcp', 'TPT_ERR_NO_TRANSPORT'],
    ['sips:x@127.0.0.1', 'TPT_ERR_NO_TRANSPORT'], // never in clear
    ['sip:x@[2001:db8::1]', 'TPT_ERR_NO_TRANSPORT'],
  ])('%s throws %s and sends nothing', async (text, expected) => {
    const { ports, host } = await setUp(['udp://127.0.0.1:5060']);
    expect(() => host.flowTo(uri(text))).toThrow(code(expected) as Error);
    expect(ports.dialled).toEqual([]);
  });

  test('a host name is looked up, and the first address with a listener is taken', async () => {
    const { ports, host } = await setUp(['udp://127.0.0.1:5060']);
    ports.names.set('both.example', ['2001:db8::5', 'nonsense', '192.0.2.5']);
    ports.names.set('six.example', ['2001:db8::5']);
    await expect(host.flowTo(uri('sip:x@both.example:5999'))).resolves.toMatchObject({
      remoteAddress: '192.0.2.5',
      remotePort: 5999,
    });
    await expect(host.flowTo(uri('sip:x@six.example'))).rejects.toEqual(code('TPT_ERR_LOOKUP'));
    await expect(host.flowTo(uri('sip:x@none.example'))).rejects.toMatchObject({
      code: 'TPT_ERR_LOOKUP',
      cause: { message: 'ENOTFOUND none.example' },
    });
  });

  test('of several listeners the nearest sends, unless one is asked for', async () => {
    const { host } = await setUp(['udp://127.0.0.1:5060', 'udp://10.1.2.3:5060', 'udp://198.51.100.7:5060']);
    const [loopback, , outside] = host.listeningPoints;
    expect(host.flowTo(uri('sip:x@127.0.0.1:9'))).toMatchObject({ sentByHost: '127.0.0.1' });
    expect(host.flowTo(uri('sip:x@10.1.7.7:9'))).toMatchObject({ sentByHost: '10.1.2.3' });
    expect(host.flowTo(uri('sip:x@8.8.8.8:9'))).toMatchObject({ sentByHost: '198.51.100.7' });
    expect(host.flowTo(uri('sip:x@10.1.7.7:9'), { from: outside })).toMatchObject({ sentByHost: '198.51.100.7' });
    expect(() => host.flowTo(uri('sip:x@[::1]:9'), { from: loopback })).toThrow(code('TPT_ERR_NO_TRANSPORT') as Error);
  });
});

describe('flow tokens', () => {
  test.each(['192.0.2.9', '[2001:db8::9]'])('a UDP token is enough to find the peer again (%s)', async (address) => {
    const { host } = await setUp(['udp://127.0.0.1:5060', 'udp://[::1]:5060']);
    const flow = await host.flowTo(uri(`sip:x@${address}:7000`));
    expect(flow.id).toMatch(/^[\w.!]+$/);
    const { host: restarted } = await setUp(['udp://127.0.0.1:5060', 'udp://[::1]:5060']);
    expect(restarted.flowById(flow.id)).toMatchObject({ remoteAddress: flow.remoteAddress, remotePort: 7000 });
  });

  test.each([
    '',
    'u',
    'u0.7000',
    'u0.0.192.0.2.9',
    'u0.70000.192.0.2.9',
    'u9.7000.192.0.2.9',
    'u0.7000.host',
    '__proto__',
  ])("'%s' names nothing", async (token) => {
    const { host } = await setUp(['udp://127.0.0.1:5060']);
    expect(host.flowById(token)).toBeUndefined();
  });

  test('a connection token is random and dies with its connection', async () => {
    const { host, test } = await setUp(['udp://127.0.0.1:5060']);
    const connection = new FakeWebSocket();
    const flow = host.acceptWebSocket(connection, { host: 'a.example', port: 80, secure: false });
    expect(flow.id).toMatch(/^c[0-9a-f]{32}$/);
    expect(host.flowById(flow.id)).toBe(flow);
    connection.handler?.closed();
    expect(host.flowById(flow.id)).toBeUndefined();
    expect(test.closed).toEqual([flow]);
  });
});

describe('UDP', () => {
  test('the number of remembered peers is bounded, and busy ones stay', async () => {
    const { ports, host } = await setUp(['udp://127.0.0.1:5060'], { maxUdpFlows: 100 });
    const busy = host.flowTo(uri('sip:x@10.0.0.1:6000'));
    for (let port = 1_000; port < 3_000; port++) {
      ports.datagramFrom('127.0.0.1 5060', '127.0.0.2', port, '\r\n\r\n');
      if (port % 20 === 0) expect(host.flowTo(uri('sip:x@10.0.0.1:6000'))).toBe(busy);
    }
    expect(host.stats().udpFlows).toBeLessThanOrEqual(100);
  });

  test('a response without rport goes to the sent-by port of the source address, even when it claims another host', async () => {
    const { ports } = await setUp(['udp://127.0.0.1:5060']);
    ports.datagramFrom('127.0.0.1 5060', '192.0.2.4', 6000, requestText('UDP', '203.0.113.66:5999', ''));
    ports.datagramFrom('127.0.0.1 5060', '192.0.2.4', 6000, requestText('UDP', '203.0.113.66', ''));
    ports.datagramFrom(
      '127.0.0.1 5060',
      '192.0.2.4',
      6000,
      requestText('UDP', '203.0.113.66:5999', ';rport;received=9.9.9.9'),
    );
    expect(ports.sent.map(({ to }) => to)).toEqual(['192.0.2.4 5999', '192.0.2.4 5060', '192.0.2.4 6000']);
  });

  test('a datagram from port 0, which nobody can answer, is a counted drop', async () => {
    const ports = new FakePorts();
    const seen: string[] = [];
    const host = new EngineHost(
      { ports, listen: [{ uri: 'udp://127.0.0.1:5060' }] },
      { event: (event) => seen.push(event.type), flowClosed: () => undefined },
    );
    await host.start();
    ports.datagramFrom('127.0.0.1 5060', '192.0.2.4', 0, requestText('UDP', '192.0.2.4:5060', ';rport'));
    ports.datagramFrom('127.0.0.1 5060', '192.0.2.4', 6000, requestText('UDP', '192.0.2.4:0', ''));
    expect(host.stats().drops['TPT_ERR_SOURCE_PORT']).toBe(1);
    expect(seen.filter((type) => type === 'transportError')).toEqual([]);
    expect(ports.sent.filter(({ to }) => to.endsWith(' 0'))).toEqual([]);
  });

  test('a listener that fails later is reported with its listening point', async () => {
    const ports = new FakePorts();
    const reported: unknown[] = [];
    const host = new EngineHost(
      { ports, listen: [{ uri: 'udp://127.0.0.1:5060' }] },
      {
        event: () => undefined,
        flowClosed: () => undefined,
        listenError: (error, point) => reported.push([error.message, point.port]),
      },
    );
    await host.start();
    ports.datagramHandlers.get('127.0.0.1 5060')?.error(new Error('EBADF'));
    expect(reported).toEqual([['EBADF', 5060]]);
  });
});

describe('TCP in virtual time', () => {
  const listen = ['tcp://127.0.0.1:5060'];

  test('a connection must say something whole within ten seconds; keep-alives are nothing', async () => {
    const { ports, test, host } = await setUp(listen);
    const silent = ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 40_000);
    const slow = ports.connectionFrom('127.0.0.1 5060', '192.0.2.2', 40_000);
    const good = ports.connectionFrom('127.0.0.1 5060', '192.0.2.3', 40_000);
    good.say(requestText('TCP', '192.0.2.3'));
    for (let second = 0; second < 9; second++) {
      ports.clock.advance(1_000);
      silent.say('\r\n\r\n');
      slow.say('O');
    }
    expect(silent.written).toEqual(Array(9).fill('\r\n'));
    ports.clock.advance(999);
    expect(test.closed).toEqual([]);
    ports.clock.advance(1);
    expect([silent.closedByUs, slow.closedByUs, good.closedByUs]).toEqual([true, true, false]);
    expect(host.stats()).toMatchObject({ flows: 1, drops: { TPT_ERR_FIRST_MESSAGE_TIMEOUT: 2 } });
  });

  test('every later message must be whole ten seconds after its first byte, too', async () => {
    const { ports, host } = await setUp(listen);
    const peer = ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 40_000);
    peer.say(requestText('TCP', '192.0.2.1'));
    ports.clock.advance(60_000);
    const text = requestText('TCP', '192.0.2.1');
    peer.say(text.slice(0, 50));
    ports.clock.advance(9_000);
    peer.say(text.slice(50)); // just in time
    peer.say(text.slice(0, 50));
    ports.clock.advance(9_999);
    expect(peer.closedByUs).toBe(false);
    ports.clock.advance(1);
    expect(peer.closedByUs).toBe(true);
    expect(host.stats().drops).toEqual({ TPT_ERR_FIRST_MESSAGE_TIMEOUT: 1 });
  });

  test('an idle connection is closed; any sign of life puts it off', async () => {
    const { ports, test, host } = await setUp(listen, { idleTimeoutMs: 60_000 });
    const peer = ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 40_000);
    peer.say(requestText('TCP', '192.0.2.1'));
    for (let round = 0; round < 5; round++) {
      ports.clock.advance(50_000);
      peer.say('\r\n\r\n');
    }
    ports.clock.advance(59_999);
    expect(peer.closedByUs).toBe(false);
    ports.clock.advance(1);
    expect(peer.closedByUs).toBe(true);
    expect(test.closed.length).toBe(1);
    expect(host.stats().drops).toEqual({ TPT_ERR_IDLE: 1 });
    expect(ports.clock.armed).toBe(0);
  });

  test('a source may hold 100 connections, and a new one when an old one ends', async () => {
    const { ports, host } = await setUp(listen);
    const connections = Array.from({ length: 101 }, (_, index) =>
      ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 10_000 + index),
    );
    expect(connections.map((connection) => connection.closedByUs)).toEqual([...Array<boolean>(100).fill(false), true]);
    expect(ports.connectionFrom('127.0.0.1 5060', '192.0.2.2', 1).closedByUs).toBe(false);
    connections[0]?.handler?.closed();
    expect(ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 9_999).closedByUs).toBe(false);
    expect(host.stats()).toMatchObject({ flows: 101, drops: { TPT_ERR_TOO_MANY_CONNECTIONS: 1 } });
  });

  test('a connection that is not established within ten seconds fails its transactions, then closes its flow', async () => {
    const { ports, test, host } = await setUp(listen);
    const order: string[] = [];
    const closed = test.flowClosed.bind(test);
    const event = test.event.bind(test);
    test.flowClosed = (flow) => (order.push('flowClosed'), closed(flow));
    test.event = (happened) => (order.push(happened.type), event(happened));
    const flow = await host.flowTo(uri('sip:x@192.0.2.9;transport=tcp'));
    host.send(newRequest('sip:x@192.0.2.9'), flow);
    ports.clock.advance(10_000);
    expect(ports.dialled[0]?.closedByUs).toBe(true);
    expect(order.filter((type) => type !== 'terminated')).toEqual(['transportError', 'flowClosed']);
    expect(test.ofType('transportError')[0]?.error).toMatchObject({ code: 'TPT_ERR_CONNECT_TIMEOUT' });
    expect(ports.clock.armed).toBe(0);
  });

  test('an established outbound connection stays', async () => {
    const { ports, host } = await setUp(listen);
    const flow = await host.flowTo(uri('sip:x@192.0.2.9;transport=tcp'));
    ports.dialled[0]?.handler?.open?.();
    ports.clock.advance(60_000);
    expect(host.flowById(flow.id)).toBe(flow);
    expect(await host.flowTo(uri('sip:y@192.0.2.9;transport=tcp'))).toBe(flow);
  });

  test('a malformed Content-Length is answered with 400 and the connection closed (RFC 3261 §18.3)', async () => {
    const { ports, host } = await setUp(listen);
    const peer = ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 40_000);
    peer.say(requestText('TCP', '192.0.2.1').replace('Content-Length: 0', 'Content-Length: abc'));
    expect(peer.written[0]).toMatch(/^SIP\/2\.0 400 /);
    expect(peer.closedByUs).toBe(true);
    expect(host.stats().flows).toBe(0);
  });

  test('a request on a connection that we had opened, and that is gone, connects again', async () => {
    const { ports, test, host } = await setUp(listen);
    const flow = await host.flowTo(uri('sip:x@192.0.2.9;transport=tcp'));
    ports.dialled[0]?.handler?.open?.();
    ports.dialled[0]?.handler?.closed();
    const transaction = host.send(newRequest('sip:x@192.0.2.9'), flow);
    expect(ports.dialled[1]?.written[0]).toMatch(/^OPTIONS /);
    expect(test.ofType('transportError')).toEqual([]);
    ports.dialled[1]?.handler?.closed(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    expect(test.ofType('transportError')[0]).toMatchObject({ transaction, error: { code: 'TPT_ERR_CONNECTION' } });
  });

  test('a request on a connection that the peer had opened, and that is gone, fails', async () => {
    const { ports, test, host } = await setUp(listen);
    const peer = ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 40_000);
    peer.say(requestText('TCP', '192.0.2.1'));
    const flow = test.ofType('request')[0]?.flow;
    peer.handler?.closed();
    if (flow === undefined) throw new Error('no request');
    const transaction = host.send(newRequest('sip:x@192.0.2.1'), flow);
    expect(ports.dialled).toEqual([]);
    expect(test.ofType('transportError')).toEqual([]); // not from inside send
    ports.clock.advance(0);
    expect(test.ofType('transportError')[0]).toMatchObject({ transaction, error: { code: 'TPT_ERR_FLOW_CLOSED' } });
  });

  test('a response whose connection is gone goes to the source address at the sent-by port (RFC 3261 §18.2.2)', async () => {
    const { ports, test } = await setUp(listen);
    test.answer = false;
    const peer = ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 40_000);
    peer.say(requestText('TCP', 'pc33.example.com:5999', '', 'INVITE'));
    peer.handler?.closed();
    test.answerLast(486);
    expect(ports.dialled[0]).toMatchObject({ remoteAddress: '192.0.2.1', remotePort: 5999 });
    expect(ports.dialled[0]?.written[0]).toMatch(/^SIP\/2\.0 486 /);
    ports.dialled[0]?.handler?.closed(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    expect(test.ofType('transportError').length).toBe(1);
  });
});

describe('starting and stopping', () => {
  test('a host starts once', async () => {
    const { host } = await setUp(['udp://127.0.0.1:5060']);
    await expect(host.start()).rejects.toEqual(code('TPT_ERR_STATE'));
  });

  test('a bad listen address is found before anything is opened', async () => {
    const ports = new FakePorts();
    const { host } = new TestHost({ ports, listen: [{ uri: 'udp://127.0.0.1:5060' }, { uri: 'tls://127.0.0.1' }] });
    await expect(host.start()).rejects.toEqual(code('TPT_ERR_LISTEN_URI'));
    expect(ports.open.size).toBe(0);
  });

  test.each([
    ['EACCES', 'TPT_ERR_PORT_FORBIDDEN'],
    ['EADDRNOTAVAIL', 'TPT_ERR_ADDRESS_NOT_AVAILABLE'],
    ['EADDRINUSE', 'TPT_ERR_PORT_IN_USE'],
    ['EMFILE', 'TPT_ERR_LISTEN_FAILED'],
  ])('%s becomes %s with the address in its text; what was open is closed', async (system, expected) => {
    const ports = new FakePorts();
    const listen = ports.stream.listen.bind(ports.stream);
    ports.stream.listen = async (address, port, accept) => {
      if (port === 80) throw Object.assign(new Error('listen'), { code: system });
      return listen(address, port, accept);
    };
    const { host } = new TestHost({ ports, listen: [{ uri: 'tcp://127.0.0.1:5060' }, { uri: 'tcp://127.0.0.1:80' }] });
    await expect(host.start()).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining('tcp://127.0.0.1:80'),
      cause: { code: system },
    });
    expect(ports.open.size).toBe(0);
  });

  test('after stop nothing is sent, reported or left', async () => {
    const { ports, test, host } = await setUp(['udp://127.0.0.1:5060', 'tcp://127.0.0.1:5060']);
    const socket = new FakeWebSocket();
    host.acceptWebSocket(socket, { host: 'a.example', port: 80, secure: true });
    const peer = ports.connectionFrom('127.0.0.1 5060', '192.0.2.1', 40_000);
    const flow = await host.flowTo(uri('sip:x@127.0.0.1:7000'));
    host.send(newRequest('sip:x@127.0.0.1:7000'), flow);
    const sent = ports.sent.length;
    await host.stop();
    await host.stop();
    ports.clock.advance(60_000);
    host.send(newRequest('sip:x@127.0.0.1:7000'), flow);
    ports.datagramFrom('127.0.0.1 5060', '192.0.2.1', 6000, requestText('UDP', '192.0.2.1'));
    expect([socket.closedByUs, peer.closedByUs]).toEqual([true, true]);
    expect(ports.sent.length).toBe(sent);
    expect(test.types()).toEqual([]);
    expect(test.closed).toEqual([]);
    expect([...ports.open]).toEqual([]);
    expect(ports.clock.armed).toBe(0);
  });

  test('the tap sees what arrives and leaves, with the flow', async () => {
    const { ports, host } = await setUp(['udp://127.0.0.1:5060']);
    const seen: string[] = [];
    host.tap = (direction, bytes, flow) =>
      seen.push(`${direction} ${Buffer.from(bytes).toString().slice(0, 7)} ${flow.remotePort}`);
    ports.datagramFrom('127.0.0.1 5060', '192.0.2.1', 6000, requestText('UDP', '192.0.2.1'));
    expect(seen).toEqual(['in OPTIONS 6000', 'out SIP/2.0 6000']);
    expect(host.stats()).toMatchObject({ received: 1, sent: 1 });
  });

  test('errors of this package are TransportErrors', () => {
    expect(new TransportError('TPT_ERR_IDLE')).toBeInstanceOf(TransportError);
  });
});
