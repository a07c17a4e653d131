import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, LockEntry>;
};

// npm drops the entries of platform packages that it could not see when it wrote the file; `npm ci` then refuses it.
test('the lock file has an entry for the optional packages of every platform, so that npm ci accepts it', () => {
  const wanted = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.filter((name) => !(`node_modules/${name}` in lock.packages))).toEqual([]);
});

test('the lock file names no registry', () => {
  const places = Object.values(lock.packages).map((entry) => entry.resolved ?? '');
  expect(places.filter((place) => /^https?:/.test(place))).toEqual([]);
});
