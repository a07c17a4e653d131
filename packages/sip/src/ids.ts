/** Where the engine's unpredictable names come from; injected. */
export interface IdSource {
  /** `z9hG4bK` and at least 64 random bits (RFC 3261 §8.1.1.7). */
  branch(): string;
  /** RFC 3261 §19.3. */
  tag(): string;
  callId(): string;
}

/** RFC 3261 §8.1.1.7: marks branches that are unique by construction. */
export const MAGIC_COOKIE = 'z9hG4bK';

/** Numbers instead of randomness, for tests. */
export class CountingIds implements IdSource {
  #branches = 0;
  #tags = 0;
  #callIds = 0;

  branch(): string {
    return `${MAGIC_COOKIE}-${++this.#branches}`;
  }

  tag(): string {
    return `tag-${++this.#tags}`;
  }

  callId(): string {
    return `call-${++this.#callIds}`;
  }
}

const ID_BYTES = 16; // 128 bits
const TAG_BYTES = 10; // 80 bits
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Ids of 80 to 128 random bits from an injected byte source. */
export class RandomIds implements IdSource {
  readonly #bytes: (length: number) => Uint8Array;
  readonly #suffix: string;

  constructor(bytes: (length: number) => Uint8Array, callIdHost?: string) {
    this.#bytes = bytes;
    this.#suffix = callIdHost === undefined ? '' : `@${callIdHost}`;
  }

  branch(): string {
    return MAGIC_COOKIE + this.#hex(ID_BYTES);
  }

  tag(): string {
    return this.#hex(TAG_BYTES);
  }

  callId(): string {
    return this.#hex(ID_BYTES) + this.#suffix;
  }

  #hex(length: number): string {
    let out = '';
    for (const byte of this.#bytes(length)) out += HEX[byte] ?? '';
    return out;
  }
}
