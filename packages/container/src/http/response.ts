import { Buffer } from 'node:buffer';
import { HttpServletResponse, IllegalArgumentError, IllegalStateError } from '@siplet/api';
import type { Cookie, HttpPlatformReply } from '@siplet/api';
import type { FastifyReply } from 'fastify';
import { httpCommitted, httpHeader } from '../errors.ts';
import { formatCookie } from './cookies.ts';
import { sendErrorPage } from './error-page.ts';
import type { Exchange } from './exchange.ts';

/** The container's `HttpServletResponse`: a buffer until the servlet, or its AsyncContext, has finished. */
export class ContainerHttpResponse extends HttpServletResponse {
  readonly #exchange: Exchange;
  readonly #reply: FastifyReply;
  #status = 200;
  #body: string[] = [];
  #error: { readonly status: number; readonly message: string | undefined; readonly code?: string } | undefined;
  #committed = false;

  constructor(exchange: Exchange, reply: FastifyReply) {
    super();
    this.#exchange = exchange;
    this.#reply = reply;
  }

  override setStatus(status: number): void {
    this.#check('setStatus()');
    this.#status = status;
  }

  override getStatus(): number {
    return this.#error?.status ?? this.#status;
  }

  override setHeader(name: string, value: string): void {
    this.#check('setHeader()');
    checkHeader(name, value);
    this.#reply.removeHeader(name);
    this.#reply.header(name, value);
  }

  override addHeader(name: string, value: string): void {
    this.#check('addHeader()');
    checkHeader(name, value);
    const before = this.#reply.getHeader(name);
    if (before === undefined || name.toLowerCase() === 'set-cookie') this.#reply.header(name, value);
    else this.#reply.header(name, [...(Array.isArray(before) ? before : [String(before)]), value]);
  }

  override containsHeader(name: string): boolean {
    return this.#reply.hasHeader(name);
  }

  override getHeader(name: string): string | undefined {
    const value = this.#reply.getHeader(name);
    return Array.isArray(value) ? value[0] : value === undefined ? undefined : String(value);
  }

  override setContentType(type: string): void {
    const text = type.startsWith('text/') && !/;\s*charset=/i.test(type);
    this.setHeader('content-type', text ? `${type}; charset=utf-8` : type);
  }

  override getContentType(): string | undefined {
    return this.getHeader('content-type');
  }

  override addCookie(cookie: Cookie): void {
    this.addHeader('set-cookie', formatCookie(cookie));
  }

  override write(text: string): void {
    this.#check('write()');
    this.#body.push(text);
  }

  override json(value: unknown): void {
    this.#check('json()');
    this.#body = [JSON.stringify(value) ?? 'null'];
    this.setHeader('content-type', 'application/json; charset=utf-8');
  }

  override sendError(status: number, message?: string): void {
    this.#check('sendError()');
    this.#body = [];
    this.#error = { status, message };
  }

  override sendRedirect(location: string, status = 302): void {
    this.#check('sendRedirect()');
    this.setHeader('location', encodeLocation(location));
    this.#status = status;
    this.#body = [];
    this.#reply.removeHeader('content-type');
  }

  override encodeURL(url: string): string {
    return url;
  }

  override isCommitted(): boolean {
    return this.#committed;
  }

  override getFastifyReply(): HttpPlatformReply {
    return this.#reply;
  }

  /** Discards everything and answers with this error instead, unless something was sent. @internal */
  fail(error: { readonly code: string }, status: number, message: string | undefined): void {
    if (this.#committed) return;
    this.#body = [];
    this.#error = { status, message, code: error.code };
  }

  /** Sends what was collected; a second call, and a call after the servlet replied through Fastify, does nothing. @internal */
  finish(): void {
    if (this.#committed) return;
    this.#committed = true;
    if (this.#reply.sent) return;
    this.#exchange.writeSessionCookie();
    const error = this.#error;
    if (error !== undefined) {
      sendErrorPage(this.#reply, this.#exchange.accept, error.status, error.message, error.code);
      return;
    }
    this.#reply.code(this.#status);
    if (this.#body.length === 0) {
      this.#reply.send();
      return;
    }
    if (!this.#reply.hasHeader('content-type')) this.#reply.header('content-type', 'text/plain; charset=utf-8');
    this.#reply.send(Buffer.from(this.#body.join('')));
  }

  /** Marks the head as sent by somebody else (an event stream). @internal */
  commit(): void {
    this.#committed = true;
  }

  #check(operation: string): void {
    if (this.#committed || this.#reply.sent)
      throw new IllegalStateError(httpCommitted.code, httpCommitted.text(operation));
  }
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/; // RFC 9110 §5.6.2
// oxlint-disable-next-line no-control-regex
const FORBIDDEN_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/;

function checkHeader(name: string, value: string): void {
  if (!TOKEN.test(name) || FORBIDDEN_VALUE.test(value))
    throw new IllegalArgumentError(httpHeader.code, httpHeader.text(JSON.stringify(name), JSON.stringify(value)));
}

// Location takes ASCII only; what is escaped already stays as it is.
function encodeLocation(location: string): string {
  return location.replace(/[^\u0021-\u007e]+/g, (part) => encodeURIComponent(part.toWellFormed()));
}
