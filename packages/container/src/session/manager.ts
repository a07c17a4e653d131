import type { Application } from '../application/application.ts';
import type { ApplicationSession } from './application-session.ts';

/** What lives in the session layer, for leak checks. */
export interface SessionCounts {
  readonly applicationSessions: number;
  readonly sipSessions: number;
  /** Mailboxes that have work now. */
  readonly mailboxes: number;
  readonly timers: number;
}

/** Every session of the container, by id, by key and by dialog. Bodies follow. */
export declare abstract class SessionManager {
  /** A new application session, or the one of `key` when the application has it. */
  abstract createApplicationSession(app: Application, key?: string): ApplicationSession;
  abstract byId(id: string): ApplicationSession | undefined;
  abstract byKey(app: Application, key: string): ApplicationSession | undefined;
  abstract counts(): SessionCounts;
}
