import { AsyncLocalStorage } from 'node:async_hooks';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { plainAddress } from '../addresses.ts';
import { TransportError } from '../errors.ts';
import type { StreamConnection, StreamHandler, StreamPort, StreamServer } from '../ports.ts';

/** TCP over node:net. */
export const nodeStream: StreamPort = {
  async listen(address, port, accept) {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      accept(new NodeStreamConnection(socket, socket.remoteAddress ?? '', socket.remotePort ?? 0));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, exclusive: true, ipv6Only: address.includes(':') }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
    server.on('error', () => undefined); // one connection could not be accepted; the listener goes on
    const bound = server.address() as AddressInfo;
    return {
      address: bound.address,
      port: bound.port,
      async close() {
        await new Promise<void>((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        });
      },
    } satisfies StreamServer;
  },
  connect(address, port) {
    const socket = outside(() =>
      connect({ host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }),
    );
    return new NodeStreamConnection(socket, address, port);
  },
};

class NodeStreamConnection implements StreamConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #socket: Socket;
  #handler: StreamHandler | undefined = undefined;
  #localAddress = '';
  #localPort = 0;
  #corked = false;

  constructor(socket: Socket, remoteAddress: string, remotePort: number) {
    this.#socket = socket;
    this.remoteAddress = plainAddress(remoteAddress);
    this.remotePort = remotePort;
    this.#learnLocal();
    let failure: Error | undefined;
    socket.on('error', (error) => (failure ??= error));
    socket.on('close', () => this.#closed(failure));
  }

  get localAddress(): string {
    return this.#localAddress;
  }

  get localPort(): number {
    return this.#localPort;
  }

  setHandler(handler: StreamHandler): void {
    this.#handler = handler;
    this.#socket.on('connect', () => {
      this.#learnLocal();
      this.#handler?.open?.();
    });
    this.#socket.on('data', (bytes: Buffer) => this.#handler?.data(bytes));
    this.#socket.on('end', () => this.#closed(undefined)); // half-open connections are of no use to SIP
  }

  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (this.#handler === undefined || socket.destroyed) return;
    if (!this.#corked) {
      // What one turn of the event loop writes leaves in one system call.
      this.#corked = true;
      socket.cork();
      process.nextTick(this.#uncork);
    }
    socket.write(bytes);
    if (socket.writableLength > WRITE_LIMIT) {
      const error = new TransportError('TPT_ERR_BACKPRESSURE', [this.remoteAddress, socket.writableLength]);
      socket.destroy();
      this.#closed(error);
    }
  }

  close(): void {
    this.#uncork();
    if (this.#socket.connecting || this.#socket.writableLength === 0) {
      this.#socket.destroy();
      return;
    }
    this.#socket.setTimeout(FLUSH_MS, () => this.#socket.destroy());
    this.#socket.destroySoon();
  }

  readonly #uncork = (): void => {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  };

  #learnLocal(): void {
    this.#localAddress = plainAddress(this.#socket.localAddress ?? '');
    this.#localPort = this.#socket.localPort ?? 0;
  }

  #closed(error: Error | undefined): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(error);
  }
}

// A connection outlives the work that opened it: it must not keep, or run in, that work's context.
const outside = AsyncLocalStorage.snapshot();
const KEEP_ALIVE_MS = 60_000; // finds peers that vanished without a word
const FLUSH_MS = 2_000; // for the last bytes of a connection that we close
const WRITE_LIMIT = 1024 * 1024; // bytes that a peer may leave unread
