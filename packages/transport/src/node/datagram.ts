import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { plainAddress } from '../addresses.ts';
import { toError, TransportError } from '../errors.ts';
import type { DatagramHandler, DatagramPort, DatagramSocket, SendFailed } from '../ports.ts';

/** UDP over node:dgram. */
export const nodeDatagram: DatagramPort = {
  async bind(address, port, handler) {
    const ipv6 = address.includes(':');
    const socket = createSocket({
      type: ipv6 ? 'udp6' : 'udp4',
      ipv6Only: ipv6, // each family has its own listener, so no mapped addresses appear
      // Addresses are literal here: answer at once instead of asking the resolver for every datagram.
      lookup: (hostname, _options, callback) => callback(null, hostname, ipv6 ? 6 : 4),
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.removeListener('error', reject);
        resolve();
      });
    }).catch((error: unknown) => {
      socket.close();
      throw error;
    });
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER);
    } catch {
      // The system's limit is lower; its default stays.
    }
    return new NodeDatagramSocket(socket, handler);
  },
};

class NodeDatagramSocket implements DatagramSocket {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket, handler: DatagramHandler) {
    const bound = socket.address();
    this.address = bound.address;
    this.port = bound.port;
    this.#socket = socket;
    socket.on('message', (bytes, remote) => handler.message(bytes, plainAddress(remote.address), remote.port));
    socket.on('error', (error) => handler.error(error));
  }

  send(bytes: Uint8Array, remoteAddress: string, remotePort: number, failed: SendFailed): void {
    if (this.#closed) return;
    const waiting = this.#socket.getSendQueueSize();
    if (waiting > SEND_QUEUE_LIMIT) {
      process.nextTick(failed, new TransportError('TPT_ERR_BACKPRESSURE', [remoteAddress, waiting]), bytes);
      return;
    }
    try {
      this.#socket.send(bytes, remotePort, remoteAddress, (error) => {
        if (error !== null && !this.#closed) failed(error, bytes);
      });
    } catch (error) {
      process.nextTick(failed, toError(error), bytes); // never from inside send
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await new Promise<void>((resolve) => {
      this.#socket.close(resolve);
    });
  }
}

const RECEIVE_BUFFER = 4 * 1024 * 1024; // bytes; a garbage collection pause must not lose datagrams
const SEND_QUEUE_LIMIT = 8 * 1024 * 1024; // bytes waiting in the process because the kernel takes no more
