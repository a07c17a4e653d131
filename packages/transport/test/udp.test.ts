import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { RemoteInfo } from 'node:dgram';
import { afterEach, expect, test } from '@jest/globals';
import { nodePorts } from '../src/index.ts';
import { newRequest, requestText, TestHost, uri } from './helpers.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function startHost(listen = ['udp://127.0.0.1:0']): Promise<TestHost> {
  const test = new TestHost({ ports: nodePorts(), listen: listen.map((address) => ({ uri: address })) });
  await test.host.start();
  cleanups.push(() => test.host.stop());
  return test;
}

async function phone(address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  cleanups.push(() => void socket.close());
  return socket;
}

async function heard(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'message')) as [Buffer, RemoteInfo];
  return bytes.toString('latin1');
}

test('a request with rport is answered where it came from, with received and rport filled in (RFC 3581 §4)', async () => {
  const { host } = await startHost();
  const socket = await phone();
  socket.send(requestText('UDP', '192.0.2.1:5999'), host.listeningPoints[0]?.port ?? 0, '127.0.0.1');
  const response = await heard(socket);
  expect(response).toMatch(/^SIP\/2\.0 200 /);
  expect(response).toContain(`rport=${socket.address().port}`);
  expect(response).toContain('received=127.0.0.1');
});

test('a request without rport is answered at the port of its sent-by (RFC 3261 §18.2.2)', async () => {
  const { host } = await startHost();
  const sender = await phone();
  const sentBy = await phone();
  const text = requestText('UDP', `127.0.0.1:${sentBy.address().port}`, '');
  sender.send(text, host.listeningPoints[0]?.port ?? 0, '127.0.0.1');
  expect(await heard(sentBy)).toMatch(/^SIP\/2\.0 200 /);
});

test('IPv6 works and is written in brackets', async () => {
  const test = await startHost(['udp://[::1]:0']);
  const { host } = test;
  const socket = await phone('::1');
  const flow = await host.flowTo(uri(`sip:alice@[::1]:${socket.address().port}`));
  host.send(newRequest('sip:alice@[::1]'), flow);
  expect(await heard(socket)).toContain(`Via: SIP/2.0/UDP [::1]:${host.listeningPoints[0]?.port};`);
  expect(host.advertisedFor(flow)).toEqual({ host: '[::1]', port: host.listeningPoints[0]?.port, transport: 'udp' });
});

test('garbage is counted with a reason and answered with nothing; the next request still works', async () => {
  const test = await startHost();
  const port = test.host.listeningPoints[0]?.port ?? 0;
  const socket = await phone();
  for (const junk of ['', '\0', '\r\n\r\n', 'hello', 'SIP/2.0 200 OK\r\n\r\n', 'x'.repeat(60_000)]) {
    socket.send(junk, port, '127.0.0.1');
  }
  socket.send(requestText('UDP', '127.0.0.1:1'), port, '127.0.0.1');
  expect(await heard(socket)).toMatch(/^SIP\/2\.0 200 /);
  expect(Object.values(test.host.stats().drops).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(2);
});

test('a flood of sends to a closed port and to impossible targets is events at most, never a crash', async () => {
  const test = await startHost();
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const closedPort = socket.address().port;
  await new Promise<void>((resolve) => void socket.close(resolve));
  const flow = await test.host.flowTo(uri(`sip:x@127.0.0.1:${closedPort}`));
  for (let index = 0; index < 2_000; index++) test.host.send(newRequest('sip:x@127.0.0.1'), flow);
  expect(test.host.engine.counts().client).toBe(2_000);
  const alive = await phone();
  alive.send(requestText('UDP', '127.0.0.1:1'), test.host.listeningPoints[0]?.port ?? 0, '127.0.0.1');
  expect(await heard(alive)).toMatch(/^SIP\/2\.0 200 /);
});

test('a datagram that the system refuses is a transportError of its transaction', async () => {
  const test = await startHost();
  const request = newRequest('sip:x@127.0.0.1', 'MESSAGE');
  request.body = new Uint8Array(70_000); // above the UDP ceiling
  const flow = await test.host.flowTo(uri('sip:x@127.0.0.1:9'));
  const transaction = test.host.send(request, flow);
  await test.until(() => test.ofType('transportError').length > 0);
  const event = test.ofType('transportError')[0];
  expect(event?.transaction).toBe(transaction);
  expect(event?.error).toMatchObject({ code: 'TPT_ERR_SEND', message: expect.stringContaining('EMSGSIZE') });
});

test('a port in use is one clear error, and nothing stays open', async () => {
  const first = await startHost();
  const port = first.host.listeningPoints[0]?.port ?? 0;
  const second = new TestHost({
    ports: nodePorts(),
    listen: [{ uri: 'tcp://127.0.0.1:0' }, { uri: `udp://127.0.0.1:${port}` }],
  });
  await expect(second.host.start()).rejects.toMatchObject({
    code: 'TPT_ERR_PORT_IN_USE',
    message: `udp://127.0.0.1:${port} is already in use. Stop the program that listens there, or listen on another port.`,
  });
  expect(second.host.listeningPoints).toEqual([]);
});

test('an address that is not ours is one clear error', async () => {
  const { host } = new TestHost({ ports: nodePorts(), listen: [{ uri: 'udp://192.0.2.1:0' }] });
  await expect(host.start()).rejects.toMatchObject({
    code: 'TPT_ERR_ADDRESS_NOT_AVAILABLE',
    message: expect.stringContaining('udp://192.0.2.1:0 is not an address of this machine'),
  });
});
