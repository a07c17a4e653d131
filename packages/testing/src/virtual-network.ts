import { isIP } from 'node:net';
import type {
  DatagramHandler,
  DatagramPort,
  DatagramSocket,
  MessageConnection,
  StreamConnection,
  StreamPort,
  StreamServer,
} from '@siplet/transport';
import type { Ms } from '@siplet/sip';
import { Links } from './link-conditions.ts';
import type { Between } from './link-conditions.ts';
import { seededRandom } from './seeded-random.ts';
import type { SeededRandom } from './seeded-random.ts';
import { Traffic } from './traffic.ts';
import type { Endpoint } from './traffic.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { VirtualStream, VirtualWebSocket, join } from './virtual-stream.ts';
import type { PipeCarrier } from './virtual-stream.ts';

/** The sockets of one machine on the virtual network. */
export interface VirtualHost extends DatagramPort, StreamPort {
  readonly address: string;
}

/** How a virtual network is made. */
export interface VirtualNetworkOptions {
  readonly clock: VirtualClock;
  readonly random?: SeededRandom;
}

/**
 * A network in memory: everything sent arrives through the clock, so a run repeats exactly for a seed.
 * Links have 1 ms latency and lose nothing until told otherwise. Used as a port itself it is the host 127.0.0.1.
 */
export class VirtualNetwork implements VirtualHost {
  readonly address = '127.0.0.1';
  /** Everything that was sent. */
  readonly traffic = new Traffic();
  readonly #clock: VirtualClock;
  readonly #links: Links;
  readonly #sockets = new Map<string, { readonly socket: DatagramSocket; readonly handler: DatagramHandler }>();
  readonly #servers = new Map<string, (connection: StreamConnection) => void>();
  readonly #connections = new Set<VirtualStream | VirtualWebSocket>();
  readonly #names = new Map<string, string[]>([['localhost', ['127.0.0.1']]]);
  readonly #labels = new Map<string, string>();
  readonly #nextPorts = new Map<string, number>();
  readonly #carrier: PipeCarrier;
  #held: { from: string; to: string; arrive: () => void }[] = [];
  #inFlight = 0;

  constructor(options: VirtualNetworkOptions) {
    this.#clock = options.clock;
    this.#links = new Links(options.random ?? seededRandom(1), (name) => this.addressOf(name));
    this.#carrier = {
      carry: (from, to, notBefore, arrive) => this.#carry(from, to, notBefore, arrive),
      soon: (work) => void this.#clock.setTimer(0, work),
      note: (entry) => this.traffic.add({ sentAt: this.#clock.now(), ...entry }),
    };
  }

  /** How many datagrams and stream pieces are on their way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The ports of the machine with this address. */
  host(address: string): VirtualHost {
    return {
      address,
      bind: async (bindAddress, port, handler) => this.#bind(address, bindAddress, port, handler),
      listen: async (listenAddress, port, accept) => this.#listen(address, listenAddress, port, accept),
      connect: (remoteAddress, port) => this.#connect(address, remoteAddress, port),
    };
  }

  async bind(address: string, port: number, handler: DatagramHandler): Promise<DatagramSocket> {
    return this.#bind(this.address, address, port, handler);
  }

  async listen(address: string, port: number, accept: (connection: StreamConnection) => void): Promise<StreamServer> {
    return this.#listen(this.address, address, port, accept);
  }

  connect(address: string, port: number): StreamConnection {
    return this.#connect(this.address, address, port);
  }

  /** Opens a WebSocket between two addresses; both ends are usable at once. */
  webSocket(
    clientAddress: string,
    server: Endpoint,
    secure = false,
  ): { client: MessageConnection; server: MessageConnection } {
    const local = { address: clientAddress, port: this.#freePort(clientAddress) };
    const client = new VirtualWebSocket(this.#carrier, local, server, secure);
    const accepted = new VirtualWebSocket(this.#carrier, server, local, secure);
    this.#track(client, accepted);
    join(this.#carrier, client, accepted, 'WS');
    return { client, server: accepted };
  }

  /** Share of datagrams that get lost; on streams a loss is a delay. */
  lose(probability: number, between?: Between): void {
    this.#links.change({ loss: probability }, between);
  }

  /** Latency of a link, and how much more it may be by chance; milliseconds. */
  delay(latencyMs: Ms, jitterMs: Ms = 0, between?: Between): void {
    this.#links.change({ latencyMs, jitterMs }, between);
  }

  /** Share of datagrams that arrive twice. */
  duplicate(probability: number, between?: Between): void {
    this.#links.change({ duplication: probability }, between);
  }

  /** Share of datagrams that are held back, so that later ones overtake them. */
  reorder(probability: number, byMs: Ms = 30, between?: Between): void {
    this.#links.change({ reorder: probability, reorderMs: byMs }, between);
  }

  /** Cuts the link between two ends, or one end from everybody: datagrams vanish, streams stall. */
  partition(a: string, b?: string): void {
    this.#links.cut(a, b);
  }

  /** Mends what `partition` cut, without arguments everything; stalled streams go on. */
  heal(a?: string, b?: string): void {
    this.#links.mend(a, b);
    const held = this.#held;
    this.#held = [];
    const latest = new Map<string, number>();
    for (const { from, to, arrive } of held) {
      const direction = `${from} ${to}`;
      latest.set(direction, this.#carry(from, to, latest.get(direction) ?? 0, arrive));
    }
  }

  /** Breaks every connection of an address or name, as a reset does. */
  reset(nameOrAddress: string): void {
    const address = this.addressOf(nameOrAddress);
    for (const connection of this.#connections) {
      if (connection.endpoint.address === address) connection.reset(systemError('ECONNRESET', 'read ECONNRESET'));
    }
  }

  /** Gives an address a name for ladders and for `partition` and its like. */
  label(address: string, name: string): void {
    this.#labels.set(address, name);
  }

  /** The name of an address, or the address. */
  nameOf(address: string): string {
    return this.#labels.get(address) ?? address;
  }

  /** The address with this name, or the argument. */
  addressOf(nameOrAddress: string): string {
    for (const [address, name] of this.#labels) if (name === nameOrAddress) return address;
    return nameOrAddress;
  }

  /** Adds a host name to what `lookup` knows. */
  addName(host: string, ...addresses: string[]): void {
    this.#names.set(host.toLowerCase(), addresses);
  }

  /** Resolves a name added by `addName`, or a literal address; rejects with ENOTFOUND like DNS. */
  async lookup(host: string): Promise<string[]> {
    if (isIP(host) !== 0) return [host];
    const addresses = this.#names.get(host.toLowerCase());
    if (addresses === undefined) throw systemError('ENOTFOUND', `getaddrinfo ENOTFOUND ${host}`);
    return [...addresses];
  }

  /** Moves time on until nothing is on its way any more and everybody is idle. */
  async quiet(): Promise<void> {
    await this.#clock.stepWhile(() => this.#inFlight > 0);
  }

  #bind(host: string, bindAddress: string, wantedPort: number, handler: DatagramHandler): DatagramSocket {
    const local = this.#claim(host, bindAddress, wantedPort, this.#sockets, 'bind');
    const key = keyOf(local);
    const sender = isWildcard(bindAddress) ? { address: host, port: local.port } : local;
    let open = true;
    const socket: DatagramSocket = {
      address: bindAddress,
      port: local.port,
      send: (bytes, remoteAddress, remotePort, failed) => {
        const problem = datagramProblem(open, remoteAddress, remotePort, bytes.length);
        if (problem === undefined) this.#sendDatagram(sender, { address: remoteAddress, port: remotePort }, bytes);
        else this.#carrier.soon(() => failed(problem, bytes));
      },
      close: async () => {
        open = false;
        this.#sockets.delete(key);
      },
    };
    this.#sockets.set(key, { socket, handler });
    return socket;
  }

  #sendDatagram(from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    const plan = this.#links.planDatagram(from.address, to.address);
    const reachable = this.#sockets.has(keyOf(to));
    const fate = plan.fate === 'delivered' && !reachable ? 'unreachable' : plan.fate;
    const copy = Uint8Array.from(bytes);
    this.traffic.add({ sentAt: this.#clock.now(), protocol: 'UDP', from, to, bytes: copy, fate });
    for (const delay of plan.delays) {
      this.#inFlight += 1;
      this.#clock.setTimer(delay, () => {
        this.#inFlight -= 1;
        this.#sockets.get(keyOf(to))?.handler.message(Uint8Array.from(copy), from.address, from.port);
      });
    }
  }

  #listen(
    host: string,
    listenAddress: string,
    wantedPort: number,
    accept: (c: StreamConnection) => void,
  ): StreamServer {
    const local = this.#claim(host, listenAddress, wantedPort, this.#servers, 'listen');
    this.#servers.set(keyOf(local), accept);
    return {
      address: listenAddress,
      port: local.port,
      close: async () => {
        this.#servers.delete(keyOf(local));
        for (const connection of this.#connections) {
          const { endpoint } = connection;
          if (connection instanceof VirtualStream && keyOf(endpoint) === keyOf(local)) connection.close();
        }
      },
    };
  }

  #connect(host: string, address: string, port: number): StreamConnection {
    const local = { address: isLoopback(address) ? address : host, port: this.#freePort(host) };
    const remote = { address, port };
    const client = new VirtualStream(this.#carrier, local, remote);
    if (this.#links.isCut(local.address, address)) {
      this.#clock.setTimer(CONNECT_TIMEOUT_MS, () =>
        client.ended(systemError('ETIMEDOUT', `connect ETIMEDOUT ${keyOf(remote)}`)),
      );
      return client;
    }
    this.#carry(local.address, address, 0, () => {
      const accept = this.#servers.get(keyOf(remote));
      if (accept === undefined) {
        const refused = systemError('ECONNREFUSED', `connect ECONNREFUSED ${keyOf(remote)}`);
        this.#carry(address, local.address, 0, () => client.ended(refused));
        return;
      }
      const server = new VirtualStream(this.#carrier, remote, local);
      this.#track(client, server);
      this.#carry(address, local.address, 0, () => {
        join(this.#carrier, client, server, 'TCP');
        client.opened();
      });
      accept(server);
    });
    return client;
  }

  #track(...ends: (VirtualStream | VirtualWebSocket)[]): void {
    for (const end of this.#connections) if (end.isClosed) this.#connections.delete(end);
    for (const end of ends) this.#connections.add(end);
  }

  #carry(from: string, to: string, notBefore: number, arrive: () => void): number {
    if (this.#links.isCut(from, to)) {
      this.#held.push({ from, to, arrive });
      return notBefore;
    }
    const now = this.#clock.now();
    const at = Math.max(notBefore, now + this.#links.streamDelay(from, to));
    this.#inFlight += 1;
    this.#clock.setTimer(at - now, () => {
      this.#inFlight -= 1;
      arrive();
    });
    return at;
  }

  #claim(host: string, address: string, port: number, taken: ReadonlyMap<string, unknown>, call: string): Endpoint {
    const home = isWildcard(address) ? host : address;
    const local = { address: home, port: port === 0 ? this.#freePort(home) : port };
    if (!taken.has(keyOf(local))) return local;
    throw systemError('EADDRINUSE', `${call} EADDRINUSE ${address}:${port}`);
  }

  #freePort(address: string): number {
    const port = this.#nextPorts.get(address) ?? FIRST_EPHEMERAL_PORT;
    this.#nextPorts.set(address, port + 1);
    return port;
  }
}

const FIRST_EPHEMERAL_PORT = 49_152; // RFC 6335 §6
const CONNECT_TIMEOUT_MS = 20_000;
const MAX_DATAGRAM_BYTES = 65_507; // RFC 768 over IPv4

function keyOf(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function datagramProblem(open: boolean, address: string, port: number, length: number): Error | undefined {
  if (!open) return systemError('ERR_SOCKET_DGRAM_NOT_RUNNING', 'Not running');
  if (port < 1 || port > 65_535)
    return systemError('ERR_SOCKET_BAD_PORT', `Port should be > 0 and < 65536. Received ${port}.`);
  if (length > MAX_DATAGRAM_BYTES) return systemError('EMSGSIZE', `send EMSGSIZE ${address}:${port}`);
  return undefined;
}

/** An error shaped like those of the operating system. */
function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
