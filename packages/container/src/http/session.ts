import { Buffer } from 'node:buffer';
import { ConvergedHttpSession, HttpSessionEvent, IllegalStateError } from '@siplet/api';
import type { ServletContext, SipApplicationSession } from '@siplet/api';
import type { Clock, RandomSource, TimerHandle } from '@siplet/transport';
import type { ListenerRegistry } from '../application/listeners.ts';
import { httpSessionInvalid } from '../errors.ts';
import type { ApplicationSession } from '../session/application-session.ts';

/** What the HTTP sessions of one application need. */
export interface HttpSessionsOptions {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly context: ServletContext;
  readonly listeners: ListenerRegistry;
  /** Seconds; sessions may change theirs. */
  readonly maxInactiveSeconds: number;
  /** Makes the application session that an HTTP session is bound to on first use. */
  readonly createApplicationSession: () => ApplicationSession;
}

/** The HTTP sessions of one application, by id. */
export class HttpSessions {
  readonly options: HttpSessionsOptions;
  readonly #byId = new Map<string, ContainerHttpSession>();

  constructor(options: HttpSessionsOptions) {
    this.options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The live session of an id that a browser sent; an id that we did not give out finds nothing (session fixation). */
  find(id: string): ContainerHttpSession | undefined {
    return this.#byId.get(id);
  }

  /** A new session with a fresh id. */
  create(): ContainerHttpSession {
    const session = new ContainerHttpSession(this);
    this.#byId.set(session.getId(), session);
    session.touch();
    void this.options.listeners.fire('HttpSessionListener', 'sessionCreated', new HttpSessionEvent(session));
    return session;
  }

  /** 144 random bits. */
  newId(): string {
    return Buffer.from(this.options.random.bytes(SESSION_ID_BYTES)).toString('base64url');
  }

  /** Files a session under its new id. @internal */
  renamed(session: ContainerHttpSession, oldId: string): void {
    this.#byId.delete(oldId);
    this.#byId.set(session.getId(), session);
  }

  /** Forgets a session that ended. @internal */
  ended(session: ContainerHttpSession): void {
    this.#byId.delete(session.getId());
    void this.options.listeners.fire('HttpSessionListener', 'sessionDestroyed', new HttpSessionEvent(session));
  }

  /** Ends every session. */
  stop(): void {
    for (const session of this.#byId.values()) session.invalidate();
  }
}

/** The container's `ConvergedHttpSession`. */
export class ContainerHttpSession extends ConvergedHttpSession {
  readonly #sessions: HttpSessions;
  readonly #attributes = new Map<string, unknown>();
  readonly #createdAt: number;
  #id: string;
  #lastAccessedAt: number;
  /** Monotonic, for expiry. */
  #lastRequest: number;
  #maxInactiveSeconds: number;
  #isNew = true;
  #valid = true;
  #timer: TimerHandle | undefined;
  #applicationSession: ApplicationSession | undefined;

  constructor(sessions: HttpSessions) {
    super();
    const { clock, maxInactiveSeconds } = sessions.options;
    this.#sessions = sessions;
    this.#id = sessions.newId();
    this.#createdAt = clock.wallTime();
    this.#lastAccessedAt = this.#createdAt;
    this.#lastRequest = clock.now();
    this.#maxInactiveSeconds = maxInactiveSeconds;
  }

  /** The application session if there is one already, and it lives. */
  get boundApplicationSession(): ApplicationSession | undefined {
    return this.#applicationSession?.isValid() === true ? this.#applicationSession : undefined;
  }

  /** A request used this session: its time starts again. */
  touch(): void {
    const { clock } = this.#sessions.options;
    this.#lastAccessedAt = clock.wallTime();
    this.#lastRequest = clock.now();
    if (this.#timer === undefined) this.#arm();
  }

  /** The browser sent the session's cookie back. */
  joined(): void {
    this.#isNew = false;
    this.touch();
  }

  override getId(): string {
    return this.#id;
  }

  override getCreationTime(): number {
    return this.#createdAt;
  }

  override getLastAccessedTime(): number {
    return this.#lastAccessedAt;
  }

  override getServletContext(): ServletContext {
    return this.#sessions.options.context;
  }

  override isNew(): boolean {
    return this.#isNew;
  }

  override isValid(): boolean {
    return this.#valid;
  }

  override getMaxInactiveInterval(): number {
    return this.#maxInactiveSeconds;
  }

  override setMaxInactiveInterval(seconds: number): void {
    this.#check('setMaxInactiveInterval()');
    this.#maxInactiveSeconds = seconds;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#arm();
  }

  override getAttribute(name: string): never {
    this.#check('getAttribute()');
    return this.#attributes.get(name) as never;
  }

  override setAttribute(name: string, value: unknown): void {
    this.#check('setAttribute()');
    if (value === undefined) this.#attributes.delete(name);
    else this.#attributes.set(name, value);
  }

  override removeAttribute(name: string): void {
    this.#check('removeAttribute()');
    this.#attributes.delete(name);
  }

  override getAttributeNames(): IterableIterator<string> {
    this.#check('getAttributeNames()');
    return [...this.#attributes.keys()].values();
  }

  override changeSessionId(): string {
    this.#check('changeSessionId()');
    const oldId = this.#id;
    this.#id = this.#sessions.newId();
    this.#sessions.renamed(this, oldId);
    const applicationSession = this.boundApplicationSession;
    // First the new, then the old: the application session must not look free in between.
    applicationSession?.addHttpSession(this.#id, this);
    applicationSession?.removeHttpSession(oldId);
    return this.#id;
  }

  override invalidate(): void {
    this.#check('invalidate()');
    this.#end();
    const applicationSession = this.boundApplicationSession;
    this.#applicationSession = undefined;
    applicationSession?.removeHttpSession(this.#id);
  }

  override getApplicationSession(): SipApplicationSession {
    this.#check('getApplicationSession()');
    const bound = this.boundApplicationSession;
    if (bound !== undefined) return bound;
    const created = this.#sessions.options.createApplicationSession();
    this.#applicationSession = created;
    created.addHttpSession(this.#id, this);
    return created;
  }

  /** Ids in URLs leak through logs and referrers, so cookies carry them and the URL stays as it is. */
  override encodeURL(url: string): string {
    return url;
  }

  #arm(): void {
    if (this.#maxInactiveSeconds <= 0 || !this.#valid) return;
    const { clock } = this.#sessions.options;
    const dueIn = this.#lastRequest + this.#maxInactiveSeconds * 1000 - clock.now();
    this.#timer = clock.setTimer(Math.max(0, dueIn), () => this.#due());
  }

  // One timer per session that looks again when it fires, so that a request only writes a number.
  #due(): void {
    this.#timer = undefined;
    if (!this.#valid) return;
    const idleMs = this.#sessions.options.clock.now() - this.#lastRequest;
    if (idleMs >= this.#maxInactiveSeconds * 1000) this.invalidate();
    else this.#arm();
  }

  #end(): void {
    if (!this.#valid) return;
    this.#sessions.ended(this);
    this.#valid = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#attributes.clear();
  }

  #check(operation: string): void {
    if (!this.#valid) throw new IllegalStateError(httpSessionInvalid.code, httpSessionInvalid.text(operation));
  }
}

const SESSION_ID_BYTES = 18;
