import type { DatagramSocket, MessageConnection, StreamConnection } from '@siplet/transport';
import type { VirtualHost } from './virtual-network.ts';
import type { Endpoint } from './traffic.ts';
import { StreamSplitter, toBytes, toText } from './wire-text.ts';

/** Where a message came from, or goes to. */
export interface Peer extends Endpoint {
  readonly connection?: PhoneConnection | undefined;
}

/** A connection of a phone that answers go back on. */
export interface PhoneConnection {
  send(text: string): void;
}

/** The network side of a phone, for one transport. */
export interface PhoneLink {
  readonly protocol: 'UDP' | 'TCP' | 'WS';
  /** True when the transport does not lose messages, so requests are not repeated. */
  readonly reliable: boolean;
  send(text: string, peer: Peer): void;
  close(): void;
}

/** Takes one received message. */
export type PhoneReceiver = (text: string, peer: Peer) => void;

/** A phone on UDP: one socket for everything. */
export class UdpLink implements PhoneLink {
  readonly protocol = 'UDP';
  readonly reliable = false;
  readonly #socket: Promise<DatagramSocket>;
  #open = true;

  constructor(host: VirtualHost, port: number, receive: PhoneReceiver) {
    this.#socket = host.bind(host.address, port, {
      message: (bytes, address, remotePort) => {
        if (this.#open) receive(toText(bytes), { address, port: remotePort });
      },
      error: () => undefined,
    });
  }

  send(text: string, peer: Peer): void {
    void this.#socket.then((socket) => {
      if (this.#open) socket.send(toBytes(text), peer.address, peer.port, () => undefined);
    });
  }

  close(): void {
    this.#open = false;
    void this.#socket.then(async (socket) => socket.close());
  }
}

/** A phone on TCP: listens, and keeps one connection per peer. */
export class TcpLink implements PhoneLink {
  readonly protocol = 'TCP';
  readonly reliable = true;
  readonly #host: VirtualHost;
  readonly #receive: PhoneReceiver;
  readonly #byPeer = new Map<string, StreamConnection>();
  readonly #server: Promise<{ close(): Promise<void> }>;
  #open = true;

  constructor(host: VirtualHost, port: number, receive: PhoneReceiver) {
    this.#host = host;
    this.#receive = receive;
    this.#server = host.listen(host.address, port, (connection) => void this.#serve(connection));
  }

  send(text: string, peer: Peer): void {
    if (!this.#open) return;
    if (peer.connection !== undefined) {
      peer.connection.send(text);
      return;
    }
    const known = this.#byPeer.get(`${peer.address}:${peer.port}`);
    const connection = known ?? this.#serve(this.#host.connect(peer.address, peer.port));
    connection.write(toBytes(text));
  }

  close(): void {
    this.#open = false;
    for (const connection of this.#byPeer.values()) connection.close();
    void this.#server.then(async (server) => server.close());
  }

  #serve(connection: StreamConnection): StreamConnection {
    const key = `${connection.remoteAddress}:${connection.remotePort}`;
    this.#byPeer.set(key, connection);
    const splitter = new StreamSplitter();
    const back: PhoneConnection = { send: (text) => connection.write(toBytes(text)) };
    connection.setHandler({
      data: (bytes) => {
        for (const text of splitter.push(bytes)) {
          const peer = { address: connection.remoteAddress, port: connection.remotePort, connection: back };
          if (this.#open) this.#receive(text, peer);
        }
      },
      closed: () => {
        if (this.#byPeer.get(key) === connection) this.#byPeer.delete(key);
      },
    });
    return connection;
  }
}

/** A phone in a browser: one WebSocket to its server, opened when first needed (RFC 7118). */
export class WsLink implements PhoneLink {
  readonly protocol = 'WS';
  readonly reliable = true;
  readonly #connect: () => MessageConnection;
  readonly #receive: PhoneReceiver;
  #connection: MessageConnection | undefined;

  constructor(connect: () => MessageConnection, receive: PhoneReceiver) {
    this.#connect = connect;
    this.#receive = receive;
  }

  /** True while the WebSocket stands. */
  get isOpen(): boolean {
    return this.#connection !== undefined;
  }

  send(text: string, peer: Peer): void {
    if (peer.connection === undefined) this.#opened().send(toBytes(text));
    else peer.connection.send(text);
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  #opened(): MessageConnection {
    if (this.#connection !== undefined) return this.#connection;
    const connection = this.#connect();
    this.#connection = connection;
    const back: PhoneConnection = { send: (text) => connection.send(toBytes(text)) };
    connection.setHandler({
      message: (bytes) => {
        const peer = { address: connection.remoteAddress, port: connection.remotePort, connection: back };
        if (this.#connection === connection) this.#receive(toText(bytes), peer);
      },
      closed: () => {
        if (this.#connection === connection) this.#connection = undefined;
      },
    });
    return connection;
  }
}
