import { describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@siplet/testing';
import { BusyTracker, Mailbox, type MailboxHost } from '../../src/session/mailbox.ts';
import { Timers } from '../../src/session/timers.ts';

function setUp(watchdogMs = 1000) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const host: MailboxHost = {
    timers: new Timers(clock),
    watchdogMs,
    tracker: new BusyTracker(),
    stuck: (label) => log.push(`stuck ${label}`),
    failed: (error, label) => log.push(`failed ${label}: ${String(error)}`),
  };
  return { clock, log, host };
}

function deferred(): { resolve: () => void; promise: Promise<void> } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { resolve, promise };
}

describe('a mailbox', () => {
  test('runs synchronous work at once, with its end of turn, and keeps nothing', () => {
    const { host } = setUp();
    const order: string[] = [];
    const mailbox = new Mailbox(host, () => void order.push('end of turn'));
    mailbox.enter(() => void order.push('work'));
    expect(order).toEqual(['work', 'end of turn']);
    expect([mailbox.depth, host.tracker.busy, host.timers.active]).toEqual([0, 0, 0]);
  });

  test('runs what enters during a turn after it, in order', async () => {
    const { host } = setUp();
    const order: string[] = [];
    const mailbox = new Mailbox(host, () => void order.push('end'));
    const first = deferred();
    mailbox.enter(async () => {
      order.push('first');
      mailbox.enter(() => void order.push('from inside'));
      await first.promise;
      order.push('first done');
    });
    mailbox.enter(() => void order.push('second'));
    expect(mailbox.depth).toBe(3);
    first.resolve();
    await host.tracker.whenIdle();
    expect(order).toEqual(['first', 'first done', 'end', 'from inside', 'end', 'second', 'end']);
    expect([mailbox.depth, host.timers.active]).toEqual([0, 0]);
  });

  test('goes on after work that throws or rejects', async () => {
    const { host, log } = setUp();
    const mailbox = new Mailbox(host);
    mailbox.enter(() => {
      throw new Error('one');
    }, 'sync');
    mailbox.enter(
      () => Promise.reject(new Error('two')),
      () => 'async',
    );
    let ran = false;
    mailbox.enter(() => void (ran = true));
    await host.tracker.whenIdle();
    expect(ran).toBe(true);
    expect(log).toEqual(['failed sync: Error: one', 'failed async: Error: two']);
  });

  test('names a handler that does not settle and goes on; its late end disturbs nothing', async () => {
    const { host, log, clock } = setUp(1000);
    const order: string[] = [];
    const mailbox = new Mailbox(host, () => void order.push('end'));
    const never = deferred();
    mailbox.enter(
      () => never.promise,
      () => 'INVITE of somebody',
      () => order.push('abandoned'),
    );
    mailbox.enter(() => void order.push('next'));
    await clock.advance(999);
    expect(order).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['stuck INVITE of somebody']);
    expect(order).toEqual(['abandoned', 'next', 'end']);
    const running = deferred();
    mailbox.enter(() => running.promise);
    mailbox.enter(() => void order.push('last'));
    never.resolve();
    for (let i = 0; i < 10; i++) await Promise.resolve();
    expect(order).toEqual(['abandoned', 'next', 'end']); // the one that runs now is still alone
    running.resolve();
    await host.tracker.whenIdle();
    expect(order).toEqual(['abandoned', 'next', 'end', 'end', 'last', 'end']);
    expect(host.tracker.busy).toBe(0);
    expect(host.timers.active).toBe(0);
  });

  test('run gives the result, and inside a turn of the same mailbox it does not wait for itself', async () => {
    const { host } = setUp();
    const mailbox = new Mailbox(host);
    const other = new Mailbox(host);
    const result = await mailbox.run(async () => {
      expect(mailbox.isInside).toBe(true);
      expect(other.isInside).toBe(false);
      await Promise.resolve();
      return `${await mailbox.run(() => 'inner')} ${await other.run(() => 'other')}`;
    });
    expect(result).toBe('inner other');
    await expect(mailbox.run(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(mailbox.isInside).toBe(false);
  });

  test('what a turn leaves running does not count as inside once the turn is over', async () => {
    const { host } = setUp();
    const mailbox = new Mailbox(host);
    const later = deferred();
    let detached: Promise<boolean> | undefined;
    await mailbox.run(() => {
      detached = later.promise.then(() => mailbox.isInside);
    });
    later.resolve();
    expect(await detached).toBe(false);
  });

  test('thousands of waiting pieces of work do not grow the stack', async () => {
    const { host } = setUp();
    const mailbox = new Mailbox(host);
    const first = deferred();
    let count = 0;
    mailbox.enter(() => first.promise);
    for (let i = 0; i < 20_000; i++) mailbox.enter(() => void count++);
    first.resolve();
    await host.tracker.whenIdle();
    expect(count).toBe(20_000);
  });
});
