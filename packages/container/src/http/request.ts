import { HttpServletRequest, IllegalStateError } from '@siplet/api';
import type { AsyncContext, ConvergedHttpSession, Cookie, HttpPlatformRequest, ServletContext } from '@siplet/api';
import type { FastifyRequest } from 'fastify';
import { httpCommitted } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import { parseCookies } from './cookies.ts';
import { quality } from './negotiation.ts';
import type { ServletPath } from './mapping.ts';

/** The container's `HttpServletRequest`. */
export class ContainerHttpRequest extends HttpServletRequest {
  readonly #exchange: Exchange;
  readonly #fastify: FastifyRequest;
  readonly #path: ServletPath;
  readonly #attributes = new Map<string, unknown>();
  #parameters: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(exchange: Exchange, fastify: FastifyRequest, path: ServletPath) {
    super();
    this.#exchange = exchange;
    this.#fastify = fastify;
    this.#path = path;
  }

  override getMethod(): string {
    return this.#fastify.method;
  }

  override getPathInfo(): string | undefined {
    return this.#path.pathInfo;
  }

  override getServletPath(): string {
    return this.#path.servletPath;
  }

  override getContextPath(): string {
    return this.#exchange.unit.contextPath;
  }

  override getRequestURI(): string {
    return pathOf(this.#fastify.raw.url ?? '/');
  }

  override getQueryString(): string | undefined {
    const url = this.#fastify.raw.url ?? '/';
    const mark = url.indexOf('?');
    return mark < 0 ? undefined : url.slice(mark + 1);
  }

  override getScheme(): string {
    return this.#fastify.protocol;
  }

  override isSecure(): boolean {
    return this.#fastify.protocol === 'https';
  }

  override getParameter(name: string): string | undefined {
    return this.getParameterMap().get(name)?.[0];
  }

  override getParameterValues(name: string): readonly string[] {
    return this.getParameterMap().get(name) ?? [];
  }

  override getParameterNames(): IterableIterator<string> {
    return this.getParameterMap().keys();
  }

  override getParameterMap(): ReadonlyMap<string, readonly string[]> {
    this.#parameters ??= readParameters(this.getQueryString(), this.getContentType(), this.#fastify.body);
    return this.#parameters;
  }

  override getContent(): unknown {
    return this.#fastify.body ?? undefined;
  }

  override getContentType(): string | undefined {
    return this.getHeader('content-type');
  }

  override getHeader(name: string): string | undefined {
    return this.getHeaders(name)[0];
  }

  override getHeaders(name: string): readonly string[] {
    const wanted = name.toLowerCase();
    const { rawHeaders } = this.#fastify.raw;
    return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === wanted);
  }

  override getHeaderNames(): IterableIterator<string> {
    return Object.keys(this.#fastify.headers).values();
  }

  override getCookies(): readonly Cookie[] {
    return [...parseCookies(this.#fastify.headers.cookie)].map(([name, value]) => ({ name, value }));
  }

  override accepts(type: string): boolean {
    const wanted = SHORT_TYPES.get(type) ?? type;
    const header = this.#fastify.headers.accept;
    const own = quality(header, wanted);
    return own > 0 && [...SHORT_TYPES.values()].every((other) => quality(header, other) <= own);
  }

  override getSession(): ConvergedHttpSession;
  override getSession(create: boolean): ConvergedHttpSession | undefined;
  override getSession(create = true): ConvergedHttpSession | undefined {
    return this.#exchange.session(create);
  }

  override getAttribute(name: string): unknown {
    return this.#attributes.get(name);
  }

  override setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, value);
  }

  override removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  override getAttributeNames(): IterableIterator<string> {
    return [...this.#attributes.keys()].values();
  }

  override getRemoteAddr(): string {
    return this.#fastify.ip;
  }

  override getRemotePort(): number | undefined {
    return this.#fastify.raw.socket?.remotePort;
  }

  override getRemoteUser(): string | undefined {
    return undefined; // container-managed security is a later issue
  }

  override getServletContext(): ServletContext {
    return this.#exchange.unit.context;
  }

  override startAsync(): AsyncContext {
    if (this.#exchange.response.isCommitted())
      throw new IllegalStateError(httpCommitted.code, httpCommitted.text('startAsync()'));
    return this.#exchange.startAsync();
  }

  override isAsyncStarted(): boolean {
    return this.#exchange.asyncContext !== undefined;
  }

  override getAsyncContext(): AsyncContext | undefined {
    return this.#exchange.asyncContext;
  }

  override getFastifyRequest(): HttpPlatformRequest {
    return this.#fastify;
  }
}

const SHORT_TYPES: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html'],
  ['json', 'application/json'],
  ['text', 'text/plain'],
  ['events', 'text/event-stream'],
]);

/** The path of a request target, without its query. */
export function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

function readParameters(
  query: string | undefined,
  contentType: string | undefined,
  body: unknown,
): ReadonlyMap<string, readonly string[]> {
  const parameters = new Map<string, string[]>();
  const add = (name: string, value: string): void => {
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value]);
    else values.push(value);
  };
  for (const [name, value] of new URLSearchParams(query)) add(name, value);
  // Servlet 3.0 §3.1: form fields follow query parameters of the same name; a JSON body has no parameters.
  const isForm = contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true;
  if (isForm && typeof body === 'object' && body !== null)
    for (const [name, value] of Object.entries(body))
      for (const each of Array.isArray(value) ? value : [value]) add(name, String(each));
  return parameters;
}
