import type { FastifyReply, FastifyRequest } from 'fastify';
import { ContainerAsyncContext } from './async-context.ts';
import type { ServletPath } from './mapping.ts';
import { ContainerHttpRequest } from './request.ts';
import { ContainerHttpResponse } from './response.ts';
import { readSessionId, sessionCookie } from './session-cookie.ts';
import type { CookieScope } from './session-cookie.ts';
import type { ContainerHttpSession } from './session.ts';
import type { WebUnit } from './web-unit.ts';

/** One HTTP request with its response, its session and, if started, its AsyncContext. */
export class Exchange {
  readonly unit: WebUnit;
  readonly request: ContainerHttpRequest;
  readonly response: ContainerHttpResponse;
  readonly fastifyRequest: FastifyRequest;
  readonly reply: FastifyReply;
  readonly #scope: CookieScope;
  readonly #sentId: string | undefined;
  #session: ContainerHttpSession | undefined;
  #async: ContainerAsyncContext | undefined;

  constructor(unit: WebUnit, fastifyRequest: FastifyRequest, reply: FastifyReply, path: ServletPath) {
    this.unit = unit;
    this.fastifyRequest = fastifyRequest;
    this.reply = reply;
    this.#scope = { secure: fastifyRequest.protocol === 'https', contextPath: unit.contextPath };
    this.#sentId = readSessionId(fastifyRequest.headers.cookie, this.#scope);
    this.#session = this.#sentId === undefined ? undefined : unit.sessions.find(this.#sentId);
    this.#session?.joined();
    this.request = new ContainerHttpRequest(this, fastifyRequest, path);
    this.response = new ContainerHttpResponse(this, reply);
  }

  get accept(): string | undefined {
    return this.fastifyRequest.headers.accept;
  }

  get asyncContext(): ContainerAsyncContext | undefined {
    return this.#async;
  }

  /** The session of this request; a new one when there is none and `create` says so. */
  session(create: boolean): ContainerHttpSession | undefined {
    if (this.#session?.isValid() === true) return this.#session;
    if (!create) return undefined;
    this.#session = this.unit.sessions.create();
    return this.#session;
  }

  /** Opens the AsyncContext of this request; a second call gives the same one. */
  startAsync(): ContainerAsyncContext {
    if (this.#async === undefined) {
      this.#async = new ContainerAsyncContext(this);
      this.#async.start();
    }
    return this.#async;
  }

  /** Adds Set-Cookie when the browser has to learn a new id or forget an old one. */
  writeSessionCookie(): void {
    const id = this.#session?.isValid() === true ? this.#session.getId() : undefined;
    if (id === this.#sentId) return;
    // A cookie that we never gave out, such as one from before a restart, is only replaced, never taken over.
    if (id === undefined && this.#session === undefined) return;
    this.reply.header('set-cookie', sessionCookie(id, this.#scope));
    if (!this.reply.hasHeader('cache-control')) this.reply.header('cache-control', 'no-store');
  }
}
