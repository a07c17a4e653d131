import { AsyncLocalStorage } from 'node:async_hooks';
import type { Ms } from '@siplet/sip';
import { TimerHeap } from '@siplet/sip';
import type { Clock, TimerHandle } from '../ports.ts';

/**
 * The real clock: any number of timers over one `setTimeout`.
 *
 * That one timer is unref'ed: sockets keep a server alive, timers do not, so a stopped container lets the process end.
 */
export class NodeClock implements Clock {
  readonly #heap = new TimerHeap();
  #timeout: NodeJS.Timeout | undefined = undefined;
  #wakeAt: Ms = Infinity;

  now(): Ms {
    return performance.now();
  }

  wallTime(): number {
    return Date.now();
  }

  setTimer(delayMs: Ms, fire: () => void): TimerHandle {
    const entry = this.#heap.add(this.now() + Math.max(0, delayMs), fire);
    this.#arm();
    return { cancel: () => this.#heap.cancel(entry) };
  }

  /** A wake-up that comes too early finds nothing due and arms again, so cancelling needs no system call. */
  #arm(): void {
    const next = this.#heap.nextDeadline();
    if (next >= this.#wakeAt) return;
    clearTimeout(this.#timeout);
    this.#wakeAt = next;
    const delay = Math.min(Math.max(1, Math.ceil(next - this.now())), LONGEST_TIMEOUT);
    this.#timeout = outside(() => setTimeout(this.#wake, delay));
    this.#timeout.unref();
  }

  readonly #wake = (): void => {
    this.#wakeAt = Infinity;
    try {
      this.#heap.runDue(this.now());
    } finally {
      this.#arm(); // whatever a timer did, the others still fire
    }
  };
}

// The one timer serves everybody: it must not keep, or run in, the context of whoever happened to arm it.
const outside = AsyncLocalStorage.snapshot();
const LONGEST_TIMEOUT = 2_147_483_647; // ms; Node fires anything longer at once
