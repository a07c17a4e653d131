import {
  type HttpSession,
  type ServletTimer,
  SipApplicationSession,
  SipApplicationSessionBindingEvent,
  SipApplicationSessionEvent,
  type SessionOf,
  type SessionProtocol,
  type SipSession,
} from '@siplet/api';
import type { Application } from '../application/application.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { sessionInvalid } from '../sip-errors.ts';
import { illegalState } from '../message/illegal.ts';
import type { ContainerTimer } from '../timer/servlet-timer.ts';
import { AttributeStore } from './attributes.ts';
import { isPromise } from './chain.ts';
import { Mailbox, type MailboxHost } from './mailbox.ts';
import type { ContainerSession } from './sip-session.ts';
import type { ArmedTimer } from './timers.ts';
import type { OutputBuffer } from './unit-of-work.ts';

/** An HTTP session that is bound to an application session. */
export type BoundHttpSession = HttpSession;

/** What an {@link ApplicationSession} is made of. */
export interface ApplicationSessionParts {
  readonly kernel: Kernel;
  readonly app: Application;
  readonly id: string;
  readonly key: string | undefined;
  readonly mailboxHost: MailboxHost;
  readonly outputs: OutputBuffer;
  /** Whether messages move the expiry. */
  readonly expiry: 'creation' | 'activity';
}

const MINUTE_MS = 60_000;
/** What `setExpires` returns for "never" (JSR 289 §6.1.2). */
const NEVER = 2_147_483_647;

/** The container's `SipApplicationSession`: one mailbox, and everything that lives and dies with it. */
export class ApplicationSession extends SipApplicationSession {
  readonly app: Application;
  readonly mailbox: Mailbox;
  readonly key: string | undefined;
  /** What this session's units of work send. */
  readonly outputs: OutputBuffer;
  readonly #kernel: Kernel;
  readonly #id: string;
  readonly #attributes: AttributeStore;
  readonly #sipSessions = new Map<string, ContainerSession>();
  readonly #createdAt: number;
  readonly #expiryPolicy: 'creation' | 'activity';
  #httpSessions: Map<string, BoundHttpSession> | undefined = undefined;
  #timers: Map<string, ContainerTimer> | undefined = undefined;
  #pending: Promise<unknown>[] | undefined = undefined;
  #accessedAt: number;
  #expiresAt = 0;
  #timeoutMs: number;
  #expiryTimer: ArmedTimer | undefined = undefined;
  #valid = true;
  #invalidateWhenReady = true;
  #changed = false;
  #hadChild = false;
  #readyTold = false;

  constructor(parts: ApplicationSessionParts) {
    super();
    this.app = parts.app;
    this.key = parts.key;
    this.outputs = parts.outputs;
    this.#kernel = parts.kernel;
    this.#id = parts.id;
    this.#expiryPolicy = parts.expiry;
    this.#createdAt = parts.kernel.clock.wallTime();
    this.#accessedAt = this.#createdAt;
    this.#timeoutMs = Math.max(0, parts.app.config.sessionTimeoutMinutes) * MINUTE_MS;
    this.#attributes = new AttributeStore({ changed: (method, name) => this.#attributeChanged(method, name) });
    this.mailbox = new Mailbox(parts.mailboxHost, () => this.#endOfTurn(), parts.outputs);
  }

  getId(): string {
    return this.#id;
  }

  getApplicationName(): string {
    return this.app.name;
  }

  getCreationTime(): number {
    this.#assertValid('getCreationTime');
    return this.#createdAt;
  }

  getLastAccessedTime(): number {
    this.#assertValid('getLastAccessedTime');
    return this.#accessedAt;
  }

  getExpirationTime(): number {
    this.#assertValid('getExpirationTime');
    return this.#expiresAt;
  }

  setExpires(deltaMinutes: number): number {
    this.#assertValid('setExpires');
    this.#timeoutMs = Math.max(0, deltaMinutes) * MINUTE_MS;
    this.arm();
    return this.#timeoutMs === 0 ? NEVER : deltaMinutes;
  }

  getSessions<P extends SessionProtocol = SessionProtocol>(protocol?: P): IterableIterator<SessionOf<P>> {
    this.#assertValid('getSessions');
    const found: (SipSession | HttpSession)[] = [];
    if (protocol !== 'HTTP') found.push(...this.#sipSessions.values());
    if (protocol !== 'SIP' && this.#httpSessions !== undefined) found.push(...this.#httpSessions.values());
    return found.values() as IterableIterator<SessionOf<P>>;
  }

  getSession<P extends SessionProtocol>(id: string, protocol: P): SessionOf<P> | undefined {
    const found = protocol === 'SIP' ? this.#sipSessions.get(id) : this.#httpSessions?.get(id);
    return found as SessionOf<P> | undefined;
  }

  getSipSession(id: string): ContainerSession | undefined {
    this.#assertValid('getSipSession');
    return this.#sipSessions.get(id);
  }

  getTimer(id: string): ServletTimer | undefined {
    this.#assertValid('getTimer');
    return this.#timers?.get(id);
  }

  getTimers(): IterableIterator<ServletTimer> {
    this.#assertValid('getTimers');
    return [...(this.#timers?.values() ?? [])].values();
  }

  getAttribute(name: string): never {
    this.#assertValid('getAttribute');
    return this.#attributes.get(name) as never; // typed by the application's interface merging
  }

  setAttribute(name: string, value: unknown): void {
    this.#assertValid('setAttribute');
    this.#attributes.set(name, value);
  }

  removeAttribute(name: string): void {
    this.#assertValid('removeAttribute');
    this.#attributes.remove(name);
  }

  getAttributeNames(): IterableIterator<string> {
    this.#assertValid('getAttributeNames');
    return this.#attributes.names().values();
  }

  encodeURL(url: string): string {
    this.#assertValid('encodeURL');
    const [beforeHash = '', hash] = url.split('#', 2);
    const separator = beforeHash.includes('?') ? '&' : '?';
    const encoded = `${beforeHash}${separator}${URL_PARAMETER}=${encodeURIComponent(this.#id)}`;
    return hash === undefined ? encoded : `${encoded}#${hash}`;
  }

  runInSession<T>(work: () => T | Promise<T>): Promise<T> {
    return this.mailbox.run(() => this.app.around(work));
  }

  invalidate(): void {
    this.#assertValid('invalidate');
    this.end();
  }

  isValid(): boolean {
    return this.#valid;
  }

  getInvalidateWhenReady(): boolean {
    this.#assertValid('getInvalidateWhenReady');
    return this.#invalidateWhenReady;
  }

  setInvalidateWhenReady(invalidateWhenReady: boolean): void {
    this.#assertValid('setInvalidateWhenReady');
    this.#invalidateWhenReady = invalidateWhenReady;
    if (invalidateWhenReady) this.changed();
  }

  isReadyToInvalidate(): boolean {
    this.#assertValid('isReadyToInvalidate');
    return this.#isReady();
  }

  // --- for the container -----------------------------------------------------------------------------------------

  /** Binds an HTTP session; it keeps this application session from being ready to invalidate. */
  addHttpSession(id: string, session: BoundHttpSession): void {
    this.#httpSessions ??= new Map();
    this.#httpSessions.set(id, session);
    this.#hadChild = true;
    this.#readyTold = false;
  }

  /** Unbinds an HTTP session that ended. */
  removeHttpSession(id: string): void {
    if (this.#httpSessions?.delete(id) === true) this.changed();
  }

  addSipSession(session: ContainerSession): void {
    this.#sipSessions.set(session.data.id, session);
    this.#hadChild = true;
    this.#readyTold = false;
  }

  removeSipSession(session: ContainerSession): void {
    this.#sipSessions.delete(session.data.id);
    this.changed();
  }

  /** The SIP sessions, also when this session is invalid. */
  sipSessions(): IterableIterator<ContainerSession> {
    return this.#sipSessions.values();
  }

  addTimer(timer: ContainerTimer): void {
    this.#timers ??= new Map();
    this.#timers.set(timer.getId(), timer);
    this.#hadChild = true;
    this.#readyTold = false;
  }

  removeTimer(timer: ContainerTimer): void {
    if (this.#timers?.delete(timer.getId()) === true) this.changed();
  }

  /** Something ended or became ready: the end of this turn (or of one of its own) looks whether all is done. */
  changed(): void {
    if (!this.#valid) return;
    // The mark may be left from the end of the last turn, which itself ended sessions: a free mailbox looks again.
    this.#changed = true;
    if (this.mailbox.depth === 0) this.mailbox.enter(NOTHING, 'invalidateWhenReady');
  }

  /** Keeps the turn open until a listener's promise has settled. */
  waitFor(result: void | Promise<void>): void {
    if (!isPromise(result)) return;
    this.#pending ??= [];
    this.#pending.push(result);
    if (this.mailbox.depth === 0) this.mailbox.enter(NOTHING, 'listener');
  }

  /** A message was sent or received. */
  touch(wallTime: number): void {
    this.#accessedAt = wallTime;
    if (this.#expiryPolicy === 'activity' && this.#timeoutMs > 0) this.#expiresAt = wallTime + this.#timeoutMs;
  }

  /** Arms the expiry, counted from now. */
  arm(): void {
    this.#expiryTimer?.cancel();
    this.#expiryTimer = undefined;
    this.#expiresAt = this.#timeoutMs === 0 ? 0 : this.#kernel.clock.wallTime() + this.#timeoutMs;
    if (this.#timeoutMs > 0) this.#schedule(this.#timeoutMs);
  }

  /** Fires sessionCreated. */
  tellCreated(): void {
    this.#fire('sessionCreated');
  }

  /** Ends everything: SIP sessions first, then HTTP sessions and timers, then this session. */
  end(): void {
    if (!this.#valid) return;
    for (const session of this.#sipSessions.values()) session.end();
    for (const session of this.#httpSessions?.values() ?? []) this.#endHttp(session);
    for (const timer of this.#timers?.values() ?? []) timer.cancel();
    this.#attributes.clear();
    this.#valid = false;
    this.#expiryTimer?.cancel();
    this.#httpSessions = undefined;
    this.#kernel.sessions.removeApplicationSession(this);
    this.#fire('sessionDestroyed');
  }

  #endHttp(session: BoundHttpSession): void {
    try {
      session.invalidate();
    } catch (error) {
      this.#kernel.logger.debug({ err: error, session: session.getId() }, 'HTTP session was invalid already');
    }
  }

  #schedule(delayMs: number): void {
    this.#expiryTimer = this.#kernel.timers.after(delayMs, () => {
      const left = this.#expiresAt - this.#kernel.clock.wallTime();
      if (left > 0) this.#schedule(left); // moved on by activity
      else this.mailbox.enter(() => this.#expire(), 'sessionExpired');
    });
  }

  async #expire(): Promise<void> {
    if (!this.#valid) return;
    const before = this.#expiresAt;
    if (this.app.listeners.has('SipApplicationSessionListener')) {
      const event = new SipApplicationSessionEvent(this);
      await this.app.around(() => this.app.listeners.fire('SipApplicationSessionListener', 'sessionExpired', event));
    }
    const extended = this.#expiresAt === 0 || this.#expiresAt > before;
    if (this.#valid && !extended) this.end();
  }

  #isReady(): boolean {
    if (!this.#hadChild) return false;
    if ((this.#timers?.size ?? 0) > 0 || (this.#httpSessions?.size ?? 0) > 0) return false;
    for (const session of this.#sipSessions.values()) if (!session.ready) return false;
    return true;
  }

  /** Waits for listeners, then invalidates what is ready, SIP sessions first; no promise when nothing waits. */
  #endOfTurn(): void | Promise<void> {
    if (this.#pending !== undefined) return this.#afterPending();
    if (!this.#changed) return;
    this.#changed = false;
    if (!this.#valid) return;
    for (const session of this.#sipSessions.values()) {
      if (!session.ready) continue;
      const told = session.tellReady();
      if (isPromise(told)) return this.#again(told);
      if (session.isValid() && session.ready && session.data.invalidateWhenReady) session.end();
    }
    if (this.#pending !== undefined) return this.#afterPending(true);
    return this.#endWhenReady();
  }

  #endWhenReady(): void | Promise<void> {
    if (!this.#isReady()) return;
    if (!this.#readyTold) {
      this.#readyTold = true;
      const told = this.#tellReady();
      if (isPromise(told)) return this.#again(told);
    }
    if (this.#valid && this.#invalidateWhenReady && this.#isReady()) {
      this.end();
      if (this.#pending !== undefined) return this.#afterPending();
    }
  }

  async #again(told: Promise<unknown>): Promise<void> {
    await told;
    this.#changed = true;
    await this.#endOfTurn();
  }

  async #afterPending(changed = this.#changed): Promise<void> {
    const pending = this.#pending ?? [];
    this.#pending = undefined;
    await Promise.all(pending);
    if (changed) this.#changed = true;
    await this.#endOfTurn();
  }

  #tellReady(): void | Promise<void> {
    const { app } = this;
    if (!app.listeners.has('SipApplicationSessionListener')) return;
    const event = new SipApplicationSessionEvent(this);
    return app.around(() => app.listeners.fire('SipApplicationSessionListener', 'sessionReadyToInvalidate', event));
  }

  #fire(method: 'sessionCreated' | 'sessionDestroyed'): void {
    const { app } = this;
    if (!app.listeners.has('SipApplicationSessionListener')) return;
    const event = new SipApplicationSessionEvent(this);
    this.waitFor(app.around(() => app.listeners.fire('SipApplicationSessionListener', method, event)));
  }

  #attributeChanged(method: string, name: string): void {
    const { app } = this;
    if (!app.listeners.has('SipApplicationSessionAttributeListener')) return;
    const event = new SipApplicationSessionBindingEvent(this, name);
    this.waitFor(app.around(() => app.listeners.fire('SipApplicationSessionAttributeListener', method, event)));
  }

  #assertValid(what: string): void {
    if (!this.#valid) throw illegalState(sessionInvalid, what, this.#id);
  }
}

const NOTHING = (): void => {};
/** The query parameter that {@link ApplicationSession.encodeURL} adds. */
export const URL_PARAMETER = 'sipApplicationSessionId';
