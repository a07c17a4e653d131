import { RequestDispatcher, ServletConfig, SipServletContext } from '@siplet/api';
import type { Flow, GenericServlet, HttpServlet, SipServlet } from '@siplet/api';
import type { Logger } from '../logging.ts';
import type { ApplicationConfig } from './application.ts';

/** What a context asks the rest of the application for. */
export interface ContextParts {
  readonly config: ApplicationConfig;
  readonly logger: Logger;
  readonly flow: (token: string) => Flow | undefined;
  readonly servlet: (name: string) => GenericServlet | undefined;
}

/** The container's `SipServletContext`. */
export class ApplicationContext extends SipServletContext {
  readonly #parts: ContextParts;
  readonly #attributes = new Map<string, unknown>();

  constructor(parts: ContextParts) {
    super();
    this.#parts = parts;
  }

  override getAttribute(name: string): never {
    return this.#attributes.get(name) as never;
  }

  override setAttribute(name: string, value: unknown): void {
    if (value === undefined) this.#attributes.delete(name);
    else this.#attributes.set(name, value);
  }

  override removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  override getAttributeNames(): IterableIterator<string> {
    return [...this.#attributes.keys()].values();
  }

  override getInitParameter(name: string): string | undefined {
    return this.#parts.config.contextParams.get(name);
  }

  override getInitParameterNames(): IterableIterator<string> {
    return this.#parts.config.contextParams.keys();
  }

  override getContextPath(): string {
    return this.#parts.config.contextPath;
  }

  override getServletContextName(): string {
    return this.#parts.config.displayName ?? this.#parts.config.name;
  }

  override getNamedDispatcher(servletName: string): RequestDispatcher | undefined {
    const servlet = this.#parts.servlet(servletName);
    return servlet === undefined ? undefined : new ServletDispatcher(servlet);
  }

  override getFlow(token: string): Flow | undefined {
    return this.#parts.flow(token);
  }

  override log(message: string, cause?: unknown): void {
    if (cause === undefined) this.#parts.logger.info(message);
    else this.#parts.logger.error({ err: cause }, message);
  }
}

/** The container's `ServletConfig`. */
export class ContainerServletConfig extends ServletConfig {
  readonly #name: string;
  readonly #context: SipServletContext;
  readonly #parameters: ReadonlyMap<string, string>;

  constructor(name: string, context: SipServletContext, parameters: ReadonlyMap<string, string>) {
    super();
    this.#name = name;
    this.#context = context;
    this.#parameters = parameters;
  }

  override getServletName(): string {
    return this.#name;
  }

  override getServletContext(): SipServletContext {
    return this.#context;
  }

  override getInitParameter(name: string): string | undefined {
    return this.#parameters.get(name);
  }

  override getInitParameterNames(): IterableIterator<string> {
    return this.#parameters.keys();
  }
}

// SIP and HTTP servlets differ only in what their service() takes, and the caller passes what the servlet is for.
class ServletDispatcher extends RequestDispatcher {
  readonly #servlet: GenericServlet;

  constructor(servlet: GenericServlet) {
    super();
    this.#servlet = servlet;
  }

  override async forward(request: unknown, response: unknown): Promise<void> {
    const servlet = this.#servlet as SipServlet & HttpServlet;
    await servlet.service(request as never, response as never);
  }
}
