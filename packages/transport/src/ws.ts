import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { HostPort } from './addresses.ts';
import { bracket, parseAdvertised, plainAddress } from './addresses.ts';
import { TransportError } from './errors.ts';
import type { EngineHost } from './host.ts';
import type { ListeningPoint } from './listening.ts';
import type { MessageConnection, MessageHandler, TimerHandle } from './ports.ts';

/** How SIP over WebSocket hangs on an HTTP server. */
export interface SipWebSocketOptions {
  /** Path of the endpoint, for example `/sip`. */
  path: string;
  /** `host[:port]` that others use for this HTTP server; default: the address the client connected to. */
  advertise?: string | undefined;
  /** Decides about the Origin header; default: no Origin, or one with the host of the request. */
  allowOrigin?(origin: string | undefined, request: IncomingMessage): boolean;
  /** Largest message in bytes; default 65,536. */
  maxFrameBytes?: number | undefined;
  /** Milliseconds between pings; a client that misses one is dropped. Default 30,000. */
  pingMs?: number | undefined;
}

/** Accepts SIP over WebSocket (RFC 7118) on one path of an HTTP server. @throws {TransportError} TPT_ERR_ADVERTISE */
export function attachSipWebSocket(
  server: Server,
  host: EngineHost,
  options: SipWebSocketOptions,
): { close(): Promise<void> } {
  const endpoint = new SipWebSocketEndpoint(server, host, options);
  endpoint.open();
  return endpoint;
}

class SipWebSocketEndpoint {
  readonly #server: Server;
  readonly #host: EngineHost;
  readonly #options: SipWebSocketOptions;
  readonly #advertised: HostPort | undefined;
  readonly #pingMs: number;
  readonly #handshake: WebSocketServer;
  readonly #connections = new Set<NodeWebSocket>();
  #timer: TimerHandle | undefined = undefined;
  #forgetPoint: (() => void) | undefined = undefined;
  #closed = false;

  constructor(server: Server, host: EngineHost, options: SipWebSocketOptions) {
    this.#server = server;
    this.#host = host;
    this.#options = options;
    this.#advertised =
      options.advertise === undefined ? undefined : parseAdvertised(options.advertise, `WebSocket ${options.path}`);
    this.#pingMs = options.pingMs ?? 30_000;
    this.#handshake = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxFrameBytes ?? 65_536,
      handleProtocols: () => SUBPROTOCOL, // RFC 7118 §4.1
    });
  }

  /** Starts to answer upgrades. */
  open(): void {
    this.#server.on('upgrade', this.#upgrade);
    if (this.#server.listening) this.#announce();
    else this.#server.once('listening', this.#announce);
  }

  /** Stops answering upgrades and ends every connection; the HTTP server stays. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#server.removeListener('upgrade', this.#upgrade);
    this.#server.removeListener('listening', this.#announce);
    this.#forgetPoint?.();
    this.#timer?.cancel();
    this.#timer = undefined;
    await Promise.all([...this.#connections].map(async (connection) => connection.shutDown()));
  }

  /** Lets the host know its own WebSocket address. */
  readonly #announce = (): void => {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string' || this.#closed) return;
    this.#forgetPoint = this.#host.addWebSocketPoint(this.#point(bound));
  };

  #point(bound: AddressInfo): ListeningPoint {
    return {
      protocol: 'WS',
      address: plainAddress(bound.address),
      port: bound.port,
      advertisedHost: this.#advertised?.host ?? this.#host.reachableHost(plainAddress(bound.address)),
      advertisedPort: this.#advertised?.port ?? bound.port,
    };
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== this.#options.path) {
      // Somebody else's upgrade, unless nobody else is listening.
      if (this.#server.listenerCount('upgrade') === 1) refuse(socket, 404, 'There is no WebSocket here.');
      return;
    }
    const source = request.socket.remoteAddress ?? '';
    const origin = request.headers.origin;
    const allowed = this.#options.allowOrigin?.(origin, request) ?? sameHost(origin, request);
    if (!offersSip(request)) {
      refuse(socket, 400, "SIP over WebSocket needs the subprotocol 'sip' (RFC 7118 section 4.1).");
    } else if (!allowed) {
      refuse(socket, 403, 'Pages of this origin may not connect.');
    } else if (this.#closed || !this.#host.admits(source)) {
      this.#host.countDrop('TPT_ERR_TOO_MANY_CONNECTIONS');
      refuse(socket, 503, 'Too many connections.');
    } else {
      this.#handshake.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, request));
    }
  };

  #accept(webSocket: WebSocket, request: IncomingMessage): void {
    const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = request.socket;
    const secure = 'encrypted' in request.socket;
    const connection = new NodeWebSocket(webSocket, plainAddress(remoteAddress), remotePort, secure, (ended) =>
      this.#connections.delete(ended),
    );
    this.#connections.add(connection);
    this.#host.acceptWebSocket(connection, {
      host: this.#advertised?.host ?? bracket(plainAddress(localAddress)),
      port: this.#advertised?.port ?? localPort,
      secure,
    });
    this.#timer ??= this.#host.clock.setTimer(this.#pingMs, this.#pingAll);
  }

  readonly #pingAll = (): void => {
    for (const connection of this.#connections) connection.ping();
    this.#timer = this.#connections.size === 0 ? undefined : this.#host.clock.setTimer(this.#pingMs, this.#pingAll);
  };
}

/** One accepted WebSocket. */
class NodeWebSocket implements MessageConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly secure: boolean;
  readonly #webSocket: WebSocket;
  readonly #ended: Promise<void>;
  #handler: MessageHandler | undefined = undefined;
  #failure: Error | undefined = undefined;
  #alive = true;

  constructor(
    webSocket: WebSocket,
    remoteAddress: string,
    remotePort: number,
    secure: boolean,
    ended: (connection: NodeWebSocket) => void,
  ) {
    this.#webSocket = webSocket;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.secure = secure;
    webSocket.on('error', (error) => (this.#failure ??= error));
    webSocket.on('pong', () => (this.#alive = true));
    this.#ended = new Promise((resolve) => {
      webSocket.on('close', () => {
        ended(this);
        resolve();
        this.#closed();
      });
    });
  }

  setHandler(handler: MessageHandler): void {
    this.#handler = handler;
    this.#webSocket.on('message', (data) => {
      this.#alive = true;
      this.#handler?.message(bytesOf(data));
    });
  }

  send(bytes: Uint8Array): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    // RFC 7118 §4.2: text where the bytes allow it, because every client reads text.
    this.#webSocket.send(bytes, { binary: !isUtf8(bytes) }, (error) => {
      if (error) this.#failure ??= error;
    });
    if (this.#webSocket.bufferedAmount > WRITE_LIMIT) {
      this.#failure ??= new TransportError('TPT_ERR_BACKPRESSURE', [
        this.remoteAddress,
        this.#webSocket.bufferedAmount,
      ]);
      this.#webSocket.terminate();
    }
  }

  close(): void {
    this.#webSocket.close(1000);
  }

  /** Sends a ping, or ends a connection that did not answer the last one. */
  ping(): void {
    if (this.#alive) {
      this.#alive = false;
      this.#webSocket.ping();
      return;
    }
    this.#failure ??= new Error('no answer to a ping');
    this.#webSocket.terminate();
  }

  /** Says good-bye and does not wait for the answer. */
  async shutDown(): Promise<void> {
    this.#webSocket.close(1001, 'the server stops');
    this.#webSocket.terminate();
    await this.#ended;
  }

  #closed(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(this.#failure);
  }
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function offersSip(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((protocol) => protocol.trim() === SUBPROTOCOL);
}

function sameHost(origin: string | undefined, request: IncomingMessage): boolean {
  if (origin === undefined) return true; // not a browser
  const url = URL.parse(origin);
  return url !== null && url.host !== '' && url.host === request.headers.host?.toLowerCase();
}

function refuse(socket: Duplex, status: 400 | 403 | 404 | 503, text: string): void {
  socket.on('error', () => undefined);
  const reason = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' }[status];
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

const SUBPROTOCOL = 'sip';
const WRITE_LIMIT = 1024 * 1024; // bytes that a client may leave unread
