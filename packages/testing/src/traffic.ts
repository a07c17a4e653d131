import type { Ms } from '@siplet/sip';

/** One end of something sent. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What became of something sent. */
export type Fate = 'delivered' | 'lost' | 'partitioned' | 'unreachable';

/** One datagram, stream write or WebSocket message, as it was sent. */
export interface TrafficEntry {
  readonly sentAt: Ms;
  readonly protocol: 'UDP' | 'TCP' | 'WS';
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
  readonly fate: Fate;
}

/** Everything that was sent on a network, in order. */
export class Traffic implements Iterable<TrafficEntry> {
  readonly #entries: TrafficEntry[] = [];
  readonly #listeners = new Set<(entry: TrafficEntry) => void>();

  /** How many entries there are. */
  get size(): number {
    return this.#entries.length;
  }

  /** Notes one entry. */
  add(entry: TrafficEntry): void {
    this.#entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Calls the listener for each later entry; the result stops it. */
  observe(listener: (entry: TrafficEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets what was sent so far, so that a ladder starts here. */
  clear(): void {
    this.#entries.length = 0;
  }

  [Symbol.iterator](): IterableIterator<TrafficEntry> {
    return this.#entries.values();
  }
}
