import type { Flow } from '@siplet/sip';
import type { HostPort, LocalAddresses } from './addresses.ts';
import { bracket, isWildcard } from './addresses.ts';
import { TransportError } from './errors.ts';
import type { FlowSink } from './flow.ts';
import { OwnFlow, systemReason } from './flow.ts';
import type { DatagramPort, DatagramSocket, SendFailed } from './ports.ts';

/** The pair of a UDP listener and one peer; holds no state, so any number may name the same pair. */
export class UdpFlow extends OwnFlow {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly sentByHost: string;
  readonly listener: UdpListener;
  readonly #failed: SendFailed;
  #id = '';

  constructor(listener: UdpListener, localAddress: string, sentByHost: string, address: string, port: number) {
    super();
    this.listener = listener;
    this.localAddress = localAddress;
    this.sentByHost = sentByHost;
    this.remoteAddress = address;
    this.remotePort = port;
    this.#failed = (error, bytes) => listener.sendFailed(this, error, bytes);
  }

  /** A token that says everything: listener, port and address, in characters of a SIP token. */
  get id(): string {
    if (this.#id === '') {
      const address = this.remoteAddress.replaceAll(':', '_').replaceAll('%', '!');
      this.#id = `u${this.listener.index}.${this.remotePort}.${address}`;
    }
    return this.#id;
  }

  get protocol(): 'UDP' {
    return 'UDP';
  }

  get reliable(): boolean {
    return false;
  }

  get secure(): boolean {
    return false;
  }

  get localPort(): number {
    return this.listener.port;
  }

  get sentByPort(): number {
    return this.listener.advertisedPort;
  }

  override deliver(bytes: Uint8Array): void {
    this.listener.send(bytes, this, this.#failed);
  }
}

/** One bound UDP socket and the peers it talks with. */
export class UdpListener {
  readonly protocol = 'UDP';
  readonly index: number;
  readonly #sink: FlowSink;
  readonly #locals: LocalAddresses;
  readonly #advertised: HostPort | undefined;
  readonly #halfCapacity: number;
  #socket: DatagramSocket | undefined;
  #young = new Map<string, UdpFlow>();
  #old = new Map<string, UdpFlow>();
  #last: UdpFlow | undefined;

  constructor(
    index: number,
    advertised: HostPort | undefined,
    locals: LocalAddresses,
    sink: FlowSink,
    maxFlows: number,
  ) {
    this.index = index;
    this.#advertised = advertised;
    this.#locals = locals;
    this.#sink = sink;
    this.#halfCapacity = Math.max(1, Math.floor(maxFlows / 2));
  }

  /** Binds the socket. */
  async open(port: DatagramPort, address: string, portNumber: number, failed: (error: Error) => void): Promise<void> {
    this.#socket = await port.bind(address, portNumber, {
      message: (bytes, remoteAddress, remotePort) => {
        // Forged: an answer could never leave, and every failed send costs a search.
        if (remotePort === 0) return this.#sink.dropped('TPT_ERR_SOURCE_PORT');
        const last = this.#last;
        // One busy peer (a proxy, a load generator) sends most datagrams: no lookup for it.
        const flow =
          last !== undefined && last.remotePort === remotePort && last.remoteAddress === remoteAddress
            ? last
            : this.flow(remoteAddress, remotePort);
        this.#last = flow;
        this.#sink.received(bytes, flow);
      },
      error: failed,
    });
  }

  /** Closes the socket. */
  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.close();
  }

  get address(): string {
    return this.#socket?.address ?? '';
  }

  get port(): number {
    return this.#socket?.port ?? 0;
  }

  get advertisedHost(): string {
    return (
      this.#advertised?.host ?? bracket(isWildcard(this.address) ? this.#locals.outward(this.address) : this.address)
    );
  }

  get advertisedPort(): number {
    return this.#advertised?.port ?? this.port;
  }

  /** Peers remembered now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The flow with a peer; two generations keep the cache bounded and the busy peers in it. */
  flow(address: string, port: number): UdpFlow {
    const key = `${address}|${port}`;
    let flow = this.#young.get(key);
    if (flow !== undefined) return flow;
    flow = this.#old.get(key);
    if (flow === undefined) {
      const local = isWildcard(this.address) ? this.#locals.towards(address) : this.address;
      flow = new UdpFlow(this, local, this.#advertised?.host ?? bracket(local), address, port);
    } else {
      this.#old.delete(key);
    }
    if (this.#young.size >= this.#halfCapacity) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, flow);
    return flow;
  }

  /** True for the flows of this listener. */
  owns(flow: Flow): boolean {
    return flow instanceof UdpFlow && flow.listener === this;
  }

  /** Sends one datagram. */
  send(bytes: Uint8Array, flow: UdpFlow, failed: SendFailed): void {
    this.#socket?.send(bytes, flow.remoteAddress, flow.remotePort, failed);
  }

  /** Turns a failed send into an event. */
  sendFailed(flow: UdpFlow, error: Error, bytes: Uint8Array): void {
    const target = `${bracket(flow.remoteAddress)}:${flow.remotePort}`;
    this.#sink.failed(
      flow,
      error instanceof TransportError
        ? error
        : new TransportError('TPT_ERR_SEND', [target, systemReason(error)], error),
      bytes,
    );
  }
}
