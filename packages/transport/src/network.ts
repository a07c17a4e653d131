import type { Flow, Uri } from '@siplet/sip';
import { parseMessage, SipUri } from '@siplet/sip';
import {
  bracket,
  DEFAULT_PORT,
  DEFAULT_SECURE_PORT,
  isLoopback,
  isWildcard,
  literalAddress,
  LocalAddresses,
  parseAdvertised,
  parseListenUri,
  plainAddress,
  sameFamily,
} from './addresses.ts';
import { NODE_CODEC } from './codec.ts';
import { Connections } from './connections.ts';
import { TransportError } from './errors.ts';
import type { ConnectedFlow, FlowSink, OwnFlow } from './flow.ts';
import type { FlowPreference, ListeningPoint, ListenOptions } from './listening.ts';
import { listenError } from './listening.ts';
import type { MessageFlowLocal } from './message-flow.ts';
import { MessageFlow } from './message-flow.ts';
import type { MessageConnection, Ports, StreamConnection } from './ports.ts';
import type { StreamSettings } from './stream.ts';
import { StreamFlow, StreamListener } from './stream.ts';
import { UdpListener } from './udp.ts';

/** What a network needs to know. */
export interface NetworkOptions {
  readonly ports: Ports;
  readonly stream: StreamSettings;
  readonly maxConnectionsPerSource: number;
  readonly maxUdpFlows: number;
  /** Makes an unguessable token for a connection. */
  readonly token: () => string;
}

/** What a network reports beside the flows. */
export interface NetworkSink extends Pick<FlowSink, 'received' | 'failed' | 'gone' | 'dropped'> {
  /** An open listener failed. */
  listenerFailed(error: Error, point: ListeningPoint): void;
}

/** All listeners and connections of a host, and the ways to its peers. */
export class Network implements FlowSink {
  readonly #options: NetworkOptions;
  readonly #sink: NetworkSink;
  readonly #locals: LocalAddresses;
  readonly #connections: Connections;
  #udp: UdpListener[] = [];
  #tcp: StreamListener[] = [];
  #webSockets: ListeningPoint[] = [];

  constructor(options: NetworkOptions, sink: NetworkSink) {
    this.#options = options;
    this.#sink = sink;
    this.#locals = new LocalAddresses(options.ports.localAddresses?.bind(options.ports), options.ports.clock);
    this.#connections = new Connections(options.maxConnectionsPerSource);
  }

  /** Opens every listener in order; when one fails, closes the others and throws. */
  async open(listen: readonly ListenOptions[]): Promise<void> {
    const plans = listen.map(({ uri, advertise }) => ({
      uri,
      target: parseListenUri(uri),
      advertised: advertise === undefined ? undefined : parseAdvertised(advertise, uri),
    }));
    const { ports, maxUdpFlows } = this.#options;
    for (const { uri, target, advertised } of plans) {
      try {
        if (target.protocol === 'UDP') {
          const listener = new UdpListener(this.#udp.length, advertised, this.#locals, this, maxUdpFlows);
          await listener.open(ports.datagram, target.address, target.port, (error) =>
            this.#sink.listenerFailed(error, listener),
          );
          this.#udp.push(listener);
        } else {
          const listener = new StreamListener(advertised, this.#locals);
          await listener.open(ports.stream, target.address, target.port, (connection) =>
            this.#accept(connection, listener),
          );
          this.#tcp.push(listener);
        }
      } catch (error) {
        await this.close();
        throw listenError(uri, error);
      }
    }
  }

  /** Closes every connection and listener; nothing is reported. */
  async close(): Promise<void> {
    const listeners = [...this.#udp, ...this.#tcp];
    this.#connections.abandonAll();
    await Promise.all(listeners.map(async (listener) => listener.close()));
    this.#udp = [];
    this.#tcp = [];
    this.#webSockets = [];
  }

  get listeningPoints(): readonly ListeningPoint[] {
    return [...this.#udp, ...this.#tcp, ...this.#webSockets];
  }

  get connections(): number {
    return this.#connections.size;
  }

  get udpFlows(): number {
    return this.#udp.reduce((sum, listener) => sum + listener.size, 0);
  }

  /** The host on the wire for a bound address: never a wildcard; IPv6 in brackets. */
  reachableHost(boundAddress: string): string {
    return bracket(isWildcard(boundAddress) ? this.#locals.outward(boundAddress) : boundAddress);
  }

  /** True while an address may open one more connection. */
  admits(address: string): boolean {
    return this.#connections.admits(plainAddress(address));
  }

  /** Makes an HTTP server known as a place where SIP over WebSocket arrives. */
  addWebSocketPoint(point: ListeningPoint): void {
    this.#webSockets.push(point);
  }

  removeWebSocketPoint(point: ListeningPoint): void {
    this.#webSockets = this.#webSockets.filter((other) => other !== point);
  }

  /** Takes an open WebSocket in. */
  acceptWebSocket(connection: MessageConnection, local: MessageFlowLocal): MessageFlow {
    const flow = new MessageFlow(this.#options.token(), connection, local, this);
    this.#connections.add(flow);
    flow.begin();
    return flow;
  }

  /** RFC 3261 §18.2.2, no rport: the source address, but the port of the sent-by. */
  replyFlow(flow: Flow, sentByPort: number): Flow {
    const listener = this.#udpListenerOf(flow);
    return listener === undefined || sentByPort === 0 ? flow : listener.flow(flow.remoteAddress, sentByPort);
  }

  /** The flow that a token names. */
  flowById(token: string): Flow | undefined {
    const match = /^u(\d+)\.(\d+)\.([\w.!]+)$/.exec(token);
    if (match === null) return this.#connections.byId(token);
    const address = literalAddress((match[3] ?? '').replaceAll('_', ':').replaceAll('!', '%'));
    const port = Number(match[2]);
    if (address === undefined || port < 1 || port > 65_535) return undefined;
    return this.#udp[Number(match[1])]?.flow(address, port);
  }

  /** What Contact and Record-Route say for messages on a flow. */
  advertisedFor(flow: Flow): { host: string; port: number | undefined; transport: string } {
    const transport = flow.protocol === 'WSS' ? 'ws' : flow.protocol.toLowerCase(); // RFC 7118 §5.2.2
    return { host: flow.sentByHost, port: flow.sentByPort, transport };
  }

  /** True when host and port are exactly one of the listening points. */
  isLocal(uri: Uri): boolean {
    if (!(uri instanceof SipUri)) return false;
    const address = literalAddress(uri.host);
    const host = address === undefined ? uri.host.toLowerCase() : bracket(address);
    const port = uri.port ?? (uri.scheme === 'sips' ? DEFAULT_SECURE_PORT : DEFAULT_PORT);
    const transport = uri.params.get('transport')?.toUpperCase();
    const isHere = (point: ListeningPoint): boolean =>
      (transport === undefined || transport === point.protocol) &&
      ((port === point.advertisedPort && host === point.advertisedHost) ||
        (port === point.port && this.#isBoundTo(point.address, host, address)));
    return this.#udp.some(isHere) || this.#tcp.some(isHere) || this.#webSockets.some(isHere);
  }

  /** The flow towards a URI. @throws {TransportError} TPT_ERR_UNROUTABLE, TPT_ERR_NO_TRANSPORT, TPT_ERR_LOOKUP */
  flowTo(uri: Uri, preferred: FlowPreference | undefined): Flow | Promise<Flow> {
    if (!(uri instanceof SipUri)) throw new TransportError('TPT_ERR_UNROUTABLE', [String(uri), 'it is not a SIP URI']);
    const host = uri.params.get('maddr') || uri.host; // RFC 3263 §4
    const port = uri.port ?? (uri.scheme === 'sips' ? DEFAULT_SECURE_PORT : DEFAULT_PORT);
    const wanted = preferred?.transport ?? uri.params.get('transport') ?? (uri.scheme === 'sips' ? 'tls' : '');
    const transport = wanted.toUpperCase();
    if (transport === 'WS' || transport === 'WSS') {
      throw new TransportError('TPT_ERR_UNROUTABLE', [String(uri), 'a WebSocket client is reached over its own flow']);
    }
    if (port < 1 || port > 65_535) throw new TransportError('TPT_ERR_UNROUTABLE', [String(uri), 'bad port']);
    const address = literalAddress(host) ?? (host.toLowerCase() === 'localhost' ? this.#localhost() : undefined);
    if (address === undefined) return this.#lookedUp(host, port, transport, preferred);
    if (isWildcard(address)) throw new TransportError('TPT_ERR_UNROUTABLE', [String(uri), 'no host has that address']);
    return this.#flowToAddress(address, port, transport, preferred);
  }

  received(bytes: Uint8Array, flow: OwnFlow): void {
    this.#sink.received(bytes, flow);
  }

  failed(flow: OwnFlow, error: Error, bytes?: Uint8Array): void {
    this.#sink.failed(flow, error, bytes);
  }

  gone(flow: ConnectedFlow): void {
    this.#connections.remove(flow);
    this.#sink.gone(flow);
  }

  dropped(code: string): void {
    this.#sink.dropped(code);
  }

  /** The connection is closed: a response finds its own way back, a request reconnects where we had connected. */
  undeliverable(bytes: Uint8Array, flow: ConnectedFlow): void {
    const port = flow.protocol === 'TCP' ? this.#fallbackPort(bytes, flow) : undefined;
    const listener = port === undefined ? undefined : this.#streamListener(flow.remoteAddress, undefined);
    if (port === undefined || listener === undefined) {
      const peer = `${bracket(flow.remoteAddress)}:${flow.remotePort}`;
      const error = new TransportError('TPT_ERR_FLOW_CLOSED', [flow.protocol, peer]);
      // In a turn of its own: whoever sends must not hear of the failure before the call returned.
      this.#options.ports.clock.setTimer(0, () => this.#sink.failed(flow, error));
      return;
    }
    const next = this.#connectionTo(flow.remoteAddress, port, listener);
    if (!next.standsFor.includes(flow)) next.standsFor.push(flow);
    next.deliver(bytes);
  }

  #fallbackPort(bytes: Uint8Array, flow: ConnectedFlow): number | undefined {
    if (NODE_CODEC.decode(bytes, 0, 4) !== 'SIP/') return flow.outbound ? flow.remotePort : undefined;
    // RFC 3261 §18.2.2: the address it came from (received), at the port of the sent-by.
    const result = parseMessage(bytes, NODE_CODEC, { stream: true });
    const via = result.type === 'message' ? result.message.headers.via : undefined;
    return via && (via.port ?? DEFAULT_PORT);
  }

  #accept(connection: StreamConnection, listener: StreamListener): void {
    if (!this.admits(connection.remoteAddress)) {
      this.#sink.dropped('TPT_ERR_TOO_MANY_CONNECTIONS');
      connection.setHandler({ data: () => undefined, closed: () => undefined });
      connection.close();
      return;
    }
    this.#beginStream(connection, false, listener);
  }

  #beginStream(connection: StreamConnection, outbound: boolean, listener: StreamListener): StreamFlow {
    const { remoteAddress } = connection;
    const sentBy = (localAddress: string) => listener.sentBy(localAddress, remoteAddress);
    const flow = new StreamFlow(this.#options.token(), connection, outbound, sentBy, this.#options.stream, this);
    this.#connections.add(flow);
    flow.begin();
    return flow;
  }

  #connectionTo(address: string, port: number, listener: StreamListener): ConnectedFlow {
    const open = this.#connections.byPeer('TCP', address, port);
    return open ?? this.#beginStream(this.#options.ports.stream.connect(address, port), true, listener);
  }

  async #lookedUp(host: string, port: number, transport: string, preferred?: FlowPreference): Promise<Flow> {
    let addresses: string[] = [];
    let cause: unknown;
    // RFC 2606 §2: .invalid never resolves, so nobody is asked (browser phones put it into Contact and Via).
    if (!/\.invalid\.?$/i.test(host)) {
      try {
        addresses = await this.#options.ports.lookup(host);
      } catch (error) {
        cause = error;
      }
    }
    for (const address of addresses) {
      const literal = literalAddress(address);
      if (literal === undefined || isWildcard(literal)) continue;
      const flow = this.#tryAddress(literal, port, transport, preferred);
      if (flow !== undefined) return flow;
    }
    throw new TransportError('TPT_ERR_LOOKUP', [host], cause);
  }

  #flowToAddress(address: string, port: number, transport: string, preferred?: FlowPreference): Flow {
    const flow = this.#tryAddress(address, port, transport, preferred);
    if (flow === undefined) throw new TransportError('TPT_ERR_NO_TRANSPORT', [transport || 'UDP', bracket(address)]);
    return flow;
  }

  #tryAddress(address: string, port: number, transport: string, preferred?: FlowPreference): Flow | undefined {
    const from = preferred?.from;
    if (transport === 'UDP' || transport === '') {
      const listener = this.#nearest(this.#udp, address, from);
      if (listener !== undefined) return listener.flow(address, port);
    }
    if (transport === 'TCP' || transport === '') {
      const listener = this.#streamListener(address, from);
      if (listener !== undefined) return this.#connectionTo(address, port, listener);
    }
    return undefined;
  }

  #streamListener(address: string, from: ListeningPoint | undefined): StreamListener | undefined {
    return this.#nearest(this.#tcp, address, from);
  }

  /** The listener from which a destination is best reached. */
  #nearest<L extends ListeningPoint>(
    listeners: readonly L[],
    to: string,
    from: ListeningPoint | undefined,
  ): L | undefined {
    let best: L | undefined;
    let bestScore = 0;
    for (const listener of listeners) {
      if (listener === from) return sameFamily(listener.address, to) ? listener : undefined;
      if (!sameFamily(listener.address, to)) continue;
      const score = listeners.length === 1 ? 1 : this.#score(listener.address, to);
      if (score > bestScore) [best, bestScore] = [listener, score];
    }
    return best;
  }

  #score(bound: string, to: string): number {
    if (bound === this.#locals.towards(to)) return 5;
    if (isWildcard(bound)) return 4;
    if (isLoopback(bound) === isLoopback(to)) return 3;
    return isLoopback(bound) ? 1 : 2;
  }

  #localhost(): string {
    return [...this.#udp, ...this.#tcp].some((listener) => !listener.address.includes(':')) ? '127.0.0.1' : '::1';
  }

  #isBoundTo(bound: string, host: string, address: string | undefined): boolean {
    if (address === undefined) return host === 'localhost' && (isLoopback(bound) || isWildcard(bound));
    if (!isWildcard(bound)) return bound === address;
    return sameFamily(bound, address) && this.#locals.has(address);
  }

  #udpListenerOf(flow: Flow): UdpListener | undefined {
    return this.#udp.find((listener) => listener.owns(flow));
  }
}
