import { type PlainData, type ServletTimer, type SipApplicationSession, TimerService } from '@siplet/api';
import type { Application } from '../application/application.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { foreignSession, noTimerListener, sessionInvalid, timerArgument } from '../sip-errors.ts';
import { illegalArgument, illegalState } from '../message/illegal.ts';
import { ApplicationSession } from '../session/application-session.ts';
import { ContainerTimer } from './servlet-timer.ts';

/** The container's `TimerService` of one application. */
export class ContainerTimerService extends TimerService {
  readonly #kernel: Kernel;
  readonly #app: Application;

  constructor(kernel: Kernel, app: Application) {
    super();
    this.#kernel = kernel;
    this.#app = app;
  }

  createTimer(appSession: SipApplicationSession, delay: number, isPersistent: boolean, info?: PlainData): ServletTimer;
  createTimer(
    appSession: SipApplicationSession,
    delay: number,
    period: number,
    fixedDelay: boolean,
    isPersistent: boolean,
    info?: PlainData,
  ): ServletTimer;
  createTimer(
    appSession: SipApplicationSession,
    delay: number,
    third: number | boolean,
    fourth?: PlainData,
    fifth?: boolean,
    sixth?: PlainData,
  ): ServletTimer {
    if (typeof third === 'boolean') return this.#create(appSession, delay, 0, false, third, fourth);
    if (!(third >= 1)) throw illegalArgument(timerArgument, 'period', third);
    return this.#create(appSession, delay, third, fourth === true, fifth === true, sixth);
  }

  #create(
    appSession: SipApplicationSession,
    delay: number,
    periodMs: number,
    fixedDelay: boolean,
    isPersistent: boolean,
    info: PlainData | undefined,
  ): ServletTimer {
    if (!(appSession instanceof ApplicationSession)) throw illegalArgument(foreignSession, 'application session');
    if (!appSession.isValid()) throw illegalState(sessionInvalid, 'createTimer', appSession.getId());
    if (!this.#app.listeners.has('TimerListener')) throw illegalState(noTimerListener, this.#app.name);
    if (!(delay >= 0)) throw illegalArgument(timerArgument, 'delay', delay);
    const timer = new ContainerTimer(this.#kernel, appSession, {
      id: this.#kernel.sessions.newId(),
      applicationSessionId: appSession.getId(),
      periodMs,
      fixedDelay,
      isPersistent,
      info,
      nextAt: this.#kernel.clock.wallTime() + delay,
    });
    appSession.addTimer(timer);
    timer.arm();
    return timer;
  }
}
