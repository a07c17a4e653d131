import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import type { StreamConnection } from '../../src/index.ts';
import { nodeStream } from '../../src/node/stream.ts';

/** Collects what a connection reports. */
function watch(connection: StreamConnection): { text: string; opened: boolean; ended: Promise<Error | undefined> } {
  const ended = Promise.withResolvers<Error | undefined>();
  const seen = { text: '', opened: false, ended: ended.promise };
  connection.setHandler({
    open: () => {
      seen.opened = true;
    },
    data: (bytes) => {
      seen.text += Buffer.from(bytes).toString('latin1');
    },
    closed: ended.resolve,
  });
  return seen;
}

test.each(['127.0.0.1', '::1'])(
  'what is written before the connection is up arrives, and the end follows (%s)',
  async (address) => {
    const accepted = Promise.withResolvers<{ peer: StreamConnection; seen: ReturnType<typeof watch> }>();
    const server = await nodeStream.listen(address, 0, (peer) => accepted.resolve({ peer, seen: watch(peer) }));
    const client = nodeStream.connect(address, server.port);
    const seen = watch(client);
    client.write(Buffer.from('one '));
    client.write(Buffer.from('two'));
    const { peer, seen: peerSeen } = await accepted.promise;
    expect(peer.localPort).toBe(server.port);
    expect(peer.remoteAddress).toBe(address);
    expect(client.remotePort).toBe(server.port);
    peer.write(Buffer.from('answer'));
    peer.close();
    expect(await seen.ended).toBeUndefined();
    expect(seen).toMatchObject({ text: 'answer', opened: true });
    expect(client.localPort).toBe(peer.remotePort);
    client.close();
    expect(await peerSeen.ended).toBeUndefined();
    await server.close();
  },
);

test('a refused connection is reported by closed, once', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const bound = free.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  await new Promise((resolve) => free.close(resolve));
  const client = nodeStream.connect('127.0.0.1', port);
  const seen = watch(client);
  client.write(Buffer.from('into the void'));
  await expect(seen.ended).resolves.toMatchObject({ code: 'ECONNREFUSED' });
  client.write(Buffer.from('again'));
  client.close();
});

test('a port that is taken rejects with EADDRINUSE', async () => {
  const server = await nodeStream.listen('127.0.0.1', 0, () => undefined);
  await expect(nodeStream.listen('127.0.0.1', server.port, () => undefined)).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  await server.close();
});

test('a peer that does not read is cut off when too much waits for it', async () => {
  const accepted = Promise.withResolvers<StreamConnection>();
  const server = await nodeStream.listen('127.0.0.1', 0, accepted.resolve); // no handler: nothing is read
  const client = nodeStream.connect('127.0.0.1', server.port);
  const seen = watch(client);
  await accepted.promise;
  let failure: Error | undefined;
  void seen.ended.then((error) => {
    failure = error;
  });
  const chunk = new Uint8Array(256 * 1024);
  for (let round = 0; round < 1_000 && failure === undefined; round++) {
    client.write(chunk);
    // oxlint-disable-next-line no-await-in-loop -- lets the socket take what it can
    await new Promise(setImmediate);
  }
  expect(failure).toMatchObject({ code: 'TPT_ERR_BACKPRESSURE' });
  await server.close();
});

test('closing a listener ends what it accepted', async () => {
  const accepted = Promise.withResolvers<{ ended: Promise<Error | undefined> }>();
  const server = await nodeStream.listen('127.0.0.1', 0, (peer) => accepted.resolve({ ended: watch(peer).ended }));
  const seen = watch(nodeStream.connect('127.0.0.1', server.port));
  const { ended } = await accepted.promise;
  await server.close();
  await ended;
  await seen.ended;
});

test('a connection does not run in, or keep, the asynchronous context of whoever opened it', async () => {
  const server = await nodeStream.listen('127.0.0.1', 0, (peer) => {
    peer.setHandler({ data: (bytes) => peer.write(bytes), closed: () => undefined });
  });
  const context = new AsyncLocalStorage<string>();
  const seen = await new Promise<string | undefined>((resolve) => {
    const client = context.run('a call', () => nodeStream.connect('127.0.0.1', server.port));
    client.setHandler({
      data: () => {
        resolve(context.getStore());
        client.close();
      },
      closed: () => undefined,
    });
    client.write(Buffer.from('echo'));
  });
  await server.close();
  expect(seen).toBeUndefined();
});
