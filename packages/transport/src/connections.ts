import type { ConnectedFlow } from './flow.ts';

/** The open TCP and WebSocket connections, by token and by peer, counted per source. */
export class Connections {
  readonly #maxPerSource: number;
  readonly #byId = new Map<string, ConnectedFlow>();
  readonly #byPeer = new Map<string, ConnectedFlow>();
  readonly #perSource = new Map<string, number>();

  constructor(maxPerSource: number) {
    this.#maxPerSource = maxPerSource;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** True while an address may open one more connection. */
  admits(address: string): boolean {
    return (this.#perSource.get(address) ?? 0) < this.#maxPerSource;
  }

  /** Takes a connection in. */
  add(flow: ConnectedFlow): void {
    this.#byId.set(flow.id, flow);
    const key = peerKey(flow.protocol, flow.remoteAddress, flow.remotePort);
    if (!this.#byPeer.has(key)) this.#byPeer.set(key, flow);
    if (!flow.outbound) this.#perSource.set(flow.remoteAddress, (this.#perSource.get(flow.remoteAddress) ?? 0) + 1);
  }

  /** Forgets a connection. */
  remove(flow: ConnectedFlow): void {
    if (!this.#byId.delete(flow.id)) return;
    const key = peerKey(flow.protocol, flow.remoteAddress, flow.remotePort);
    if (this.#byPeer.get(key) === flow) this.#byPeer.delete(key);
    if (flow.outbound) return;
    const left = (this.#perSource.get(flow.remoteAddress) ?? 1) - 1;
    if (left > 0) this.#perSource.set(flow.remoteAddress, left);
    else this.#perSource.delete(flow.remoteAddress);
  }

  /** The connection that a token names. */
  byId(id: string): ConnectedFlow | undefined {
    return this.#byId.get(id);
  }

  /** The connection with a peer (RFC 3261 §18.1.1: reuse it). */
  byPeer(protocol: string, address: string, port: number): ConnectedFlow | undefined {
    return this.#byPeer.get(peerKey(protocol, address, port));
  }

  /** Closes all connections without reporting them. */
  abandonAll(): void {
    const flows = [...this.#byId.values()];
    this.#byId.clear();
    this.#byPeer.clear();
    this.#perSource.clear();
    for (const flow of flows) flow.abandon();
  }
}

function peerKey(protocol: string, address: string, port: number): string {
  return `${protocol}|${address}|${port}`;
}
