import type { Ms } from '@siplet/sip';

/** A timer that was armed and can be taken back. */
export interface TimerHandle {
  /** Takes the timer back; harmless after it fired. */
  cancel(): void;
}

/** The time of a container: monotonic for deadlines, epoch for people. */
export interface Clock {
  /** Milliseconds on a monotonic clock. */
  now(): Ms;
  /** Milliseconds since the epoch. */
  wallTime(): number;
  /** Calls `fire` once, `delayMs` milliseconds from now. */
  setTimer(delayMs: Ms, fire: () => void): TimerHandle;
}

/** A source of bytes that nobody can guess (or, in tests, of bytes that repeat with a seed). */
export interface RandomSource {
  /** Returns `length` fresh bytes; the caller may keep them. */
  bytes(length: number): Uint8Array;
}

/** What a bound datagram socket reports. */
export interface DatagramHandler {
  /** One datagram arrived; `bytes` belong to the handler. */
  message(bytes: Uint8Array, remoteAddress: string, remotePort: number): void;
  /** The socket itself failed. */
  error(error: Error): void;
}

/** Told of a datagram that could not be sent, with its bytes. */
export type SendFailed = (error: Error, bytes: Uint8Array) => void;

/** A bound datagram socket. */
export interface DatagramSocket {
  /** Bound address, possibly a wildcard. */
  readonly address: string;
  /** Bound port, never 0. */
  readonly port: number;
  /** Sends one datagram to a literal address; `failed` is called at most once, and never throws away the process. */
  send(bytes: Uint8Array, remoteAddress: string, remotePort: number, failed: SendFailed): void;
  /** Resolves when the socket is closed. */
  close(): Promise<void>;
}

/** Binds datagram sockets. */
export interface DatagramPort {
  /** Binds to a literal address; port 0 lets the system choose. Rejects with the system's error. */
  bind(address: string, port: number, handler: DatagramHandler): Promise<DatagramSocket>;
}

/** What a stream connection reports. */
export interface StreamHandler {
  /** The connection is established (connections that we opened only). */
  open?(): void;
  /** Bytes arrived; they belong to the handler. */
  data(bytes: Uint8Array): void;
  /** The connection is gone; called once, with the error that ended it, or with nothing after an orderly end. */
  closed(error?: Error): void;
}

/** One TCP connection. */
export interface StreamConnection {
  /** Literal address of the peer. */
  readonly remoteAddress: string;
  /** Port of the peer. */
  readonly remotePort: number;
  /** Local literal address; empty until the connection is established. */
  readonly localAddress: string;
  /** Local port; 0 until the connection is established. */
  readonly localPort: number;
  /** Sets the one handler; must be called in the turn that produced the connection. */
  setHandler(handler: StreamHandler): void;
  /** Writes or queues; a failure is reported by `closed(error)`. */
  write(bytes: Uint8Array): void;
  /** Ends the connection; `closed` follows. */
  close(): void;
}

/** A listening stream socket. */
export interface StreamServer {
  /** Bound address, possibly a wildcard. */
  readonly address: string;
  /** Bound port, never 0. */
  readonly port: number;
  /** Stops accepting and ends what was accepted; resolves when the socket is closed. */
  close(): Promise<void>;
}

/** Opens and accepts stream connections. */
export interface StreamPort {
  /** Listens on a literal address; port 0 lets the system choose. Rejects with the system's error. */
  listen(address: string, port: number, accept: (connection: StreamConnection) => void): Promise<StreamServer>;
  /** Starts a connection to a literal address; usable at once, writes queue, failure is `closed(error)`. */
  connect(address: string, port: number): StreamConnection;
}

/** What a WebSocket connection reports. */
export interface MessageHandler {
  /** One message arrived, text or binary; `bytes` belong to the handler. */
  message(bytes: Uint8Array): void;
  /** The connection is gone; called once. */
  closed(error?: Error): void;
}

/** One WebSocket connection (RFC 7118). */
export interface MessageConnection {
  /** Literal address of the peer. */
  readonly remoteAddress: string;
  /** Port of the peer. */
  readonly remotePort: number;
  /** True when the connection runs over TLS. */
  readonly secure: boolean;
  /** Sets the one handler. */
  setHandler(handler: MessageHandler): void;
  /** Sends one message; a failure is reported by `closed(error)`. */
  send(bytes: Uint8Array): void;
  /** Ends the connection; `closed` follows. */
  close(): void;
}

/** One address of this machine. */
export interface LocalAddress {
  /** Literal address without a zone. */
  readonly address: string;
  /** Length of the network prefix in bits. */
  readonly prefixLength: number;
  /** True for loopback. */
  readonly internal: boolean;
}

/** Everything outside the process that the transport touches. */
export interface Ports {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly datagram: DatagramPort;
  readonly stream: StreamPort;
  /** Resolves a host name to literal addresses, best first; rejects when there are none. */
  lookup(host: string): Promise<string[]>;
  /** The addresses of this machine; without it a wildcard listener is known by loopback addresses only. */
  localAddresses?(): readonly LocalAddress[];
}
