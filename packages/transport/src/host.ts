import type {
  ClientTransaction,
  EngineEvent,
  EngineOptions,
  Flow,
  IdSource,
  Ms,
  ServerTransaction,
  SipEngine,
  SipMessage,
  SipRequest,
  SipResponse,
  Uri,
} from '@siplet/sip';
import type { Clock, MessageConnection, Ports } from './ports.ts';

/** Where to listen. */
export interface ListenOptions {
  /** `udp://127.0.0.1:5060` or `tcp://[::1]:5060`; port 0 lets the system choose, no port means 5060. */
  uri: string;
  /** `host[:port]` that goes on the wire instead of the bound address. */
  advertise?: string;
}

/** One open listener. */
export interface ListeningPoint {
  readonly protocol: 'UDP' | 'TCP' | 'WS';
  /** Bound address, possibly a wildcard. */
  readonly address: string;
  readonly port: number;
  /** Host on the wire, IPv6 in brackets; for a wildcard the address that most peers can use. */
  readonly advertisedHost: string;
  readonly advertisedPort: number;
}

/** Settings of an {@link EngineHost}. */
export interface EngineHostOptions {
  ports: Ports;
  listen: readonly ListenOptions[];
  /** Identifiers; default: 128 random bits from `ports.random`. */
  ids?: IdSource;
  timers?: EngineOptions['timers'];
  limits?: EngineOptions['limits'];
  /** Connections that one address may hold at a time; default 100. */
  maxConnectionsPerSource?: number;
  /** Milliseconds for the first complete message on an accepted TCP connection; default 10,000. */
  firstMessageTimeoutMs?: Ms;
  /** Milliseconds of silence after which a TCP connection is closed; default 3,900,000, longer than a registration. */
  idleTimeoutMs?: Ms;
  /** Milliseconds for a TCP connection to be established; default 10,000. */
  connectTimeoutMs?: Ms;
  /** UDP peers that are remembered per listener; default 20,000. */
  maxUdpFlows?: number;
}

/** Who hears what the engine and the flows have to say; called after the engine returned, so it may send. */
export interface EngineHostHandler {
  event(event: EngineEvent): void;
  /** A TCP or WebSocket connection is gone. Not called while the host stops. */
  flowClosed(flow: Flow): void;
  /** An open listener failed. */
  listenError?(error: Error, point: ListeningPoint): void;
  /** `event` or `flowClosed` threw; without this the error becomes a process warning. */
  handlerError?(error: unknown): void;
}

/** Where a request shall go, beside its URI. */
export interface FlowPreference {
  /** `udp` or `tcp`; wins over the `transport` parameter of the URI. */
  transport?: string;
  /** Leave from this listener. */
  from?: ListeningPoint;
}

/** Counters since the start. */
export interface HostStats {
  /** Open TCP and WebSocket connections. */
  readonly flows: number;
  /** UDP peers remembered now. */
  readonly udpFlows: number;
  /** Messages received and sent. */
  readonly received: number;
  readonly sent: number;
  /** Connections and datagrams that could not be used, by code. */
  readonly drops: Record<string, number>;
  /** Sends and connections that failed. */
  readonly failures: number;
}

/** Runs one {@link SipEngine} over real or virtual sockets and one timer. */
export class EngineHost {
  constructor(_options: EngineHostOptions, _handler: EngineHostHandler) {
    throw new Error('not yet');
  }

  /** Opens every listener, or none. @throws {TransportError} TPT_ERR_PORT_IN_USE and its relatives */
  start(): Promise<void> {
    throw new Error('not yet');
  }

  /** Closes every listener and connection. */
  stop(): Promise<void> {
    throw new Error('not yet');
  }

  get engine(): SipEngine {
    throw new Error('not yet');
  }

  get ids(): IdSource {
    throw new Error('not yet');
  }

  get clock(): Clock {
    throw new Error('not yet');
  }

  get listeningPoints(): readonly ListeningPoint[] {
    throw new Error('not yet');
  }

  /** Sees every message that arrives or leaves; undefined costs nothing. */
  tap: ((direction: 'in' | 'out', bytes: Uint8Array, flow: Flow) => void) | undefined;

  /** Milliseconds on the monotonic clock. */
  now(): Ms {
    throw new Error('not yet');
  }

  send(_request: SipRequest, _flow: Flow, _options?: { branch?: string; owner?: unknown }): ClientTransaction {
    throw new Error('not yet');
  }

  respond(_transaction: ServerTransaction, _response: SipResponse, _options?: { retransmit2xx?: boolean }): void {
    throw new Error('not yet');
  }

  cancel(_transaction: ClientTransaction, _reason?: string): void {
    throw new Error('not yet');
  }

  sendAck(_ack: SipRequest, _invite: ClientTransaction | undefined, _flow: Flow): void {
    throw new Error('not yet');
  }

  sendStateless(_message: SipMessage, _flow: Flow): void {
    throw new Error('not yet');
  }

  /** The flow towards a URI: at once for a literal address, later for a host name. */
  flowTo(_uri: Uri, _preferred?: FlowPreference): Flow | Promise<Flow> {
    throw new Error('not yet');
  }

  /** The flow that a token names, while it lives. */
  flowById(_token: string): Flow | undefined {
    throw new Error('not yet');
  }

  /** What Contact and Record-Route say for messages on that flow; an IPv6 host in brackets, the transport in lower case. */
  advertisedFor(_flow: Flow): { host: string; port: number | undefined; transport: string } {
    throw new Error('not yet');
  }

  /** Takes an open WebSocket in; `local` is what goes on the wire for it. */
  acceptWebSocket(_connection: MessageConnection, _local: { host: string; port: number; secure: boolean }): Flow {
    throw new Error('not yet');
  }

  /** True when host and port are exactly one of our listening points. */
  isLocal(_uri: Uri): boolean {
    throw new Error('not yet');
  }

  stats(): HostStats {
    throw new Error('not yet');
  }
}
