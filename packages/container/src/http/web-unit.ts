import type { GenericServlet, HttpServlet, ServletContext } from '@siplet/api';
import type { Clock } from '@siplet/transport';
import type { FastifyInstance } from 'fastify';
import type { Around } from '../application/orm.ts';
import { duplicateMapping } from '../errors.ts';
import type { Logger } from '../logging.ts';
import type { ContainerAsyncContext } from './async-context.ts';
import type { UrlPattern } from './mapping.ts';
import type { HttpSessions } from './session.ts';

/** One HTTP servlet of an application. */
export interface WebServletHolder {
  readonly name: string;
  readonly instance: HttpServlet;
  readonly patterns: readonly UrlPattern[];
  readonly urlPatterns: readonly string[];
}

/** A servlet and the pattern that led to it. */
export interface Mapping {
  readonly holder: WebServletHolder;
  readonly pattern: UrlPattern;
}

/** Adds Fastify plugins, hooks and routes to an application's own encapsulated instance. */
export type HttpPlugin = (fastify: FastifyInstance) => void | Promise<void>;

/** What a {@link WebUnit} is made of. */
export interface WebUnitParts {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly context: ServletContext;
  readonly contextPath: () => string;
  readonly around: Around;
  readonly sessions: HttpSessions;
  readonly servlets: readonly WebServletHolder[];
  readonly plugin: HttpPlugin | undefined;
  readonly contentSecurityPolicy: string | false | undefined;
}

/** The web part of one application. */
export class WebUnit {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly context: ServletContext;
  readonly around: Around;
  readonly sessions: HttpSessions;
  readonly servlets: readonly WebServletHolder[];
  readonly plugin: HttpPlugin | undefined;
  readonly contentSecurityPolicy: string | false | undefined;
  readonly #contextPath: () => string;
  readonly #open = new Set<ContainerAsyncContext>();
  readonly #extensions = new Map<string, Mapping>();
  #default: Mapping | undefined;
  #busy = 0;

  /** @throws {ContainerError} CTR_ERR_DEPLOY_MAPPING when two servlets share a pattern */
  constructor(parts: WebUnitParts) {
    this.name = parts.name;
    this.clock = parts.clock;
    this.logger = parts.logger;
    this.context = parts.context;
    this.#contextPath = parts.contextPath;
    this.around = parts.around;
    this.sessions = parts.sessions;
    this.servlets = parts.servlets;
    this.plugin = parts.plugin;
    this.contentSecurityPolicy = parts.contentSecurityPolicy;
    this.#index();
  }

  /** Whether the application has anything on HTTP. */
  get isEmpty(): boolean {
    return this.servlets.length === 0 && this.plugin === undefined;
  }

  get contextPath(): string {
    return this.#contextPath();
  }

  /** Open AsyncContexts, event streams among them. */
  get openExchanges(): number {
    return this.#open.size;
  }

  /** Requests whose servlet has not returned yet. */
  get busy(): number {
    return this.#busy;
  }

  /** The URL patterns that take what no route took. */
  get fallbackPatterns(): readonly string[] {
    return [...this.#extensions.keys()].map((each) => `*${each}`).concat(this.#default === undefined ? [] : ['/']);
  }

  /** The servlet for a path that no route took: by extension, else the default one (Servlet 3.0 §12.1). */
  fallback(path: string): Mapping | undefined {
    const last = path.slice(path.lastIndexOf('/') + 1);
    const dot = last.lastIndexOf('.');
    return (dot < 0 ? undefined : this.#extensions.get(last.slice(dot))) ?? this.#default;
  }

  /** An AsyncContext opened. @internal */
  opened(context: ContainerAsyncContext): void {
    this.#open.add(context);
  }

  /** An AsyncContext ended. @internal */
  closed(context: ContainerAsyncContext): void {
    this.#open.delete(context);
  }

  /** A servlet began to work on a request. @internal */
  began(): void {
    this.#busy += 1;
  }

  /** A servlet returned. @internal */
  returned(): void {
    this.#busy -= 1;
  }

  /** Ends every open response. */
  shutDown(): void {
    for (const context of this.#open) context.shutDown();
  }

  /** The servlet of that name. */
  servletNamed(name: string): GenericServlet | undefined {
    return this.servlets.find((each) => each.name === name)?.instance;
  }

  #index(): void {
    const owners = new Map<string, string>();
    for (const holder of this.servlets) {
      for (const [index, pattern] of holder.patterns.entries()) {
        const text = holder.urlPatterns[index] ?? '';
        const owner = owners.get(text);
        if (owner !== undefined) throw duplicateMapping(this.name, text, owner, holder.name);
        owners.set(text, holder.name);
        if (pattern.kind === 'extension') this.#extensions.set(pattern.extension, { holder, pattern });
        if (pattern.kind === 'default') this.#default = { holder, pattern };
      }
    }
  }
}
