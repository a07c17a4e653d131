import type { ServletContext } from '../context.ts';
import type { AsyncContext } from './async-context.ts';
import type { Cookie } from './cookie.ts';
import type { ConvergedHttpSession } from './http-session.ts';
import type { HttpPlatformRequest } from './platform.ts';

/** An HTTP request. */
export abstract class HttpServletRequest {
  /** The method in upper case. */
  abstract getMethod(): string;
  /** The part of the path after the servlet's mapping, `undefined` when there is none. */
  abstract getPathInfo(): string | undefined;
  /** The part of the path that chose the servlet. */
  abstract getServletPath(): string;
  /** The path prefix of the application, `''` at the root. */
  abstract getContextPath(): string;
  /** The path as the client sent it, without the query. */
  abstract getRequestURI(): string;
  abstract getQueryString(): string | undefined;
  /** `http` or `https`. */
  abstract getScheme(): string;
  abstract isSecure(): boolean;

  /** The first value of a query or form parameter. */
  abstract getParameter(name: string): string | undefined;
  /** All values of a query or form parameter, empty when there are none. */
  abstract getParameterValues(name: string): readonly string[];
  abstract getParameterNames(): IterableIterator<string>;
  abstract getParameterMap(): ReadonlyMap<string, readonly string[]>;
  /** The body: parsed JSON or form fields by their content type, otherwise text, `undefined` when there is none. */
  abstract getContent(): unknown;
  abstract getContentType(): string | undefined;

  /** The first value; names are case-insensitive. */
  abstract getHeader(name: string): string | undefined;
  abstract getHeaders(name: string): readonly string[];
  abstract getHeaderNames(): IterableIterator<string>;
  abstract getCookies(): readonly Cookie[];
  /** True when the Accept header prefers `type` (`'json'`, `'html'`, `'application/json'`) at least as much as anything else. */
  abstract accepts(type: string): boolean;

  /** The session, made if necessary; a session gets a cookie with the response. */
  abstract getSession(): ConvergedHttpSession;
  abstract getSession(create: boolean): ConvergedHttpSession | undefined;

  abstract getAttribute(name: string): unknown;
  abstract setAttribute(name: string, value: unknown): void;
  abstract removeAttribute(name: string): void;
  abstract getAttributeNames(): IterableIterator<string>;

  abstract getRemoteAddr(): string;
  abstract getRemotePort(): number | undefined;
  abstract getRemoteUser(): string | undefined;
  abstract getServletContext(): ServletContext;

  /** Keeps the response open after the servlet has returned. @throws {IllegalStateError} when the response is committed. */
  abstract startAsync(): AsyncContext;
  abstract isAsyncStarted(): boolean;
  abstract getAsyncContext(): AsyncContext | undefined;

  /** The Fastify request underneath. */
  abstract getFastifyRequest(): HttpPlatformRequest;
}
