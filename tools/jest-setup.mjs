// Runs before every test file: a test that writes to the console fails, because a quiet run is part of the promise.
import { afterEach, beforeEach, expect } from '@jest/globals';

const METHODS = ['log', 'info', 'warn', 'error', 'debug'];
let written = [];
const originals = new Map(METHODS.map((name) => [name, console[name]]));

beforeEach(() => {
  written = [];
  for (const name of METHODS)
    console[name] = (...args) => void written.push(`console.${name}: ${args.map(String).join(' ')}`);
});

afterEach(() => {
  for (const [name, original] of originals) console[name] = original;
  expect(written).toEqual([]);
});
