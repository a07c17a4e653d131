import type { RandomSource } from '@siplet/transport';

/** A random source that gives the same sequence for the same seed. */
export interface SeededRandom extends RandomSource {
  readonly seed: string;
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, below). */
  int(below: number): number;
  /** True with the given probability; a probability of 0 draws nothing. */
  chance(probability: number): boolean;
  /** Another sequence that depends on the seed and the label only, not on what was drawn so far. */
  fork(label: string): SeededRandom;
}

/** Makes a repeatable random source (xoshiro128** seeded by FNV-1a and splitmix32); not for secrets. */
export function seededRandom(seed: number | string = 1): SeededRandom {
  const text = String(seed);
  const step = xoshiro128(text);
  const next = (): number => step() / 0x1_0000_0000;
  return {
    seed: text,
    next,
    int: (below) => Math.floor(next() * below),
    chance: (probability) => probability > 0 && next() < probability,
    bytes: (length) => Uint8Array.from({ length }, () => step() & 0xff),
    fork: (label) => seededRandom(`${text}/${label}`),
  };
}

function xoshiro128(seed: string): () => number {
  let mix = hash(seed);
  const splitmix = (): number => {
    mix = (mix + 0x9e37_79b9) | 0;
    let z = mix ^ (mix >>> 16);
    z = Math.imul(z, 0x21f0_aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a_2d97);
    return z ^ (z >>> 15);
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix();
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

function hash(text: string): number {
  let value = 0x811c_9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x0100_0193);
  }
  return value;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
