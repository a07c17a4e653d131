import type { Clock } from '@siplet/transport';

/** Failures that cost nothing: people mistype. */
const FREE = 2;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8000; // under 64*T1, so that the answer still finds its transaction
const FORGET_MS = 600_000;
const MAX_ENTRIES = 20_000;

/** Counts failed authentications per source and user, and says how long the next answer waits. */
export class Failures {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { count: number; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a failure; returns the delay of its answer in milliseconds. */
  failed(source: string, user: string): number {
    const now = this.#clock.now();
    this.#forget(now);
    const key = `${source}\n${user}`;
    const count = (this.#entries.get(key)?.count ?? 0) + 1;
    this.#entries.delete(key); // the newest stands last
    this.#entries.set(key, { count, at: now });
    if (count <= FREE) return 0;
    return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - FREE - 1));
  }

  /** A success forgives. */
  succeeded(source: string, user: string): void {
    this.#entries.delete(`${source}\n${user}`);
  }

  #forget(now: number): void {
    for (const [key, { at }] of this.#entries) {
      if (now - at < FORGET_MS && this.#entries.size < MAX_ENTRIES) return;
      this.#entries.delete(key);
    }
  }
}
