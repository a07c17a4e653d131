import { createHmac } from 'node:crypto';
import type { Clock, RandomSource } from '@siplet/transport';

/** What a nonce says about itself. */
export type NonceVerdict =
  /** Ours, for this source, young enough. */
  | 'fresh'
  /** Ours and for this source, but too old or its count was seen. */
  | 'stale'
  /** Not ours, or for somebody else. */
  | 'foreign';

/** A nonce lives 60 s. */
const LIFETIME_MS = 60_000;
const KEY_BYTES = 32;
const RANDOM_BYTES = 8;
const MAC_BYTES = 16;
/** Counts that are remembered; older nonces become stale beyond it, so that memory is bounded. */
const MAX_COUNTS = 50_000;

/** Nonces that need no memory until they are used: time and random bytes under an HMAC with source and realm (RFC 7616 §3.3). */
export class Nonces {
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #key: Uint8Array;
  /** Highest count per used nonce, in order of first use. */
  readonly #counts = new Map<string, { count: number; until: number }>();
  #floor = 0;

  constructor(clock: Clock, random: RandomSource) {
    this.#clock = clock;
    this.#random = random;
    this.#key = random.bytes(KEY_BYTES);
  }

  /** A nonce for this source and realm. */
  issue(source: string, realm: string): string {
    const body = Buffer.alloc(8 + RANDOM_BYTES);
    body.writeBigUInt64BE(BigInt(this.#clock.wallTime()));
    body.set(this.#random.bytes(RANDOM_BYTES), 8);
    return Buffer.concat([body, this.#mac(body, source, realm)]).toString('base64url');
  }

  /** Judges a nonce without counting its use. */
  verdict(nonce: string, source: string, realm: string): NonceVerdict {
    const bytes = Buffer.from(nonce, 'base64url');
    if (bytes.length !== 8 + RANDOM_BYTES + MAC_BYTES) return 'foreign';
    const body = bytes.subarray(0, 8 + RANDOM_BYTES);
    if (!sameBytes(bytes.subarray(8 + RANDOM_BYTES), this.#mac(body, source, realm))) return 'foreign';
    const issuedAt = Number(body.readBigUInt64BE());
    if (issuedAt < this.#floor) return 'stale';
    return this.#clock.wallTime() - issuedAt > LIFETIME_MS ? 'stale' : 'fresh';
  }

  /** Counts a use; false when this count, or a higher one, was used before (RFC 7616 §3.4: replay). */
  use(nonce: string, count: number): boolean {
    const now = this.#clock.wallTime();
    this.#forget(now);
    const known = this.#counts.get(nonce);
    if (known !== undefined) {
      if (count <= known.count) return false;
      known.count = count;
      return true;
    }
    this.#counts.set(nonce, { count, until: now + LIFETIME_MS });
    return true;
  }

  /** A value that nobody can guess and that stays the same: stands for the secret of an unknown user. */
  fake(user: string, realm: string, length: number): string {
    return createHmac('sha256', this.#key).update(`fake\n${user}\n${realm}`).digest('hex').slice(0, length);
  }

  #mac(body: Uint8Array, source: string, realm: string): Buffer {
    const mac = createHmac('sha256', this.#key).update(body).update(`${source}\n${realm}`).digest();
    return mac.subarray(0, MAC_BYTES);
  }

  #forget(now: number): void {
    for (const [nonce, { until }] of this.#counts) {
      if (until >= now && this.#counts.size < MAX_COUNTS) return;
      if (until >= now) this.#floor = until - LIFETIME_MS + 1;
      this.#counts.delete(nonce);
    }
  }
}

/** Comparison whose time does not depend on where the first difference is. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** {@link sameBytes} for texts. */
export function sameText(a: string, b: string): boolean {
  return sameBytes(Buffer.from(a), Buffer.from(b));
}
