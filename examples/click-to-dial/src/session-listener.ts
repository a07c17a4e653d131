import {
  FlowListener,
  type FlowEvent,
  Resource,
  type ServletTimer,
  type SipApplicationSessionEvent,
  SipApplicationSessionListener,
  SipFactory,
  SipListener,
  type SipServletContextEvent,
  SipServletListener,
  TimerListener,
  TimerService,
} from 'siplet';
import { BindingKeeper, type RegistrarTimer } from './binding-keeper.ts';
import { CallControl, type CallTimer } from './call-control.ts';
import { PhoneCalls } from './phone-calls.ts';

/** Hears about timers, closed connections and application sessions, and passes it on to whom it concerns. */
@SipListener(SipServletListener, TimerListener, FlowListener, SipApplicationSessionListener)
export class SessionListener implements SipServletListener, TimerListener, FlowListener, SipApplicationSessionListener {
  @Resource() declare readonly sipFactory: SipFactory;
  @Resource() declare readonly timers: TimerService;
  @Resource() declare readonly keeper: BindingKeeper;
  @Resource() declare readonly phoneCalls: PhoneCalls;
  @Resource() declare readonly control: CallControl;

  async servletInitialized(event: SipServletContextEvent): Promise<void> {
    if (event.getSipServlet().getServletName() !== 'RegistrarServlet') return;
    const context = event.getServletContext();
    this.phoneCalls.start(this.sipFactory);
    await this.keeper.start({
      sipFactory: this.sipFactory,
      timers: this.timers,
      log: (message, cause) => context.log(message, cause),
    });
  }

  async timeout(timer: ServletTimer): Promise<void> {
    const info = timer.getInfo() as unknown as RegistrarTimer | CallTimer;
    if (info.type === 'ring' || info.type === 'probe') this.control.timeout(timer, info);
    else await this.keeper.timeout(timer, info);
  }

  async flowClosed(event: FlowEvent): Promise<void> {
    await this.control.flowClosed(event.getFlow());
    await this.keeper.flowClosed(event.getFlow());
  }

  sessionCreated(): void {}

  sessionReadyToInvalidate(): void {}

  sessionExpired(event: SipApplicationSessionEvent): void {
    this.control.expired(event.getApplicationSession());
  }

  sessionDestroyed(event: SipApplicationSessionEvent): void {
    this.control.forget(event.getApplicationSession());
  }
}
