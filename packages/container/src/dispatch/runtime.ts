import { createHash } from 'node:crypto';
import {
  FlowEvent,
  SipErrorEvent,
  type SipApplicationRouter,
  type SipFactory,
  type SipSessionsUtil,
  type TimerService,
} from '@siplet/api';
import type { B2buaHelper } from '@siplet/api';
import type { EngineEvent, Flow, HashFunction, ServerTransaction, SipRequest } from '@siplet/sip';
import type { Clock, EngineHost, Ports, RandomSource } from '@siplet/transport';
import type { Application } from '../application/application.ts';
import { ContainerDigestAuthenticator, type DigestAuthenticator } from '../auth/digest-authenticator.ts';
import { Failures } from '../auth/failures.ts';
import { Nonces } from '../auth/nonces.ts';
import { ContainerB2buaHelper } from '../b2bua/b2bua-helper.ts';
import { handlerStuck, mailboxWork } from '../sip-errors.ts';
import { ContainerSipFactory } from '../factory/sip-factory.ts';
import { ContainerSipSessionsUtil } from '../factory/sip-sessions-util.ts';
import type { Logger } from '../logging.ts';
import { flowView } from '../message/flow-view.ts';
import { MessageFactory } from '../message/message-factory.ts';
import { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import { ContainerProxy } from '../proxy/proxy.ts';
import { SubsequentProxy } from '../proxy/subsequent-proxy.ts';
import { isPromise } from '../session/chain.ts';
import { BusyTracker } from '../session/mailbox.ts';
import { SessionManager } from '../session/manager.ts';
import { traitsOf } from '../session/methods.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import { type ArmedTimer, Timers } from '../session/timers.ts';
import { ContainerTimerService } from '../timer/timer-service.ts';
import { dispatchCancel } from './cancel.ts';
import { FlowBook } from './flow-book.ts';
import { InitialDispatcher } from './initial.ts';
import type { Kernel } from './kernel.ts';
import { Outbound } from './outbound.ts';
import { popRoutes } from './routes.ts';
import { callServlet } from './servlet-call.ts';
import { SubsequentDispatcher } from './subsequent.ts';
import { isTransactionUser } from './transaction-user.ts';
import { UserAgentClient } from './user-agent-client.ts';

/** What the SIP side of a container needs. */
export interface SipRuntimeOptions {
  /** Its handler calls `handleEvent` and `flowClosed`. */
  readonly host: EngineHost;
  readonly ports: Ports;
  readonly router: SipApplicationRouter;
  readonly logger: Logger;
  readonly hash?: HashFunction | undefined;
  /** Status for an initial request that no application takes; default 404. */
  readonly noApplicationStatus?: number | undefined;
  /** A handler that takes longer is named in the log and no longer waited for. Milliseconds, default 30,000; 0 is off. */
  readonly watchdogMs?: number | undefined;
  /** When application sessions expire: `creation` (JSR 289 javadoc, default) or `activity`. */
  readonly expiry?: 'creation' | 'activity' | undefined;
  /** What a unit of work sends leaves at its end, as a session store needs it (commit, then send); default at once. */
  readonly sendAfterUnit?: boolean | undefined;
}

const WATCHDOG_MS = 30_000;
const NOT_FOUND = 404; // JSR 289 §15.4 leaves it open

/** The SIP side of a container: everything between the engine's events and the servlets. */
export class SipRuntime implements Kernel {
  readonly host: EngineHost;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly hash: HashFunction;
  readonly sessions: SessionManager;
  readonly flows = new FlowBook();
  readonly messages: MessageFactory;
  readonly outbound: Outbound;
  readonly client: UserAgentClient;
  readonly helper: B2buaHelper;
  readonly #applications = new Map<string, Application>();
  readonly #initial: InitialDispatcher;
  readonly #subsequent: SubsequentDispatcher;
  readonly #digest: DigestAuthenticator;
  readonly #tracker = new BusyTracker();

  constructor(options: SipRuntimeOptions) {
    this.host = options.host;
    this.clock = options.ports.clock;
    this.random = options.ports.random;
    this.logger = options.logger;
    this.hash = options.hash ?? nodeHash;
    this.timers = new Timers(this.clock);
    this.messages = new MessageFactory(this);
    this.outbound = new Outbound(this);
    this.client = new UserAgentClient(this);
    this.helper = new ContainerB2buaHelper(this);
    const watchdogMs = options.watchdogMs ?? WATCHDOG_MS;
    this.sessions = new SessionManager({
      random: this.random,
      deliver: (output) => this.outbound.deliver(output),
      expiry: options.expiry ?? 'creation',
      sendAfterUnit: options.sendAfterUnit === true,
      mailboxHost: {
        timers: this.timers,
        watchdogMs,
        tracker: this.#tracker,
        stuck: (label) => this.#stuck(label, watchdogMs),
        failed: (error, label) => this.#failed(error, label),
      },
    });
    this.sessions.attach(this);
    const { router, noApplicationStatus = NOT_FOUND } = options;
    this.#initial = new InitialDispatcher(this, { router, noApplicationStatus });
    this.#subsequent = new SubsequentDispatcher(this, new SubsequentProxy(this));
    const nonces = new Nonces(this.clock, this.random);
    this.#digest = new ContainerDigestAuthenticator({ hash: this.hash, nonces, failures: new Failures(this.clock) });
  }

  addApplication(app: Application): void {
    this.#applications.set(app.name, app);
  }

  /** Resolves when the application's sessions are invalidated. */
  async removeApplication(app: Application): Promise<void> {
    if (this.#applications.get(app.name) === app) this.#applications.delete(app.name);
    for (const session of this.sessions.ofApplication(app)) await session.mailbox.run(() => session.end());
  }

  application(name: string): Application | undefined {
    return this.#applications.get(name);
  }

  factoryFor(app: Application): SipFactory {
    return new ContainerSipFactory(this, app);
  }

  sessionsUtilFor(app: Application): SipSessionsUtil {
    return new ContainerSipSessionsUtil(this, app);
  }

  timerServiceFor(app: Application): TimerService {
    return new ContainerTimerService(this, app);
  }

  digestFor(_app: Application): DigestAuthenticator {
    return this.#digest;
  }

  createProxy(request: ContainerRequest): ContainerProxy {
    return new ContainerProxy(this, request);
  }

  invoke(
    session: ContainerSession,
    request: ContainerRequest | undefined,
    response: ContainerResponse | undefined,
  ): void | Promise<void> {
    return callServlet(this, session, request, response);
  }

  /** Part of the EngineHost's handler. */
  handleEvent(event: EngineEvent): void {
    switch (event.type) {
      case 'request':
        this.#request(event.request, event.transaction, event.flow);
        return;
      case 'response':
        if (isTransactionUser(event.transaction.owner)) {
          event.transaction.owner.onResponse(event.response, event.flow, event.retransmission);
        }
        return;
      case 'ack':
        this.#acknowledged(event.transaction);
        this.#subsequent.acknowledge(event.request, event.flow, popRoutes(event.request, this.host, this.sessions));
        return;
      case 'cancel':
        dispatchCancel(this, event.request, event.flow, event.cancelled);
        return;
      case 'timeout':
        if (isTransactionUser(event.transaction.owner)) event.transaction.owner.onTimeout();
        return;
      case 'transportError':
        this.#transportFailed(event.transaction.owner, event.error);
        return;
      case 'terminated':
        this.#terminated(event.transaction.owner);
        return;
      case 'noAck':
        this.#noAck(event.transaction);
        return;
      case 'strayResponse':
      case 'drop':
        return; // counted by the host
    }
  }

  /** Part of the EngineHost's handler. */
  flowClosed(flow: Flow): void {
    this.flows.forget(flow);
    const event = new FlowEvent(flowView(flow, this.host));
    for (const app of this.#applications.values()) {
      if (!app.listeners.has('FlowListener')) continue;
      const told = app.around(() => app.listeners.fire('FlowListener', 'flowClosed', event));
      if (!isPromise(told)) continue;
      this.#tracker.began();
      void told.catch((error: unknown) => this.#failed(error, 'flowClosed')).finally(() => this.#tracker.ended());
    }
  }

  /** Resolves when no mailbox has work. */
  whenIdle(): Promise<void> {
    return this.#tracker.whenIdle();
  }

  /** Refuses initial requests (503) and resolves when no SIP session is left, or after `ms` milliseconds. */
  async drain(ms: number): Promise<void> {
    this.#initial.refusing = true;
    const deadline = this.clock.now() + ms;
    while (this.sessions.counts().sipSessions > 0 && this.clock.now() < deadline) {
      await this.#pause(Math.min(DRAIN_STEP_MS, deadline - this.clock.now()));
    }
  }

  /** Invalidates what is left and cancels every timer. */
  async stop(): Promise<void> {
    this.#initial.refusing = true;
    this.sessions.endAll();
    await this.whenIdle();
    this.#applications.clear();
  }

  // Of a call that is being proxied the caller has gone: nobody needs to be rung any more (RFC 3261 §17.2.4).
  #transportFailed(owner: unknown, error: Error): void {
    if (isTransactionUser(owner)) owner.onTransportError(error);
    else if (owner instanceof ContainerRequest && owner.proxy?.isStarted === true && owner.answered === 0) {
      owner.proxy.cancelByCaller(undefined);
    }
  }

  // The INVITE is over: an established call keeps no messages.
  #acknowledged(transaction: ServerTransaction | undefined): void {
    const request = transaction?.owner;
    if (!(request instanceof ContainerRequest)) return;
    request.session?.forget(request);
    request.detach();
  }

  #terminated(owner: unknown): void {
    if (isTransactionUser(owner)) owner.onTerminated();
    else if (owner instanceof ContainerRequest) owner.session?.forget(owner);
  }

  #request(message: SipRequest, transaction: ServerTransaction, flow: Flow): void {
    this.flows.learn(message, flow);
    const popped = popRoutes(message, this.host, this.sessions);
    // JSR 289 appendix B
    const inDialog = message.headers.to?.tag !== undefined || traitsOf(message.method).neverInitial;
    if (inDialog) this.#subsequent.dispatch(message, transaction, flow, popped);
    else this.#initial.dispatch(message, transaction, flow, popped);
  }

  // RFC 3261 §13.3.1.4: no ACK came; without a listener we end the call.
  #noAck(transaction: ServerTransaction): void {
    const request = transaction.owner;
    if (!(request instanceof ContainerRequest)) return;
    const { session, finalResponse } = request;
    if (session === undefined) return;
    session.parent.mailbox.enter(() => {
      if (!session.isValid() || session.data.state !== 'CONFIRMED') return;
      const { app } = session.parent;
      if (app.listeners.has('SipErrorListener') && finalResponse !== undefined) {
        const event = new SipErrorEvent(request, finalResponse);
        return app.around(() => app.listeners.fire('SipErrorListener', 'noAckReceived', event));
      }
      void session.createRequest('BYE').send();
    }, 'noAckReceived');
  }

  #stuck(label: string, ms: number): void {
    const error = handlerStuck(label, ms);
    this.logger.error({ err: error, code: error.code }, error.message);
  }

  #failed(cause: unknown, label: string): void {
    const error = mailboxWork.because(cause, label, cause instanceof Error ? cause.message : String(cause));
    this.logger.error({ err: error, cause, code: error.code }, error.message);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer: ArmedTimer = this.timers.after(ms, () => {
        timer.cancel();
        resolve();
      });
    });
  }
}

const DRAIN_STEP_MS = 100;
const NODE_NAMES = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' } as const;
const nodeHash: HashFunction = (algorithm, text) =>
  createHash(NODE_NAMES[algorithm]).update(text, 'latin1').digest('hex');
