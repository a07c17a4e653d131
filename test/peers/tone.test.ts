import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readWav, secondsOfTone, writeTone } from './tone.ts';

test('tone recognition hears the tone that is there, for as long as it is there, and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siplet-tone-'));
  try {
    const file = join(folder, 'tone.wav');
    writeTone(file, 1000, 2);
    const sound = readWav(file);
    expect(secondsOfTone(sound, 1000)).toBeCloseTo(2, 5);
    expect(secondsOfTone(sound, 440)).toBe(0);
    expect(secondsOfTone({ rate: 8000, samples: new Float64Array(16_000) }, 440)).toBe(0);
    expect(secondsOfTone({ rate: 8000, samples: sound.samples.map((_, i) => Math.sin(i * i)) }, 440)).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
