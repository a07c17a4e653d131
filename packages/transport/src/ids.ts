import type { IdSource } from '@siplet/sip';
import type { RandomSource } from './ports.ts';

/** Branches, tags and Call-IDs of 128 random bits, cut from a pool so that one costs a substring. */
export class RandomIds implements IdSource {
  readonly #random: RandomSource;
  #pool = '';
  #next = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** `z9hG4bK` and 128 random bits (RFC 3261 §8.1.1.7). */
  branch(): string {
    return `z9hG4bK${this.token()}`;
  }

  /** 128 random bits (RFC 3261 §19.3 asks for 32). */
  tag(): string {
    return this.token();
  }

  /** 128 random bits, without a host that would tell where we are. */
  callId(): string {
    return this.token();
  }

  /** 32 lower-case hexadecimal digits. */
  token(): string {
    const start = this.#next;
    if (start + TOKEN_DIGITS > this.#pool.length) return this.#refill();
    this.#next = start + TOKEN_DIGITS;
    return this.#pool.substring(start, start + TOKEN_DIGITS);
  }

  #refill(): string {
    const bytes = this.#random.bytes(POOL_BYTES);
    this.#pool = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
    this.#next = TOKEN_DIGITS;
    return this.#pool.substring(0, TOKEN_DIGITS);
  }
}

const TOKEN_DIGITS = 32; // 128 bits
const POOL_BYTES = 512; // 32 tokens; small, because a token that lives long keeps its pool alive
