import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Ports, SipWebSocketOptions } from '../src/index.ts';
import { attachSipWebSocket, nodePorts } from '../src/index.ts';
import { FakeClock } from './fake-ports.ts';
import { newRequest, requestText, TestHost, uri } from './helpers.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Setup {
  readonly test: TestHost;
  readonly server: Server;
  readonly port: number;
  readonly endpoint: { close(): Promise<void> };
}

async function setUp(options: Partial<SipWebSocketOptions> = {}, ports: Partial<Ports> = {}): Promise<Setup> {
  const test = new TestHost({ ports: { ...nodePorts(), ...ports }, listen: [{ uri: 'udp://127.0.0.1:0' }] });
  await test.host.start();
  const server = createServer((_request, response) => void response.end('page'));
  const endpoint = attachSipWebSocket(server, test.host, { path: '/sip', ...options });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  cleanups.push(async () => {
    await endpoint.close();
    await test.host.stop();
    await new Promise((resolve) => server.close(resolve));
  });
  return { test, server, port, endpoint };
}

async function open(port: number, options: { origin?: string; autoPong?: boolean } = {}): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/sip`, 'sip', options);
  cleanups.push(() => client.terminate());
  await once(client, 'open');
  return client;
}

async function heard(client: WebSocket): Promise<{ text: string; binary: boolean }> {
  const [data, binary] = (await once(client, 'message')) as [Buffer, boolean];
  return { text: data.toString('utf8'), binary };
}

/** Sends a handshake by hand and returns the status line of the answer. */
async function handshake(port: number, path: string, headers: Record<string, string>): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1');
  cleanups.push(() => void socket.destroy());
  const lines = Object.entries({
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString().split('\r\n')[0] ?? '';
}

test('a request on WebSocket is answered on it, with subprotocol sip (RFC 7118 §4)', async () => {
  const { test, port } = await setUp();
  const client = await open(port);
  expect(client.protocol).toBe('sip');
  client.send(requestText('WS', 'df7jal23ls0d.invalid'));
  const response = await heard(client);
  expect(response.text).toMatch(/^SIP\/2\.0 200 /);
  expect(response.binary).toBe(false);
  const flow = test.ofType('request')[0]?.flow;
  expect(flow).toMatchObject({ protocol: 'WS', reliable: true, sentByHost: '127.0.0.1', sentByPort: port });
  expect(flow && test.host.advertisedFor(flow)).toEqual({ host: '127.0.0.1', port, transport: 'ws' });
  expect(flow && test.host.flowById(flow.id)).toBe(flow);
});

test('binary frames are read too, and bytes that are no text leave as binary (RFC 7118 §4.2)', async () => {
  const { test, port } = await setUp();
  const client = await open(port);
  client.send(Buffer.from(requestText('WS', 'x.invalid')), { binary: true });
  expect((await heard(client)).text).toMatch(/^SIP\/2\.0 200 /);
  const flow = test.ofType('request')[0]?.flow;
  if (flow === undefined) throw new Error('no request');
  const request = newRequest('sip:alice@example.test', 'MESSAGE');
  request.body = Uint8Array.of(0xff, 0xfe, 0x00);
  test.host.send(request, flow);
  expect((await heard(client)).binary).toBe(true);
  const text = newRequest('sip:alice@example.test', 'MESSAGE');
  text.body = Buffer.from('grüß dich');
  test.host.send(text, flow);
  const message = await heard(client);
  expect(message.binary).toBe(false);
  expect(message.text).toMatch(/Content-Length: 11\r\n[^]*grüß dich$/);
});

test('the keep-alive that SIP.js sends is answered (RFC 5626 §4.4.1)', async () => {
  const { port } = await setUp();
  const client = await open(port);
  client.send('\r\n\r\n');
  expect((await heard(client)).text).toBe('\r\n');
});

test.each([
  ['no subprotocol', {}],
  ['another subprotocol', { 'Sec-WebSocket-Protocol': 'chat, sipp' }],
  ['sip in capitals', { 'Sec-WebSocket-Protocol': 'SIP' }],
])('%s is refused with 400 (RFC 7118 §4.1)', async (_what, headers) => {
  const { port, test } = await setUp();
  expect(await handshake(port, '/sip', headers)).toBe('HTTP/1.1 400 Bad Request');
  expect(test.host.stats().flows).toBe(0);
});

test('pages of another origin are refused with 403; the same host, and programs without Origin, are not', async () => {
  const { port } = await setUp();
  const sip = { 'Sec-WebSocket-Protocol': 'sip' };
  expect(await handshake(port, '/sip', { ...sip, Origin: 'https://evil.example' })).toBe('HTTP/1.1 403 Forbidden');
  expect(await handshake(port, '/sip', { ...sip, Origin: 'null' })).toBe('HTTP/1.1 403 Forbidden');
  expect(await handshake(port, '/sip', { ...sip, Origin: `http://127.0.0.1:${port}` })).toMatch(/ 101 /);
  expect(await handshake(port, '/sip', sip)).toMatch(/ 101 /);
});

test('an application decides about origins itself', async () => {
  const { port } = await setUp({ allowOrigin: (origin) => origin === 'https://phone.example' });
  const sip = { 'Sec-WebSocket-Protocol': 'sip' };
  expect(await handshake(port, '/sip', { ...sip, Origin: 'https://phone.example' })).toMatch(/ 101 /);
  expect(await handshake(port, '/sip', sip)).toBe('HTTP/1.1 403 Forbidden');
});

test('another path is 404 while nobody else upgrades, and left alone otherwise', async () => {
  const { port, server } = await setUp();
  expect(await handshake(port, '/chat', {})).toBe('HTTP/1.1 404 Not Found');
  server.on('upgrade', (request, socket) => {
    if (request.url === '/chat') socket.end('HTTP/1.1 426 Somebody else\r\n\r\n');
  });
  expect(await handshake(port, '/chat', {})).toBe('HTTP/1.1 426 Somebody else');
});

test('a client that breaks the framing loses its own connection only', async () => {
  const { test, port } = await setUp();
  const bad = connect(port, '127.0.0.1');
  bad.on('error', () => undefined);
  bad.write(
    `GET /sip HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n\r\n',
  );
  await once(bad, 'data');
  bad.write(Uint8Array.of(0xff, 0xff, 0xff)); // RSV2 and RSV3 set
  await test.until(() => test.closed.length === 1);
  bad.destroy();
  const good = await open(port);
  good.send(requestText('WS', 'x.invalid'));
  expect((await heard(good)).text).toMatch(/^SIP\/2\.0 200 /);
});

test('a message above the limit closes the connection with 1009', async () => {
  const { test, port } = await setUp();
  const client = await open(port);
  client.send('x'.repeat(65_537));
  const [code] = (await once(client, 'close')) as [number];
  expect(code).toBe(1009);
  await test.until(() => test.closed.length === 1);
});

test('a closed page fails its transactions and closes its flow; no other way leads to it', async () => {
  const { test, port } = await setUp();
  test.answer = false;
  const client = await open(port);
  client.send(requestText('WS', 'x.invalid', ';rport', 'INVITE'));
  await test.until(() => test.ofType('request').length === 1);
  const flow = test.ofType('request')[0]?.flow;
  if (flow === undefined) throw new Error('no request');
  const transaction = test.host.send(newRequest('sip:alice@x.invalid;transport=ws'), flow);
  client.close();
  await test.until(() => test.closed.length === 1);
  expect(test.closed).toEqual([flow]);
  const failed = test.ofType('transportError').map((event) => event.transaction);
  expect(failed).toContain(transaction);
  expect(test.ofType('transportError')[0]?.error).toMatchObject({ code: 'TPT_ERR_FLOW_CLOSED' });
  expect(() => test.host.flowTo(uri('sip:alice@192.0.2.1;transport=ws'))).toThrow(
    expect.objectContaining({ code: 'TPT_ERR_UNROUTABLE' }),
  );
  await expect(test.host.flowTo(uri('sip:alice@x.invalid'))).rejects.toMatchObject({ code: 'TPT_ERR_LOOKUP' });
});

test('a client that misses a ping is dropped; one that answers stays', async () => {
  const clock = new FakeClock();
  const { test, port } = await setUp({}, { clock });
  const dead = await open(port, { autoPong: false });
  const alive = await open(port);
  clock.advance(30_000);
  await Promise.all([once(dead, 'ping'), once(alive, 'ping')]);
  // A message behind the pong: when it is answered, the pong has arrived as well.
  alive.send(requestText('WS', 'x.invalid'));
  await heard(alive);
  clock.advance(30_000);
  await test.until(() => test.closed.length === 1);
  expect(test.host.stats().flows).toBe(1);
  alive.send(requestText('WS', 'x.invalid'));
  await heard(alive);
});

test('closing the endpoint says 1001 to every client and takes no new ones; the HTTP server lives on', async () => {
  const { test, port, endpoint } = await setUp();
  const client = await open(port);
  const closed = once(client, 'close');
  await endpoint.close();
  expect((await closed)[0]).toBe(1001);
  expect(test.host.stats().flows).toBe(0);
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect(await response.text()).toBe('page');
});

test('more connections than one source may have are refused with 503', async () => {
  const { test, port } = await setUp();
  const sip = { 'Sec-WebSocket-Protocol': 'sip' };
  const lines: string[] = [];
  for (let index = 0; index < 101; index++) lines.push(await handshake(port, '/sip', sip));
  expect(lines.filter((line) => line.includes(' 101 ')).length).toBe(100);
  expect(lines.at(-1)).toBe('HTTP/1.1 503 Service Unavailable');
  expect(test.host.stats().drops).toEqual({ TPT_ERR_TOO_MANY_CONNECTIONS: 1 });
});

test('the advertised address is what goes on the wire and what is ours', async () => {
  const { test, port } = await setUp({ advertise: 'phone.example.com:443' });
  const client = await open(port);
  client.send(requestText('WS', 'x.invalid'));
  await heard(client);
  const flow = test.ofType('request')[0]?.flow;
  expect(flow).toMatchObject({ sentByHost: 'phone.example.com', sentByPort: 443 });
  expect(test.host.isLocal(uri('sip:phone.example.com:443;transport=ws;lr'))).toBe(true);
  expect(test.host.isLocal(uri(`sip:127.0.0.1:${port};transport=ws`))).toBe(true);
  expect(test.host.isLocal(uri(`sip:127.0.0.1:${port};transport=tcp`))).toBe(false);
});
