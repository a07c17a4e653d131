import type { SipServletContext, SipServletRequest, SipServletResponse } from '@siplet/api';
import type { ListenerRegistry } from './listeners.ts';
import type { ServletHolder } from './servlet-holder.ts';

/** How messages of one application session exclude each other (JSR 359 §16.3). */
export type ConcurrencyMode = 'applicationSession' | 'sipSession' | 'none';

/** An application's settings after merging decorator, deploy options and defaults. */
export interface ApplicationConfig {
  readonly name: string;
  readonly displayName: string | undefined;
  readonly description: string | undefined;
  /** ≤ 0: application sessions never expire (JSR 289 §6.1.2). */
  readonly sessionTimeoutMinutes: number;
  readonly proxyTimeoutSeconds: number;
  readonly distributable: boolean;
  readonly concurrency: ConcurrencyMode;
  readonly contextParams: ReadonlyMap<string, string>;
  /** '' is the root; otherwise starts with '/' and has no '/' at the end. */
  readonly contextPath: string;
  /** The MikroORM instance given to deploy(), untyped because the package is optional. */
  readonly orm: unknown;
}

/** One deployed application. */
export class Application {
  readonly name: string;
  readonly config: ApplicationConfig;
  readonly context: SipServletContext;
  readonly servlets: ReadonlyMap<string, ServletHolder>;
  /** Undefined when the application has no SIP servlet. */
  readonly mainServlet: ServletHolder | undefined;
  readonly listeners: ListenerRegistry;
  readonly applicationKey: ((request: SipServletRequest) => string | undefined) | undefined;
  readonly #around: <T>(work: () => T) => T;

  constructor(parts: ApplicationParts) {
    this.name = parts.config.name;
    this.config = parts.config;
    this.context = parts.context;
    this.servlets = parts.servlets;
    this.mainServlet = parts.mainServlet;
    this.listeners = parts.listeners;
    this.applicationKey = parts.applicationKey;
    this.#around = parts.around;
  }

  /** Calls the servlet's `service()` inside {@link around}; throws and rejects what the servlet throws. */
  invoke(
    servlet: ServletHolder,
    request: SipServletRequest | undefined,
    response: SipServletResponse | undefined,
  ): void | Promise<void> {
    return this.#around(() => servlet.instance.service(request, response));
  }

  /** Runs `work` in its own MikroORM RequestContext when deployed with `{ orm }`, else just runs it. */
  around<T>(work: () => T): T {
    return this.#around(work);
  }
}

/** What deployment assembles into an {@link Application}. */
export interface ApplicationParts {
  readonly config: ApplicationConfig;
  readonly context: SipServletContext;
  readonly servlets: ReadonlyMap<string, ServletHolder>;
  readonly mainServlet: ServletHolder | undefined;
  readonly listeners: ListenerRegistry;
  readonly applicationKey: ((request: SipServletRequest) => string | undefined) | undefined;
  readonly around: <T>(work: () => T) => T;
}
