import type { Flow, ServletTimer, SipApplicationSession, SipFactory, SipServletResponse, TimerService } from 'siplet';
import type { LiveUpdates } from './live-updates.ts';
import { DatabaseUnavailableError, type ModelFacade } from './model-facade.ts';
import type { Registration } from './registration.entity.ts';

/** What a timer of the registrar has to do; plain data. */
export type RegistrarTimer = { readonly type: 'bindings'; readonly aor: string } | { readonly type: 'respond' };

/** The parts of the container that this class needs. */
export interface KeeperTools {
  readonly sipFactory: SipFactory;
  readonly timers: TimerService;
  log(message: string, cause?: unknown): void;
}

/**
 * Ends bindings at the right moment: when they expire, and when their connection closes.
 * One application session per address of record (see the application key of ClickToDial) holds the timer.
 */
export class BindingKeeper {
  readonly #model: ModelFacade;
  readonly #live: LiveUpdates;
  readonly #delayed = new Map<string, SipServletResponse>();
  #tools: KeeperTools | undefined;

  constructor(model: ModelFacade, live: LiveUpdates) {
    this.#model = model;
    this.#live = live;
  }

  /** Takes over what an earlier run of the server has left: connections are gone, other bindings go on. */
  async start(tools: KeeperTools): Promise<void> {
    this.#tools = tools;
    try {
      await this.#model.dropStale();
      const bindings = Map.groupBy(await this.#model.getAllBindings(), (each) => each.aor);
      for (const [aor, own] of bindings) {
        const session = await tools.sipFactory.createApplicationSessionByKey(registrarKey(aor));
        await session.runInSession(() => this.watch(session, aor, own));
      }
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      tools.log('The bindings of the last run could not be read: the database does not answer', error.cause);
    }
  }

  /** Arms the timer for the binding that expires next, in place of an earlier timer. */
  watch(session: SipApplicationSession, aor: string, bindings: readonly Registration[]): void {
    for (const timer of session.getTimers()) if (isBindingsTimer(timer)) timer.cancel();
    if (bindings.length === 0) return;
    const next = Math.min(...bindings.map((each) => each.expiresAt.getTime()));
    const delay = Math.max(next - this.#model.now(), 0) + 1;
    // The session lives as long as its timer; the minutes are for safety.
    session.setExpires(Math.ceil(delay / 60_000) + 1);
    this.#tools?.timers.createTimer(session, delay, false, { type: 'bindings', aor });
  }

  /** Sends a response after a while: what a guesser of passwords gets. */
  sendLater(session: SipApplicationSession, response: SipServletResponse, delayMs: number): void {
    const timer = this.#tools?.timers.createTimer(session, delayMs, false, { type: 'respond' });
    if (timer !== undefined) this.#delayed.set(timer.getId(), response);
  }

  /** A timer made here has fired. */
  async timeout(timer: ServletTimer, info: RegistrarTimer): Promise<void> {
    if (info.type === 'respond') {
      const response = this.#delayed.get(timer.getId());
      this.#delayed.delete(timer.getId());
      return response?.send();
    }
    try {
      if (await this.#model.dropExpired(info.aor))
        this.#tools?.log(`Phone of ${info.aor} left: its registration expired`);
      this.watch(timer.getApplicationSession(), info.aor, await this.#model.getBindings(info.aor));
    } catch (error) {
      // Expired rows are never looked at, so removing them can wait for the next REGISTER.
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      this.#tools?.log('Expired bindings could not be removed: the database does not answer', error.cause);
    }
    await this.changed();
  }

  /** A connection has closed: the phone behind it cannot be reached any more. */
  async flowClosed(flow: Flow): Promise<void> {
    if (!flow.getTransport().startsWith('WS')) return;
    try {
      const aors = await this.#model.dropFlow(flow.getToken());
      for (const aor of aors) {
        this.#tools?.log(`Phone of ${aor} left: its connection closed`);
        const session = await this.#tools?.sipFactory.createApplicationSessionByKey(registrarKey(aor));
        const bindings = await this.#model.getBindings(aor);
        await session?.runInSession(() => this.watch(session, aor, bindings));
      }
      if (aors.length > 0) await this.changed();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      this.#tools?.log(
        'The binding of a closed connection could not be removed: the database does not answer',
        error.cause,
      );
    }
  }

  /** Tells the pages. */
  async changed(): Promise<void> {
    await this.#live.peopleChanged();
  }
}

/** The key of the application session in which everything about one address of record happens, one after another. */
export function registrarKey(aor: string): string {
  // Only one domain is served, under more than one host name: the user part tells people apart.
  return `registrar:${aor.split('@', 1)[0] ?? ''}`;
}

function isBindingsTimer(timer: ServletTimer): boolean {
  return (timer.getInfo() as RegistrarTimer | undefined)?.type === 'bindings';
}
