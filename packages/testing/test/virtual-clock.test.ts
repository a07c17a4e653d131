import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { TestingError, VirtualClock, toMs } from '@siplet/testing';

describe('the virtual clock', () => {
  test('runs timers in the order of their deadlines, those of one instant in the order they were armed', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimer(20, () => fired.push(`b@${clock.now()}`));
    clock.setTimer(10, () => fired.push(`a@${clock.now()}`));
    clock.setTimer(20, () => fired.push(`c@${clock.now()}`));
    await clock.advance(15);
    expect(fired).toEqual(['a@10']);
    expect(clock.now()).toBe(15);
    await clock.advance(5);
    expect(fired).toEqual(['a@10', 'b@20', 'c@20']);
  });

  test('does not run a cancelled timer', async () => {
    const clock = new VirtualClock();
    let fired = false;
    const handle = clock.setTimer(5, () => (fired = true));
    handle.cancel();
    await clock.advance(10);
    expect(fired).toBe(false);
    expect(clock.nextDeadline()).toBe(Infinity);
  });

  test('lets asynchronous work finish before time moves on, so what it arms fires at the right instant', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    clock.setTimer(10, () => {
      void (async () => {
        for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
        clock.setTimer(5, () => fired.push(clock.now()));
      })();
    });
    await clock.advance('1s');
    expect(fired).toEqual([15]);
    expect(clock.now()).toBe(1000);
  });

  test('waits for idle probes before time moves on', async () => {
    const clock = new VirtualClock();
    let release: (() => void) | undefined;
    let idle = Promise.resolve();
    const remove = clock.addIdleProbe(async () => idle);
    const seen: number[] = [];
    clock.setTimer(10, () => {
      idle = new Promise<void>((resolve) => (release = resolve));
      let rounds = 0;
      const later = (): void => {
        rounds += 1;
        if (rounds < 20) setImmediate(later);
        else {
          seen.push(clock.now());
          release?.();
        }
      };
      setImmediate(later);
    });
    clock.setTimer(11, () => seen.push(clock.now()));
    await clock.advance(20);
    expect(seen).toEqual([10, 11]);
    remove();
  });

  test('a probe that itself needs time does not stop the clock', async () => {
    const clock = new VirtualClock();
    clock.addIdleProbe(async () => new Promise<void>((resolve) => void clock.setTimer(1000, resolve)));
    await clock.advance('2s');
    expect(clock.now()).toBe(2000);
  });

  test('waits for work in the thread pool, which nothing announces', async () => {
    const clock = new VirtualClock();
    const hash = promisify(scrypt);
    const seen: number[] = [];
    let idle: Promise<unknown> = Promise.resolve();
    clock.addIdleProbe(async () => idle);
    clock.setTimer(10, () => {
      idle = hash('secret', 'salt', 32).then(() => seen.push(clock.now()));
    });
    clock.setTimer(11, () => seen.push(clock.now()));
    await clock.advance(20);
    expect(seen).toEqual([10, 11]);
  });

  test('until() moves time no further than the promise needs', async () => {
    const clock = new VirtualClock();
    const promise = new Promise<string>((resolve) => void clock.setTimer(32_000, () => resolve('done')));
    clock.setTimer(60_000, () => undefined);
    await expect(clock.until(promise)).resolves.toBe('done');
    expect(clock.now()).toBe(32_000);
  });

  test('until() says so when nothing is left that could settle the promise', async () => {
    const clock = new VirtualClock();
    clock.setTimer(10, () => undefined);
    const never = new Promise<void>(() => undefined);
    const failure = await clock.until(never, { waitingFor: 'the answer' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TestingError);
    expect(failure).toMatchObject({ code: 'TST_ERR_STALLED', message: expect.stringContaining('the answer') });
    await expect(clock.until(never, { limit: 5 })).rejects.toMatchObject({ code: 'TST_ERR_STALLED' });
  });

  test('two waiters share one time line', async () => {
    const clock = new VirtualClock();
    const after = async (ms: number): Promise<number> =>
      new Promise((resolve) => void clock.setTimer(ms, () => resolve(clock.now())));
    const results = await Promise.all([clock.until(after(30)), clock.until(after(10)), clock.until(after(20))]);
    expect(results).toEqual([30, 10, 20]);
    expect(clock.now()).toBe(30);
  });

  test('a timer that re-arms itself at the same instant is reported, not run for ever', async () => {
    const clock = new VirtualClock();
    let rounds = 0;
    const again = (): void => {
      rounds += 1;
      clock.setTimer(0, again);
    };
    again();
    await expect(clock.advance(1)).rejects.toMatchObject({ code: 'TST_ERR_LIVELOCK' });
    expect(rounds).toBeGreaterThan(1000);
  });

  test('thirty minutes of virtual time cost milliseconds', async () => {
    const clock = new VirtualClock();
    const startedAt = performance.now();
    await clock.advance('31m');
    expect(clock.now()).toBe(31 * 60_000);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('durations have units', () => {
    expect([toMs(7), toMs('250ms'), toMs('1.5s'), toMs('31m'), toMs('2h'), toMs('1d')]).toEqual([
      7, 250, 1500, 1_860_000, 7_200_000, 86_400_000,
    ]);
    expect(() => toMs('3 weeks' as '3s')).toThrow(TestingError);
    expect(() => toMs(-1)).toThrow(TestingError);
  });
});
