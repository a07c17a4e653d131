import type { Cookie } from './cookie.ts';
import type { HttpPlatformReply } from './platform.ts';

/** The response to an HTTP request; it is sent when the servlet has returned. */
export abstract class HttpServletResponse {
  /** Sets the status; 200 unless set. @throws {IllegalStateError} when committed. */
  abstract setStatus(status: number): void;
  abstract getStatus(): number;
  /** Replaces all values. @throws {IllegalArgumentError} for line breaks in the value. */
  abstract setHeader(name: string, value: string): void;
  abstract addHeader(name: string, value: string): void;
  abstract containsHeader(name: string): boolean;
  abstract getHeader(name: string): string | undefined;
  abstract setContentType(type: string): void;
  abstract getContentType(): string | undefined;
  abstract addCookie(cookie: Cookie): void;
  /** Adds text to the body. */
  abstract write(text: string): void;
  /** Makes the body of a value, and the content type application/json. */
  abstract json(value: unknown): void;
  /** Discards what was written and answers with an error page or object. */
  abstract sendError(status: number, message?: string): void;
  /** Discards what was written and redirects; the default status is 302. */
  abstract sendRedirect(location: string, status?: number): void;
  /** Adds the session ids to a URL, for clients that send no cookie. */
  abstract encodeURL(url: string): string;
  /** True when nothing can be changed any more. */
  abstract isCommitted(): boolean;

  /** The Fastify reply underneath. */
  abstract getFastifyReply(): HttpPlatformReply;
}
