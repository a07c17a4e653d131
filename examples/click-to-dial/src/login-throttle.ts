import type { WallClock } from './wall-clock.ts';

const MAX_FAILURES = 10; // per name and address
const WINDOW_MS = 60_000;
const MAX_KEYS = 1000;

/** Slows down somebody who tries passwords on the login page. */
export class LoginThrottle {
  readonly #failures = new Map<string, { count: number; until: number }>();
  readonly #clock: WallClock;

  constructor(clock: WallClock) {
    this.#clock = clock;
  }

  /** Whether this name and address has to wait. */
  isClosed(key: string): boolean {
    const entry = this.#failures.get(key);
    return entry !== undefined && entry.until > this.#clock.now() && entry.count >= MAX_FAILURES;
  }

  failed(key: string): void {
    const now = this.#clock.now();
    const entry = this.#failures.get(key);
    const count = entry !== undefined && entry.until > now ? entry.count + 1 : 1;
    this.#failures.delete(key);
    this.#failures.set(key, { count, until: now + WINDOW_MS });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAX_KEYS && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
