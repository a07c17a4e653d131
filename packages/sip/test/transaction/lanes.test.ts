import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TimerHeap } from '@siplet/sip';
import { Lanes, type LaneTimer } from '../../src/transaction/lanes.ts';
import { deriveTimers } from '../../src/transaction/timers.ts';

describe('timer lanes', () => {
  test('timers of different durations fire in deadline order', () => {
    const fired: string[] = [];
    const lanes = new Lanes<string, string>((owner) => fired.push(owner));
    lanes.arm(4000, 'slow', 'k', 0); // 4000
    lanes.arm(500, 'quick', 'k', 100); // 600
    lanes.arm(4000, 'slow 2', 'k', 200); // 4200
    lanes.arm(500, 'quick 2', 'k', 3600); // 4100
    lanes.arm(1000, 'middle', 'k', 3000); // 4000, armed after slow
    expect(lanes.nextDeadline()).toBe(600);
    lanes.advance(5000);
    expect(fired).toEqual(['quick', 'slow', 'middle', 'quick 2', 'slow 2']);
    expect(lanes.nextDeadline()).toBe(Infinity);
    expect(lanes.size).toBe(0);
  });

  test('any mix of arming, cancelling and advancing fires like one sorted list', () => {
    const commands = fc.array(
      fc.record({
        what: fc.constantFrom('arm', 'arm', 'cancel', 'advance'),
        delay: fc.integer({ min: 0, max: 60 }), // more durations than lanes: the heap takes part
        step: fc.integer({ min: 0, max: 20 }),
      }),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(commands, (list) => {
        let now = 0;
        let order = 0;
        const fired: number[] = [];
        const lanes = new Lanes<number, string>((owner) => fired.push(owner));
        const armed: { at: number; id: number; timer: LaneTimer<number, string> }[] = [];
        const expected: number[] = [];
        for (const { what, delay, step } of list) {
          if (what === 'arm') {
            const id = order++;
            armed.push({ at: now + delay, id, timer: lanes.arm(delay, id, 'k', now) });
          } else if (what === 'cancel') {
            const [gone] = armed.splice(delay % Math.max(armed.length, 1), 1);
            if (gone !== undefined) lanes.cancel(gone.timer);
          } else {
            now += step;
            const due = armed.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at || a.id - b.id);
            expected.push(...due.map(({ id }) => id));
            for (const item of due) armed.splice(armed.indexOf(item), 1);
            lanes.advance(now);
          }
        }
        expect(fired).toEqual(expected);
        expect(lanes.size).toBe(armed.length);
        expect(lanes.nextDeadline()).toBe(Math.min(Infinity, ...armed.map(({ at }) => at)));
      }),
    );
  });

  test('a cancelled or fired timer can be cancelled again', () => {
    const lanes = new Lanes<string, string>(() => undefined);
    const timer = lanes.arm(1, 'a', 'k', 0);
    lanes.cancel(timer);
    lanes.cancel(timer);
    expect(lanes.size).toBe(0);
  });

  test('a clock that steps back leaves the lanes sorted', () => {
    const fired: string[] = [];
    const lanes = new Lanes<string, string>((owner) => fired.push(owner));
    lanes.arm(10, 'first', 'k', 100);
    lanes.arm(10, 'second', 'k', 50);
    lanes.advance(109);
    expect(fired).toEqual([]);
    lanes.advance(110);
    expect(fired).toEqual(['first', 'second']);
  });
});

describe('TimerHeap', () => {
  test('fires in deadline order, equal deadlines in the order they were added', () => {
    const heap = new TimerHeap();
    const fired: string[] = [];
    heap.add(20, () => fired.push('b'));
    heap.add(10, () => fired.push('a'));
    const gone = heap.add(15, () => fired.push('x'));
    heap.add(20, () => fired.push('c'));
    expect(heap.nextDeadline()).toBe(10);
    heap.cancel(gone);
    heap.cancel(gone);
    expect(heap.size).toBe(3);
    expect(heap.runDue(20)).toBe(3);
    expect(fired).toEqual(['a', 'b', 'c']);
    expect(heap.nextDeadline()).toBe(Infinity);
  });

  test('a timer added by a firing timer fires in the same run when due', () => {
    const heap = new TimerHeap();
    const fired: number[] = [];
    heap.add(1, () => {
      fired.push(1);
      heap.add(2, () => fired.push(2));
      heap.add(9, () => fired.push(9));
    });
    expect(heap.runDue(5)).toBe(2);
    expect(fired).toEqual([1, 2]);
  });

  test('cancelling from the middle keeps the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(60)), (deadlines, cancelled) => {
        const heap = new TimerHeap();
        const fired: number[] = [];
        const entries = deadlines.map((at) => heap.add(at, () => fired.push(at)));
        const gone = new Set(cancelled);
        entries.forEach((entry, index) => gone.has(index) && heap.cancel(entry));
        heap.runDue(100);
        expect(fired).toEqual(deadlines.filter((_, index) => !gone.has(index)).sort((a, b) => a - b));
      }),
    );
  });
});

describe('timer values', () => {
  test('the defaults are those of RFC 3261 table 4', () => {
    expect(deriveTimers()).toEqual({
      t1: 500,
      t2: 4000,
      t4: 5000,
      timerD: 32_000,
      t64: 32_000,
      tryingInvite: 200,
      tryingOther: 3500,
    });
  });

  test('a timer of 0 ms or less is refused', () => {
    expect(() => deriveTimers({ t1: 0 })).toThrow(expect.objectContaining({ code: 'SIP_ERR_ARGUMENT' }));
    expect(() => deriveTimers({ t4: Infinity })).toThrow(expect.objectContaining({ code: 'SIP_ERR_ARGUMENT' }));
  });
});
