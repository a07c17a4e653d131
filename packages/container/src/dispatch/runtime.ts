import type { SipApplicationRouter, SipFactory, SipSessionsUtil, TimerService } from '@siplet/api';
import type { EngineEvent, Flow, HashFunction } from '@siplet/sip';
import type { EngineHost, Ports } from '@siplet/transport';
import type { Application } from '../application/application.ts';
import type { DigestAuthenticator } from '../auth/digest-authenticator.ts';
import type { Logger } from '../logging.ts';
import type { SessionManager } from '../session/manager.ts';

/** What the SIP side of a container needs. */
export interface SipRuntimeOptions {
  /** Its handler calls `handleEvent` and `flowClosed`. */
  readonly host: EngineHost;
  readonly ports: Ports;
  readonly router: SipApplicationRouter;
  readonly logger: Logger;
  readonly hash?: HashFunction;
  /** Status for an initial request that no application takes; default 404. */
  readonly noApplicationStatus?: number;
  /** A handler that takes longer is named in the log and no longer waited for. Milliseconds, default 30,000. */
  readonly watchdogMs?: number;
  /** When application sessions expire: `creation` (JSR 289 javadoc, default) or `activity`. */
  readonly expiry?: 'creation' | 'activity';
}

/** The SIP side of a container: everything between the engine's events and the servlets. Bodies follow. */
export declare class SipRuntime {
  constructor(options: SipRuntimeOptions);
  readonly sessions: SessionManager;
  addApplication(app: Application): void;
  /** Resolves when the application's sessions are invalidated. */
  removeApplication(app: Application): Promise<void>;
  /** Part of the EngineHost's handler. */
  handleEvent(event: EngineEvent): void;
  /** Part of the EngineHost's handler. */
  flowClosed(flow: Flow): void;
  factoryFor(app: Application): SipFactory;
  sessionsUtilFor(app: Application): SipSessionsUtil;
  timerServiceFor(app: Application): TimerService;
  digestFor(app: Application): DigestAuthenticator;
  /** Resolves when no mailbox has work. */
  whenIdle(): Promise<void>;
  /** Refuses initial requests (503) and resolves when no SIP session is left, or after `ms` milliseconds. */
  drain(ms: number): Promise<void>;
  /** Invalidates what is left and cancels every timer. */
  stop(): Promise<void>;
}
