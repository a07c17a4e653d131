import { type SipApplicationSession, type SipSession, SipSessionsUtil } from '@siplet/api';
import type { Application } from '../application/application.ts';
import type { Kernel } from '../dispatch/kernel.ts';

/** The container's `SipSessionsUtil`; it sees sessions of its own application only. */
export class ContainerSipSessionsUtil extends SipSessionsUtil {
  readonly #kernel: Kernel;
  readonly #app: Application;

  constructor(kernel: Kernel, app: Application) {
    super();
    this.#kernel = kernel;
    this.#app = app;
  }

  getApplicationSessionById(applicationSessionId: string): Promise<SipApplicationSession | undefined> {
    const session = this.#kernel.sessions.byId(applicationSessionId);
    return Promise.resolve(session?.app === this.#app ? session : undefined);
  }

  getApplicationSessionByKey(
    applicationSessionKey: string,
    create: boolean,
  ): Promise<SipApplicationSession | undefined> {
    const { sessions } = this.#kernel;
    if (create) return Promise.resolve(sessions.createApplicationSession(this.#app, applicationSessionKey));
    return Promise.resolve(sessions.byKey(this.#app, applicationSessionKey));
  }

  /** Join and Replaces come with composition; until then no session corresponds. */
  getCorrespondingSipSession(_session: SipSession, _headerName: string): SipSession | undefined {
    return undefined;
  }
}
