import type { Clock, TimerHandle } from '@siplet/transport';

/** A timer of the container that was armed and not yet fired or cancelled. */
export interface ArmedTimer {
  cancel(): void;
}

/** The container's only way to arm a timer: the injected clock plus a count, so that leaks show. */
export class Timers {
  readonly clock: Clock;
  #active = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Timers that are armed now. */
  get active(): number {
    return this.#active;
  }

  /** Calls `fire` once after `delayMs` milliseconds. */
  after(delayMs: number, fire: () => void): ArmedTimer {
    return new CountedTimer(
      (done) => this.clock.setTimer(Math.max(0, delayMs), done),
      fire,
      (by) => {
        this.#active += by;
      },
    );
  }
}

class CountedTimer implements ArmedTimer {
  readonly #count: (by: number) => void;
  #handle: TimerHandle | undefined;

  constructor(arm: (done: () => void) => TimerHandle, fire: () => void, count: (by: number) => void) {
    this.#count = count;
    count(1);
    this.#handle = arm(() => {
      this.#release();
      fire();
    });
  }

  cancel(): void {
    this.#handle?.cancel();
    this.#release();
  }

  #release(): void {
    if (this.#handle === undefined) return;
    this.#handle = undefined;
    this.#count(-1);
  }
}
