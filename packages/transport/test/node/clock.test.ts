import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from '@jest/globals';
import { nodePorts } from '../../src/index.ts';

test('timers fire in the order of their deadlines, never early, and cancelled ones never', async () => {
  const { clock } = nodePorts();
  const fired: string[] = [];
  const start = clock.now();
  const cancelled = clock.setTimer(1, () => fired.push('cancelled'));
  cancelled.cancel();
  cancelled.cancel();
  // The clock's own timer is unref'ed; this one holds the process while the test waits.
  const hold = setInterval(() => undefined, 1_000);
  await new Promise<void>((resolve) => {
    clock.setTimer(12, () => {
      fired.push(clock.now() - start >= 12 ? 'late' : 'too early');
      resolve();
    });
    clock.setTimer(3, () => {
      fired.push('soon');
    });
  });
  clearInterval(hold);
  expect(fired).toEqual(['soon', 'late']);
});

test('a delay beyond the range of setTimeout does not fire at once', async () => {
  const { clock } = nodePorts();
  const fired: string[] = [];
  const far = clock.setTimer(2 ** 40, () => fired.push('far'));
  const hold = setInterval(() => undefined, 1_000);
  await new Promise<void>((resolve) => void clock.setTimer(5, resolve));
  clearInterval(hold);
  far.cancel();
  expect(fired).toEqual([]);
});

test('a timer armed by a timer fires without anybody else', async () => {
  const { clock } = nodePorts();
  const hold = setInterval(() => undefined, 1_000);
  await new Promise<void>((resolve) => {
    clock.setTimer(1, () => void clock.setTimer(0, () => void clock.setTimer(2, resolve)));
  });
  clearInterval(hold);
});

test('a timer does not run in, or keep, the asynchronous context of whoever armed it', async () => {
  const { clock } = nodePorts();
  const context = new AsyncLocalStorage<string>();
  const hold = setInterval(() => undefined, 1_000);
  const seen = await new Promise<string | undefined>((resolve) => {
    context.run('a call', () => clock.setTimer(1, () => resolve(context.getStore())));
  });
  clearInterval(hold);
  expect(seen).toBeUndefined();
});
