import { expect, test } from '@jest/globals';
import { nodePorts } from '../../src/index.ts';

test('random bytes never repeat, whatever the length', () => {
  const { random } = nodePorts();
  const seen = new Set<string>();
  for (let round = 0; round < 2_000; round++) seen.add(Buffer.from(random.bytes(16)).toString('hex'));
  expect(seen.size).toBe(2_000);
  expect(random.bytes(5_000).length).toBe(5_000);
  expect(random.bytes(0).length).toBe(0);
});

test('the addresses of this machine include loopback, with its prefix', () => {
  expect(nodePorts().localAddresses?.()).toContainEqual({ address: '127.0.0.1', prefixLength: 8, internal: true });
});

test('a literal address is looked up without asking anybody; the epoch is the epoch', async () => {
  const ports = nodePorts();
  await expect(ports.lookup('127.0.0.1')).resolves.toEqual(['127.0.0.1']);
  expect(Math.abs(ports.clock.wallTime() - Date.now())).toBeLessThan(1_000);
});
