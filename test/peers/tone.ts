import { readFileSync, writeFileSync } from 'node:fs';

/** Mono samples between -1 and 1. */
export interface Sound {
  readonly rate: number;
  readonly samples: Float64Array;
}

/** Reads 16-bit PCM (the first channel of it), also when the header was never completed. */
export function readWav(path: string): Sound {
  const data = readFileSync(path);
  let rate = 8000;
  let channels = 1;
  let bits = 16;
  for (let at = 12; at + 8 <= data.length;) {
    const id = data.toString('latin1', at, at + 4);
    const size = data.readUInt32LE(at + 4);
    if (id === 'fmt ') {
      channels = data.readUInt16LE(at + 10);
      rate = data.readUInt32LE(at + 12);
      bits = data.readUInt16LE(at + 22);
    }
    if (id === 'data') {
      if (bits !== 16) throw new Error(`${path}: ${bits} bits a sample, only 16 are understood`);
      const end = size === 0 || at + 8 + size > data.length ? data.length : at + 8 + size;
      const count = Math.floor((end - at - 8) / (2 * channels));
      const samples = new Float64Array(count);
      for (let i = 0; i < count; i++) samples[i] = data.readInt16LE(at + 8 + i * 2 * channels) / 32768;
      return { rate, samples };
    }
    at += 8 + size + (size % 2);
  }
  return { rate, samples: new Float64Array(0) };
}

/** Writes a pure tone as 16-bit mono PCM. */
export function writeTone(path: string, hz: number, seconds: number, rate = 16_000): void {
  const count = Math.floor(seconds * rate);
  const data = Buffer.alloc(44 + count * 2);
  data.write('RIFF', 0, 'latin1');
  data.writeUInt32LE(36 + count * 2, 4);
  data.write('WAVEfmt ', 8, 'latin1');
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(1, 22);
  data.writeUInt32LE(rate, 24);
  data.writeUInt32LE(rate * 2, 28);
  data.writeUInt16LE(2, 32);
  data.writeUInt16LE(16, 34);
  data.write('data', 36, 'latin1');
  data.writeUInt32LE(count * 2, 40);
  for (let i = 0; i < count; i++)
    data.writeInt16LE(Math.round(16_000 * Math.sin((2 * Math.PI * hz * i) / rate)), 44 + i * 2);
  writeFileSync(path, data);
}

/** The share of a block's power that lies at one frequency, 0 to 1 (Goertzel). */
export function toneShare(samples: Float64Array, rate: number, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let before = 0;
  let last = 0;
  let power = 0;
  for (const sample of samples) {
    const next = sample + coefficient * last - before;
    before = last;
    last = next;
    power += sample * sample;
  }
  if (power === 0) return 0;
  return (2 * (last * last + before * before - coefficient * last * before)) / (samples.length * power);
}

/** For how many seconds a tone is what one mainly hears: blocks of 100 ms with at least 60 % of their power there. */
export function secondsOfTone(sound: Sound, hz: number): number {
  const size = Math.floor(sound.rate / 10);
  let heard = 0;
  for (let at = 0; at + size <= sound.samples.length; at += size) {
    const block = sound.samples.subarray(at, at + size);
    const loudness = Math.sqrt(block.reduce((sum, sample) => sum + sample * sample, 0) / size);
    if (loudness > 0.003 && toneShare(block, sound.rate, hz) > 0.6) heard += 0.1;
  }
  return heard;
}
