import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import type { EngineHostOptions } from '../src/index.ts';
import { nodePorts } from '../src/index.ts';
import { newRequest, requestText, TestHost, uri } from './helpers.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startHost(options: Partial<EngineHostOptions> = {}): Promise<TestHost> {
  const test = new TestHost({ ports: nodePorts(), listen: [{ uri: 'tcp://127.0.0.1:0' }], ...options });
  await test.host.start();
  cleanups.push(() => test.host.stop());
  return test;
}

/** A TCP phone that collects what it hears. */
class Phone {
  text = '';
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1');
    });
    socket.on('error', () => undefined);
    cleanups.push(() => void socket.destroy());
  }

  static async dial(test: TestHost): Promise<Phone> {
    const socket = connect(test.host.listeningPoints[0]?.port ?? 0, '127.0.0.1');
    await once(socket, 'connect');
    return new Phone(socket);
  }

  async hears(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await once(this.socket, 'data');
    return this.text;
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
  }
}

const sentBy = '127.0.0.1:5999';

test('a request that arrives byte by byte is answered on its connection (RFC 3261 §18.2.2)', async () => {
  const test = await startHost();
  const phone = await Phone.dial(test);
  for (const byte of Buffer.from(requestText('TCP', sentBy))) {
    phone.socket.write(Uint8Array.of(byte));
    // oxlint-disable-next-line no-await-in-loop -- one segment per byte
    await new Promise(setImmediate);
  }
  expect(await phone.hears(/\r\n\r\n$/)).toMatch(/^SIP\/2\.0 200 /);
  expect(test.ofType('request')[0]?.flow).toMatchObject({
    protocol: 'TCP',
    reliable: true,
    remoteAddress: '127.0.0.1',
  });
});

test('two requests and a half in one segment give two answers, the rest the third', async () => {
  const test = await startHost();
  const phone = await Phone.dial(test);
  const third = requestText('TCP', sentBy);
  phone.socket.write(requestText('TCP', sentBy) + requestText('TCP', sentBy) + third.slice(0, 40));
  await phone.hears(/(SIP\/2\.0 200 [^]*){2}\r\n\r\n$/);
  phone.socket.write(third.slice(40));
  await phone.hears(/(SIP\/2\.0 200 [^]*){3}\r\n\r\n$/);
});

test('CRLF CRLF is answered with CRLF (RFC 5626 §4.4.1)', async () => {
  const test = await startHost();
  const phone = await Phone.dial(test);
  phone.socket.write('\r\n\r\n');
  await phone.hears(/^\r\n$/);
});

test('a connection that never completes a message is closed and counted', async () => {
  const test = await startHost({ firstMessageTimeoutMs: 40 });
  const phone = await Phone.dial(test);
  phone.socket.write('OPTIONS sip:x@y SIP/2.0\r\nVia: ');
  await phone.closed();
  await test.until(() => test.closed.length === 1);
  expect(test.host.stats()).toMatchObject({ flows: 0, drops: { TPT_ERR_FIRST_MESSAGE_TIMEOUT: 1 } });
});

test('a stream that is not SIP is closed, others go on', async () => {
  const test = await startHost();
  const [bad, good] = [await Phone.dial(test), await Phone.dial(test)];
  bad.socket.write(`OPTIONS sip:x@y SIP/2.0\r\n${'a'.repeat(100_000)}`);
  await bad.closed();
  good.socket.write(requestText('TCP', sentBy));
  await good.hears(/^SIP\/2\.0 200 /);
  expect(test.host.stats().drops).toMatchObject({ TPT_ERR_FRAMING: 1 });
});

test('a reset connection fails its transactions and closes its flow', async () => {
  const test = await startHost();
  const phone = await Phone.dial(test);
  phone.socket.write(requestText('TCP', sentBy));
  await phone.hears(/^SIP\/2\.0 200 /);
  const flow = test.ofType('request')[0]?.flow;
  if (flow === undefined) throw new Error('no request');
  const transaction = test.host.send(newRequest('sip:alice@example.test'), flow);
  await phone.hears(/OPTIONS sip:alice/);
  phone.socket.resetAndDestroy();
  await test.until(() => test.closed.length === 1);
  expect(test.closed[0]).toBe(flow);
  expect(test.ofType('transportError')[0]).toMatchObject({ transaction, error: { code: 'TPT_ERR_CONNECTION' } });
  expect(test.host.flowById(flow.id)).toBeUndefined();
});

test('a refused connection is a transportError, and sending on is no crash', async () => {
  const test = await startHost();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  const target = uri(`sip:bob@127.0.0.1:${port};transport=tcp`);
  const flow = await test.host.flowTo(target);
  const sent = Array.from({ length: 200 }, () => test.host.send(newRequest('sip:bob@127.0.0.1'), flow));
  await test.until(() => test.closed.length === 1);
  const failed = test.ofType('transportError').map((event) => event.transaction);
  expect(new Set(failed)).toEqual(new Set(sent));
  expect(test.ofType('transportError')[0]?.error).toMatchObject({
    code: 'TPT_ERR_CONNECTION',
    message: `The TCP connection with 127.0.0.1 port ${port} failed: ECONNREFUSED.`,
  });
  expect(test.host.engine.counts().client).toBe(0);
  expect(test.host.stats().flows).toBe(0);
});

test('requests to the same peer share a connection, and a Via names the listener (RFC 3261 §18.1.1)', async () => {
  const test = await startHost();
  const accepted: Phone[] = [];
  const server = createServer((socket) => accepted.push(new Phone(socket))).listen(0, '127.0.0.1');
  cleanups.push(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const target = uri(`sip:bob@127.0.0.1:${port};transport=tcp`);
  const first = await test.host.flowTo(target);
  test.host.send(newRequest('sip:bob@127.0.0.1'), first);
  expect(await test.host.flowTo(target)).toBe(first);
  test.host.send(newRequest('sip:bob@127.0.0.1'), first);
  await once(server, 'connection');
  const text = (await accepted[0]?.hears(/(OPTIONS [^]*){2}/)) ?? '';
  expect(text).toContain(`Via: SIP/2.0/TCP 127.0.0.1:${test.host.listeningPoints[0]?.port};`);
  expect(accepted.length).toBe(1);
  expect(test.host.flowById(first.id)).toBe(first);
});

test('an answer to a connection that is gone goes to the sent-by over a new one (RFC 3261 §18.2.2)', async () => {
  const test = await startHost();
  test.answer = false;
  const accepted = Promise.withResolvers<Phone>();
  const listener = createServer((socket) => accepted.resolve(new Phone(socket))).listen(0, '127.0.0.1');
  cleanups.push(() => void listener.close());
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const phone = await Phone.dial(test);
  phone.socket.write(requestText('TCP', `127.0.0.1:${port}`));
  await test.until(() => test.ofType('request').length === 1);
  phone.socket.end();
  await test.until(() => test.closed.length === 1);
  test.answerLast(200);
  expect(await (await accepted.promise).hears(/\r\n\r\n$/)).toMatch(/^SIP\/2\.0 200 /);
  expect(test.ofType('transportError')).toEqual([]);
});

test('a port in use is one clear error', async () => {
  const first = await startHost();
  const port = first.host.listeningPoints[0]?.port ?? 0;
  const second = new TestHost({ ports: nodePorts(), listen: [{ uri: `tcp://127.0.0.1:${port}` }] });
  await expect(second.host.start()).rejects.toMatchObject({ code: 'TPT_ERR_PORT_IN_USE' });
});

test('stopping ends every connection and reports none', async () => {
  const test = await startHost();
  const phone = await Phone.dial(test);
  phone.socket.write(requestText('TCP', sentBy));
  await phone.hears(/^SIP\/2\.0 200 /);
  await test.host.stop();
  await phone.closed();
  expect(test.closed).toEqual([]);
  expect(test.host.stats().flows).toBe(0);
});
