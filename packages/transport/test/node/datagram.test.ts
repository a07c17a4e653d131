import { expect, test } from '@jest/globals';
import type { DatagramHandler } from '../../src/index.ts';
import { nodeDatagram as datagram } from '../../src/node/datagram.ts';

const deaf: DatagramHandler = { message: () => undefined, error: () => undefined };

test.each(['127.0.0.1', '::1'])('a datagram travels between two sockets on %s', async (address) => {
  const arrived = Promise.withResolvers<string>();
  const a = await datagram.bind(address, 0, {
    message: (bytes, remoteAddress, remotePort) =>
      arrived.resolve(`${Buffer.from(bytes).toString()} from ${remoteAddress} ${remotePort}`),
    error: arrived.reject,
  });
  const b = await datagram.bind(address, 0, deaf);
  expect(a.port).toBeGreaterThan(0);
  b.send(Buffer.from('hello'), a.address, a.port, arrived.reject);
  await expect(arrived.promise).resolves.toBe(`hello from ${address} ${b.port}`);
  await Promise.all([a.close(), b.close()]);
});

test('a port that is taken rejects with EADDRINUSE and leaves nothing open', async () => {
  const first = await datagram.bind('127.0.0.1', 0, deaf);
  await expect(datagram.bind('127.0.0.1', first.port, deaf)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.close();
});

test.each([
  ['a datagram that is too long', 70_000, 5060, 'EMSGSIZE'],
  ['a port above 65535', 10, 65_536, 'ERR_SOCKET_BAD_PORT'],
])('%s is reported and does not throw', async (_what, length, port, code) => {
  const socket = await datagram.bind('127.0.0.1', 0, deaf);
  const failure = await new Promise<Error>((resolve) => {
    socket.send(new Uint8Array(length), '127.0.0.1', port, resolve);
  });
  expect(failure).toMatchObject({ code });
  await socket.close();
});

test('an address of the other family is reported and does not throw', async () => {
  const socket = await datagram.bind('127.0.0.1', 0, deaf);
  const failure = await new Promise<Error>((resolve) => socket.send(new Uint8Array(1), '2001:db8::1', 5060, resolve));
  expect(failure).toHaveProperty('code');
  await socket.close();
});

test('sending after close and closing twice are harmless', async () => {
  const socket = await datagram.bind('127.0.0.1', 0, deaf);
  await socket.close();
  await socket.close();
  socket.send(new Uint8Array(1), '127.0.0.1', 5060, () => {
    throw new Error('reported after close');
  });
});
