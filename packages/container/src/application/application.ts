import type { SipServletContext, SipServletRequest, SipServletResponse } from '@siplet/api';
import type { ListenerRegistry } from './listeners.ts';
import type { Around } from './orm.ts';
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
  /** '' is the root; otherwise starts with '/' and has no '/' at the end. Final from start() on. */
  readonly contextPath: string;
  /** The MikroORM instance given to deploy(), untyped because the package is optional. */
  readonly orm: unknown;
}

/** Reads the key of the application session that an initial request belongs to. */
export type ApplicationKey = (request: SipServletRequest) => string | undefined;

/** What deployment assembles into an {@link Application}. */
export interface ApplicationParts {
  readonly config: ApplicationConfig;
  readonly context: SipServletContext;
  readonly listeners: ListenerRegistry;
  readonly around: Around;
}

/** One deployed application. */
export class Application {
  readonly name: string;
  readonly config: ApplicationConfig;
  readonly context: SipServletContext;
  readonly listeners: ListenerRegistry;
  readonly #around: Around;
  readonly #servlets = new Map<string, ServletHolder>();
  #mainServlet: ServletHolder | undefined;
  #applicationKey: ApplicationKey | undefined;

  constructor(parts: ApplicationParts) {
    this.name = parts.config.name;
    this.config = parts.config;
    this.context = parts.context;
    this.listeners = parts.listeners;
    this.#around = parts.around;
  }

  /** Its SIP servlets by name, in order of declaration. */
  get servlets(): ReadonlyMap<string, ServletHolder> {
    return this.#servlets;
  }

  /** Gets initial requests; undefined when the application has no SIP servlet. */
  get mainServlet(): ServletHolder | undefined {
    return this.#mainServlet;
  }

  /** The `@SipApplicationKey` method. */
  get applicationKey(): ApplicationKey | undefined {
    return this.#applicationKey;
  }

  /** Fills in what could only be made once the application existed. @internal */
  assemble(holders: Iterable<ServletHolder>, main: ServletHolder | undefined, key: ApplicationKey | undefined): void {
    for (const holder of holders) this.#servlets.set(holder.name, holder);
    this.#mainServlet = main;
    this.#applicationKey = key;
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
