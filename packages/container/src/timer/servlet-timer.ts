import { type PlainData, ServletTimer, type SipApplicationSession } from '@siplet/api';
import type { Kernel } from '../dispatch/kernel.ts';
import type { ApplicationSession } from '../session/application-session.ts';
import { chain } from '../session/chain.ts';
import type { ArmedTimer } from '../session/timers.ts';

/** Everything a timer needs in order to go on: PLAIN DATA. */
export interface TimerData {
  readonly id: string;
  readonly applicationSessionId: string;
  /** Milliseconds; 0 for a timer that runs once. */
  readonly periodMs: number;
  /** Counts the period from the end of a run instead of its planned begin. */
  readonly fixedDelay: boolean;
  readonly isPersistent: boolean;
  readonly info: PlainData | undefined;
  /** Milliseconds since the epoch. */
  nextAt: number;
}

/** The container's `ServletTimer`: fires into the mailbox of its application session and dies with it. */
export class ContainerTimer extends ServletTimer {
  readonly data: TimerData;
  readonly #kernel: Kernel;
  readonly #session: ApplicationSession;
  #armed: ArmedTimer | undefined = undefined;
  #active = true;

  constructor(kernel: Kernel, session: ApplicationSession, data: TimerData) {
    super();
    this.#kernel = kernel;
    this.#session = session;
    this.data = data;
  }

  getId(): string {
    return this.data.id;
  }

  getApplicationSession(): SipApplicationSession {
    return this.#session;
  }

  getInfo(): PlainData | undefined {
    return this.data.info;
  }

  scheduledExecutionTime(): number {
    return this.data.nextAt;
  }

  getTimeRemaining(): number {
    return this.data.nextAt - this.#kernel.clock.wallTime();
  }

  cancel(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#armed?.cancel();
    this.#session.removeTimer(this);
  }

  /** Starts waiting for the next run. */
  arm(): void {
    this.#armed = this.#kernel.timers.after(this.getTimeRemaining(), () => {
      this.#session.mailbox.enter(
        () => this.#run(),
        () => `timer ${this.data.id}`,
      );
    });
  }

  #run(): void | Promise<void> {
    if (!this.#active || !this.#session.isValid()) return;
    const { app } = this.#session;
    // A single run ends the timer before the callback, so that the callback may end the session.
    if (this.data.periodMs === 0) this.#active = false;
    const called = app.around(() => app.listeners.fire('TimerListener', 'timeout', this));
    return chain(called, () => this.#afterRun());
  }

  #afterRun(): void {
    if (this.data.periodMs === 0) {
      this.#session.removeTimer(this);
      return;
    }
    if (!this.#active) return;
    const from = this.data.fixedDelay ? this.#kernel.clock.wallTime() : this.data.nextAt;
    this.data.nextAt = from + this.data.periodMs;
    this.arm();
  }
}
