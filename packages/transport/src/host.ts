import type {
  ClientTransaction,
  EngineEvent,
  EngineOptions,
  Flow,
  IdSource,
  Ms,
  RespondOptions,
  SendOptions,
  ServerTransaction,
  SipMessage,
  SipRequest,
  SipResponse,
  Uri,
} from '@siplet/sip';
import { RandomIds, SipEngine } from '@siplet/sip';
import { NODE_CODEC } from './codec.ts';
import { toError, TransportError } from './errors.ts';
import { OwnFlow } from './flow.ts';
import type { FlowPreference, ListeningPoint, ListenOptions } from './listening.ts';
import { Network } from './network.ts';
import type { Clock, MessageConnection, Ports, TimerHandle } from './ports.ts';

/** Settings of an {@link EngineHost}. */
export interface EngineHostOptions {
  ports: Ports;
  listen: readonly ListenOptions[];
  /** Identifiers; default: 128 random bits from `ports.random`. */
  ids?: IdSource | undefined;
  timers?: EngineOptions['timers'];
  limits?: EngineOptions['limits'];
  /** Connections that one address may hold at a time; default 100. */
  maxConnectionsPerSource?: number | undefined;
  /** Milliseconds for a complete message on an accepted TCP connection; default 10,000. */
  firstMessageTimeoutMs?: Ms | undefined;
  /** Milliseconds of silence after which a TCP connection is closed; default 3,900,000, longer than a registration. */
  idleTimeoutMs?: Ms | undefined;
  /** Milliseconds for a TCP connection to be established; default 10,000. */
  connectTimeoutMs?: Ms | undefined;
  /** UDP peers that are remembered per listener; default 20,000. */
  maxUdpFlows?: number | undefined;
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

/** Sees every message that arrives or leaves. */
export type Tap = (direction: 'in' | 'out', bytes: Uint8Array, flow: Flow) => void;

/** Counters since the start. */
export interface HostStats {
  /** Open TCP and WebSocket connections. */
  readonly flows: number;
  /** UDP peers remembered now. */
  readonly udpFlows: number;
  /** Messages received. */
  readonly received: number;
  /** Messages sent. */
  readonly sent: number;
  /** Messages and connections that could not be used, by code. */
  readonly drops: Record<string, number>;
  /** Sends and connections that failed. */
  readonly failures: number;
}

/**
 * Runs one engine over real or virtual sockets and one timer.
 *
 * The drain rule: what the engine puts out during a call is recorded, and acted on after the call returned. A handler
 * may therefore call back; what that puts out joins the end of the same queue.
 */
export class EngineHost {
  /** Sees every message that arrives or leaves; while undefined it costs one branch. */
  tap: Tap | undefined = undefined;
  readonly engine: SipEngine;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly #listen: readonly ListenOptions[];
  readonly #handler: EngineHostHandler;
  readonly #network: Network;
  readonly #drops = new Map<string, number>();
  #state: 'new' | 'starting' | 'started' | 'stopped' = 'new';
  #received = 0;
  #sent = 0;
  #failures = 0;
  #timer: TimerHandle | undefined = undefined;
  #timerAt: Ms = Infinity;
  #draining = false;
  /** Bytes to send, or an event, or undefined for a flow that closed. */
  #outputs: (Uint8Array | EngineEvent | undefined)[] = [];
  #outputFlows: (Flow | undefined)[] = [];

  constructor(options: EngineHostOptions, handler: EngineHostHandler) {
    const { ports, timers, limits } = options;
    const ids = options.ids ?? new RandomIds((length) => ports.random.bytes(length));
    this.ids = ids;
    this.clock = ports.clock;
    this.#listen = options.listen;
    this.#handler = handler;
    this.#network = new Network(
      {
        ports,
        stream: {
          clock: ports.clock,
          limits,
          firstMessageTimeoutMs: options.firstMessageTimeoutMs ?? 10_000,
          idleTimeoutMs: options.idleTimeoutMs ?? 3_900_000,
          connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
        },
        maxConnectionsPerSource: options.maxConnectionsPerSource ?? 100,
        maxUdpFlows: options.maxUdpFlows ?? 20_000,
        token: () => `c${ids.callId()}`,
      },
      {
        received: (bytes, flow) => this.#receive(bytes, flow),
        failed: (flow, error, bytes) => this.#fail(flow, error, bytes),
        gone: (flow) => this.#gone(flow),
        dropped: (code) => this.#countDrop(code),
        listenerFailed: (error, point) => this.#handler.listenError?.(error, point),
      },
    );
    this.engine = new SipEngine(
      {
        transmit: (bytes, flow) => this.#record(bytes, flow),
        event: (event) => this.#record(event, undefined),
      },
      {
        ids,
        codec: NODE_CODEC,
        timers,
        limits,
        replyFlow: (flow, sentByPort) => this.#network.replyFlow(flow, sentByPort),
      },
    );
  }

  /** Opens every listener, or none. @throws {TransportError} TPT_ERR_PORT_IN_USE and its relatives */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new TransportError('TPT_ERR_STATE', [this.#state, 'start it once']);
    this.#state = 'starting';
    try {
      await this.#network.open(this.#listen);
    } catch (error) {
      this.#state = 'stopped';
      throw error;
    }
    this.#state = 'started';
  }

  /** Closes every listener and connection; nothing is sent or reported afterwards. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
    this.#outputs = [];
    this.#outputFlows = [];
    await this.#network.close();
  }

  /** The open listeners in the order of the options, UDP first; empty before start. */
  get listeningPoints(): readonly ListeningPoint[] {
    return this.#network.listeningPoints;
  }

  /** Milliseconds on the monotonic clock. */
  now(): Ms {
    return this.clock.now();
  }

  /** {@link SipEngine.send}, then sends. */
  send(request: SipRequest, flow: Flow, options?: SendOptions): ClientTransaction {
    const transaction = this.engine.send(request, flow, this.clock.now(), options);
    this.#drain();
    return transaction;
  }

  /** {@link SipEngine.respond}, then sends. */
  respond(transaction: ServerTransaction, response: SipResponse, options?: RespondOptions): void {
    this.engine.respond(transaction, response, this.clock.now(), options);
    this.#drain();
  }

  /** {@link SipEngine.cancel}, then sends. */
  cancel(transaction: ClientTransaction, reason?: string): void {
    this.engine.cancel(transaction, this.clock.now(), reason);
    this.#drain();
  }

  /** {@link SipEngine.sendAck}, then sends. */
  sendAck(ack: SipRequest, invite: ClientTransaction | undefined, flow: Flow): void {
    this.engine.sendAck(ack, invite, flow, this.clock.now());
    this.#drain();
  }

  /** {@link SipEngine.sendStateless}, then sends. */
  sendStateless(message: SipMessage, flow: Flow): void {
    this.engine.sendStateless(message, flow, this.clock.now());
    this.#drain();
  }

  /**
   * The flow towards a URI: at once for a literal address, later for a host name.
   *
   * @throws {TransportError} TPT_ERR_UNROUTABLE, TPT_ERR_NO_TRANSPORT; the promise rejects with TPT_ERR_LOOKUP
   */
  flowTo(uri: Uri, preferred?: FlowPreference): Flow | Promise<Flow> {
    return this.#network.flowTo(uri, preferred);
  }

  /** The flow that a token names: a connection while it lives, a UDP peer always. Tokens are no secrets: sign them before they leave. */
  flowById(token: string): Flow | undefined {
    return this.#network.flowById(token);
  }

  /** What Contact and Record-Route say for messages on that flow; an IPv6 host in brackets, the transport in lower case. */
  advertisedFor(flow: Flow): { host: string; port: number | undefined; transport: string } {
    return this.#network.advertisedFor(flow);
  }

  /** Takes an open WebSocket in; `local` is what goes on the wire for it. */
  acceptWebSocket(connection: MessageConnection, local: { host: string; port: number; secure: boolean }): Flow {
    return this.#network.acceptWebSocket(connection, local);
  }

  /** Makes an HTTP server known as a place where SIP over WebSocket arrives; returns the way to take it back. */
  addWebSocketPoint(point: ListeningPoint): () => void {
    this.#network.addWebSocketPoint(point);
    return () => this.#network.removeWebSocketPoint(point);
  }

  /** The host on the wire for a bound address: never a wildcard; IPv6 in brackets. */
  reachableHost(boundAddress: string): string {
    return this.#network.reachableHost(boundAddress);
  }

  /** True while the source address may open one more connection. */
  admits(remoteAddress: string): boolean {
    return this.#state === 'started' && this.#network.admits(remoteAddress);
  }

  /** Counts something that was refused on behalf of this host. */
  countDrop(code: string): void {
    this.#countDrop(code);
  }

  /** True when host and port are exactly one of our listening points, bound or advertised. */
  isLocal(uri: Uri): boolean {
    return this.#network.isLocal(uri);
  }

  stats(): HostStats {
    return {
      flows: this.#network.connections,
      udpFlows: this.#network.udpFlows,
      received: this.#received,
      sent: this.#sent,
      drops: Object.fromEntries(this.#drops),
      failures: this.#failures,
    };
  }

  #receive(bytes: Uint8Array, flow: Flow): void {
    if (this.#state === 'stopped') return;
    this.#received++;
    if (this.tap !== undefined) this.tap('in', bytes, flow);
    this.engine.receive(bytes, flow, this.clock.now());
    this.#drain();
  }

  #fail(flow: Flow, error: Error, bytes: Uint8Array | undefined): void {
    if (this.#state === 'stopped') return;
    this.#failures++;
    this.engine.transportFailed(flow, error, this.clock.now(), bytes);
    this.#drain();
  }

  #gone(flow: Flow): void {
    if (this.#state === 'stopped') return;
    this.#record(undefined, flow);
    this.#drain();
  }

  #countDrop(code: string): void {
    this.#drops.set(code, (this.#drops.get(code) ?? 0) + 1);
  }

  #record(output: Uint8Array | EngineEvent | undefined, flow: Flow | undefined): void {
    this.#outputs.push(output);
    this.#outputFlows.push(flow);
  }

  /** Acts on what was recorded, including what handlers add meanwhile, then sees to the timer. */
  #drain(): void {
    if (this.#draining) return;
    if (this.#state === 'stopped') {
      this.#outputs = [];
      this.#outputFlows = [];
      return;
    }
    if (this.#outputs.length > 0) {
      this.#draining = true;
      const outputs = this.#outputs;
      for (let index = 0; index < outputs.length && outputs === this.#outputs; index++) {
        this.#act(outputs[index], this.#outputFlows[index]);
      }
      outputs.length = 0;
      this.#outputFlows.length = 0;
      this.#draining = false;
    }
    this.#arm();
  }

  #act(output: Uint8Array | EngineEvent | undefined, flow: Flow | undefined): void {
    if (output instanceof Uint8Array) {
      if (flow !== undefined) this.#transmit(output, flow);
      return;
    }
    try {
      if (output !== undefined) {
        if (output.type === 'drop') this.#countDrop(output.reason);
        this.#handler.event(output);
      } else if (flow !== undefined) {
        this.#handler.flowClosed(flow);
      }
    } catch (error) {
      if (this.#handler.handlerError !== undefined) this.#handler.handlerError(error);
      else process.emitWarning(toError(error));
    }
  }

  #transmit(bytes: Uint8Array, flow: Flow): void {
    this.#sent++;
    if (this.tap !== undefined) this.tap('out', bytes, flow);
    if (flow instanceof OwnFlow) flow.deliver(bytes);
    else
      this.#fail(flow, new TransportError('TPT_ERR_UNROUTABLE', [flow.id, 'the flow belongs to another host']), bytes);
  }

  /** One timer for the whole engine; one that fires too early costs less than arming a new one for every message. */
  #arm(): void {
    const next = this.engine.nextTimeout();
    if (next >= this.#timerAt && next !== Infinity) return;
    if (next === this.#timerAt || this.#state === 'stopped') return;
    this.#timer?.cancel();
    this.#timerAt = next;
    this.#timer = next === Infinity ? undefined : this.clock.setTimer(Math.max(0, next - this.clock.now()), this.#wake);
  }

  readonly #wake = (): void => {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    if (this.#state === 'stopped') return;
    this.engine.advance(this.clock.now());
    this.#drain();
  };
}
