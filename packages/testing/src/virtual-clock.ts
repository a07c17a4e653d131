import { TimerHeap } from '@siplet/sip';
import type { Ms } from '@siplet/sip';
import type { Clock, TimerHandle } from '@siplet/transport';
import { toMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { TestingError } from './errors.ts';

/** Resolves when one part of the system has no work left at this instant, such as `container.whenIdle`. */
export type IdleProbe = () => Promise<unknown>;

/** How a virtual clock starts and waits. */
export interface VirtualClockOptions {
  /** Wall time at virtual time 0, epoch milliseconds. */
  readonly epochMs?: number;
  /** Longest real time to wait at one instant for work outside the process, such as a database query; milliseconds. */
  readonly patienceMs?: Ms;
}

/**
 * Time that moves only when the test says so. It steps from deadline to deadline, and at each one lets promises,
 * immediates and the idle probes settle, so that asynchronous servlets finish before time moves on.
 */
export class VirtualClock implements Clock {
  readonly #heap = new TimerHeap();
  readonly #probes = new Map<IdleProbe, Watched | undefined>();
  readonly #epochMs: number;
  readonly #patienceMs: Ms;
  /** Armed with no delay while timers fire: these wait until promises had their turn, as with a real clock. */
  readonly #soon = new Set<() => void>();
  #firing = false;
  #now: Ms = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: VirtualClockOptions = {}) {
    this.#epochMs = options.epochMs ?? DEFAULT_EPOCH_MS;
    this.#patienceMs = options.patienceMs ?? 1000;
  }

  /** Virtual milliseconds since the clock was made. */
  now(): Ms {
    return this.#now;
  }

  /** Virtual wall time in epoch milliseconds. */
  wallTime(): number {
    return this.#epochMs + this.#now;
  }

  /** Calls `fire` once when virtual time reaches now + delay. */
  setTimer(delayMs: Ms, fire: () => void): TimerHandle {
    if (this.#firing && delayMs <= 0) {
      const soon = (): void => fire();
      this.#soon.add(soon);
      return { cancel: () => void this.#soon.delete(soon) };
    }
    const heap = this.#heap;
    const entry = heap.add(this.#now + Math.max(0, delayMs), fire);
    return { cancel: () => heap.cancel(entry) };
  }

  /** The next instant at which something is due, Infinity when nothing is. */
  nextDeadline(): Ms {
    return this.#soon.size > 0 ? this.#now : this.#heap.nextDeadline();
  }

  /** Registers a probe that must settle before time moves; the result removes it. */
  addIdleProbe(probe: IdleProbe): () => void {
    this.#probes.set(probe, undefined);
    return () => void this.#probes.delete(probe);
  }

  /** Moves time on by the duration, running everything due on the way, in order; settles when all is idle. */
  async advance(duration: Duration): Promise<void> {
    const target = this.#now + toMs(duration);
    await this.#exclusive(async () => {
      await this.#settleNow();
      while (this.nextDeadline() <= target) await this.#step();
      this.#now = Math.max(this.#now, target);
    });
  }

  /** Lets everything that is possible at this instant happen, without moving time. */
  async settle(): Promise<void> {
    await this.#exclusive(async () => this.#settleNow());
  }

  /** Steps from deadline to deadline while the condition holds and something is due. */
  async stepWhile(condition: () => boolean): Promise<void> {
    let more = true;
    while (more) {
      more = await this.#exclusive(async () => {
        await this.#settleNow();
        if (!condition() || this.nextDeadline() === Infinity) return false;
        await this.#step();
        return true;
      });
    }
  }

  /**
   * Moves time on until the promise settles, and gives its result.
   * @throws {TestingError} TST_ERR_STALLED — nothing is due any more, or the limit of virtual time was reached
   */
  async until<T>(promise: Promise<T>, options: { limit?: Duration; waitingFor?: string } = {}): Promise<T> {
    const limitAt = this.#now + toMs(options.limit ?? '10m');
    const watched = watch(promise);
    await this.stepWhile(() => !watched.settled && this.nextDeadline() <= limitAt);
    if (!watched.settled) {
      const why =
        this.nextDeadline() === Infinity ? 'nothing is due any more' : `gave up after ${options.limit ?? '10m'}`;
      throw new TestingError('TST_ERR_STALLED', `${options.waitingFor ?? 'a promise'} did not settle, ${why}`);
    }
    return promise;
  }

  async #step(): Promise<void> {
    const at = this.nextDeadline();
    if (at > this.#now) this.#now = at;
    await this.#settleNow();
  }

  async #settleNow(): Promise<void> {
    await this.#drain();
    for (let round = 0; this.nextDeadline() <= this.#now; round += 1) {
      if (round > MAX_ROUNDS) throw new TestingError('TST_ERR_LIVELOCK', String(MAX_ROUNDS));
      this.#fireDue();
      await this.#drain();
    }
  }

  #fireDue(): void {
    this.#firing = true;
    try {
      for (const soon of Array.from(this.#soon)) if (this.#soon.delete(soon)) soon();
      this.#heap.runDue(this.#now);
    } finally {
      this.#firing = false;
    }
  }

  async #drain(): Promise<void> {
    for (let round = 0; round < QUIET_ROUNDS; round += 1) await immediate();
    for (const probe of this.#probes.keys()) await this.#await(probe);
  }

  /** Waits for a probe; one that turns out to need virtual time is waited for only briefly from then on. */
  async #await(probe: IdleProbe): Promise<void> {
    const known = this.#probes.get(probe);
    const watched = known === undefined || known.settled ? watch(probe()) : known;
    this.#probes.set(probe, watched);
    const startedAt = performance.now();
    for (let round = 0; !watched.settled; round += 1) {
      await immediate();
      if (this.nextDeadline() <= this.#now || (watched.stuck && round > STUCK_ROUNDS)) return;
      const elapsed = performance.now() - startedAt;
      if (elapsed > (outsideWork() ? this.#patienceMs : Math.min(this.#patienceMs, LEAST_PATIENCE_MS))) {
        watched.stuck = true;
      }
    }
  }

  /** One mover of time at a time: two phones may be waited for at once. */
  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const mine = before.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

interface Watched {
  settled: boolean;
  stuck: boolean;
}

const DEFAULT_EPOCH_MS = 1_750_000_000_000; // 2025-06-15T15:06:40Z, so that dates in tests repeat
const QUIET_ROUNDS = 3;
const MAX_ROUNDS = 100_000;
const STUCK_ROUNDS = 20;
const LEAST_PATIENCE_MS = 500; // work in the thread pool, such as scrypt, cannot be seen from here
const INSIDE =
  /^(Immediate|Timeout|TTYWrap|PipeWrap|MessagePort|ProcessWrap|SignalWrap|TickObject|Microtask|FSEventWrap)$/;

function watch(promise: Promise<unknown>): Watched {
  const watched: Watched = { settled: false, stuck: false };
  const done = (): void => void (watched.settled = true);
  promise.then(done, done);
  return watched;
}

/** True while this process may be waiting for sockets or files. */
function outsideWork(): boolean {
  return process.getActiveResourcesInfo().some((kind) => !INSIDE.test(kind));
}

async function immediate(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
