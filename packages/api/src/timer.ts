import type { SipApplicationSession } from './application-session.ts';
import type { Ms, PlainData } from './units.ts';

/** A timer of an application session; it fires into the session's mailbox and dies with the session. */
export abstract class ServletTimer {
  abstract getId(): string;
  abstract getApplicationSession(): SipApplicationSession;
  /** The data given at creation. */
  abstract getInfo(): PlainData | undefined;
  /** Milliseconds since the epoch of the next (or last) run. */
  abstract scheduledExecutionTime(): Ms;
  /** Milliseconds until the next run. */
  abstract getTimeRemaining(): Ms;
  abstract cancel(): void;
}

/** Makes timers; the application needs a TimerListener. */
export abstract class TimerService {
  /** A timer that runs once after `delay` milliseconds. @throws {IllegalStateError} without a TimerListener. */
  abstract createTimer(
    appSession: SipApplicationSession,
    delay: Ms,
    isPersistent: boolean,
    info?: PlainData,
  ): ServletTimer;
  /** A repeating timer; `fixedDelay` counts from the end of a run. @throws {IllegalArgumentError} for a period below 1. */
  abstract createTimer(
    appSession: SipApplicationSession,
    delay: Ms,
    period: Ms,
    fixedDelay: boolean,
    isPersistent: boolean,
    info?: PlainData,
  ): ServletTimer;
}
