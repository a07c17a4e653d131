import { SipApplicationSession } from '@siplet/api';
import type { Application } from '../application/application.ts';
import type { Mailbox } from './mailbox.ts';

/** What an application session has to know about an HTTP session bound to it. */
export interface BoundHttpSession {
  getId(): string;
  /** Called when the application session ends; must not call back into `removeHttpSession`-dependent code that throws. */
  invalidate(): void;
}

/** The container's `SipApplicationSession`. Bodies follow. */
export abstract class ApplicationSession extends SipApplicationSession {
  abstract readonly app: Application;
  abstract readonly mailbox: Mailbox;
  /** Binds an HTTP session; it keeps this application session from being ready to invalidate. */
  abstract addHttpSession(id: string, session: BoundHttpSession): void;
  /** Unbinds an HTTP session that ended. */
  abstract removeHttpSession(id: string): void;
}
