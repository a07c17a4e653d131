// One Fastify for the container; per application an encapsulated plugin under its context path.
import type { Server } from 'node:http';
import formbody from '@fastify/formbody';
import { fastify as createFastify, LogController } from 'fastify';
import type {
  FastifyBaseLogger,
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
} from 'fastify';
import { httpRequestChannel } from '../diagnostics.ts';
import {
  httpBodySyntax,
  httpBodyTooLarge,
  httpCrossSite,
  httpListen,
  httpMediaType,
  httpNotFound,
  httpNotFoundTaken,
  portInUse,
} from '../errors.ts';
import type { ContainerError } from '../errors.ts';
import type { Logger } from '../logging.ts';
import type { ResolvedOptions } from '../options.ts';
import { crossSiteReason } from './csrf.ts';
import { dispatch, pathWithin } from './dispatch.ts';
import { sendErrorPage } from './error-page.ts';
import { routesOf } from './mapping.ts';
import { pathOf } from './request.ts';
import type { Mapping, WebUnit } from './web-unit.ts';

const REQUEST_TIMEOUT_MS = 300_000; // Node's own default, which Fastify switches off
const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];

/** The HTTP server of a container. */
export class HttpServer {
  readonly fastify: FastifyInstance;
  readonly #options: ResolvedOptions['http'];
  readonly #logger: Logger;
  readonly #units: WebUnit[] = [];

  constructor(options: ResolvedOptions['http'], logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    this.fastify = createFastify({
      loggerInstance: logger.child({}) as unknown as FastifyBaseLogger,
      logController: new LogController({ disableRequestLogging: true }),
      bodyLimit: options.bodyLimitBytes,
      trustProxy: options.trustProxy,
      requestTimeout: REQUEST_TIMEOUT_MS,
      frameworkErrors: (error, request, reply) => this.#unroutable(error, request, reply),
    }) as unknown as FastifyInstance;
    this.#prepare();
  }

  /** The Node server, for WebSocket upgrades. */
  get server(): Server {
    return this.fastify.server;
  }

  /** Adds an application's web part; before ready(). */
  add(unit: WebUnit): void {
    this.#units.push(unit);
  }

  /**
   * Registers every application and makes `inject` work.
   * @throws {ContainerError} CTR_ERR_DEPLOY_NOT_FOUND_HANDLER
   */
  async ready(): Promise<void> {
    for (const unit of this.#units)
      await this.fastify.register((scope) => this.#mount(scope, unit), { prefix: unit.contextPath });
    if (!this.#units.some((unit) => unit.contextPath === ''))
      this.fastify.setNotFoundHandler((request, reply) => this.#notFound(undefined, request, reply));
    await this.fastify.ready();
  }

  /**
   * Opens the port.
   * @throws {ContainerError} CTR_ERR_HTTP_PORT_IN_USE, CTR_ERR_HTTP_LISTEN
   */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    const { log } = this.fastify;
    const { level } = log;
    try {
      log.level = 'silent'; // who starts the container prints the addresses, all of them
      await this.fastify.listen({ host, port });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE') throw portInUse.because(error, port, host);
      throw httpListen.because(error, host, port, message);
    } finally {
      log.level = level;
    }
  }

  /** Ends open responses and closes the port; answers that are being made have until `deadline` resolves. */
  async close(deadline: Promise<void>): Promise<void> {
    for (const unit of this.#units) unit.shutDown();
    const closed = this.fastify.close();
    const { server } = this.fastify;
    void deadline.then(() => server.closeAllConnections());
    await closed;
  }

  #prepare(): void {
    const { fastify } = this;
    void fastify.register(formbody);
    fastify.removeContentTypeParser('application/json');
    // An empty body is no error: fetch() sends the content type with a DELETE too.
    const parse = fastify.getDefaultJsonParser('error', 'error');
    fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      if (body === '') done(null, undefined);
      else void parse(request, String(body), done);
    });
    fastify.addHook('onRequest', async (request, reply) => this.#guard(request, reply));
    fastify.addHook('onResponse', async (request, reply) => publish(request, reply, this.#unitOf(request)));
    fastify.setErrorHandler((error: FastifyError, request, reply) => this.#failed(error, request, reply));
  }

  async #guard(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const policy = this.#unitOf(request)?.contentSecurityPolicy ?? this.#options.contentSecurityPolicy;
    if (policy !== false) void reply.header('content-security-policy', policy);
    void reply.headers(SECURITY_HEADERS);
    const reason = crossSiteReason(request.method, request.headers, this.#options.allowedOrigins);
    if (reason !== undefined) throw httpCrossSite(reason);
  }

  async #mount(scope: FastifyInstance, unit: WebUnit): Promise<void> {
    await unit.plugin?.(scope);
    const exact = new Set<string>();
    for (const { patterns } of unit.servlets)
      for (const pattern of patterns) if (pattern.kind === 'exact') exact.add(routesOf(pattern)[0] ?? '');
    for (const holder of unit.servlets)
      for (const pattern of holder.patterns)
        for (const url of routesOf(pattern)) {
          if (pattern.kind === 'prefix' && exact.has(url)) continue; // Servlet 3.0 §12.1: an exact match comes first
          scope.route({
            method: METHODS,
            url,
            exposeHeadRoute: false,
            prefixTrailingSlash: 'slash',
            handler: (request, reply) => this.#dispatch(unit, { holder, pattern }, request, reply),
          });
        }
    try {
      scope.setNotFoundHandler((request, reply) => this.#notFound(unit, request, reply));
    } catch {
      if (unit.fallbackPatterns.length > 0) throw httpNotFoundTaken(unit.name, unit.fallbackPatterns.join(', '));
    }
  }

  #dispatch(unit: WebUnit, target: Mapping, request: FastifyRequest, reply: FastifyReply): void {
    dispatch(unit, target.holder, target.pattern, request, reply).catch((error: FastifyError) => {
      if (!reply.sent) this.#failed(error, request, reply);
    });
  }

  #notFound(unit: WebUnit | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (unit !== undefined) {
      const path = pathOf(request.raw.url ?? '/');
      // Relative links in the application's pages need the slash.
      if (path === unit.contextPath && path !== '') return void reply.redirect(`${path}/`);
      const found = unit.fallback(pathWithin(unit, request));
      if (found !== undefined) return this.#dispatch(unit, found, request, reply);
    }
    const error = httpNotFound();
    sendErrorPage(reply, request.headers.accept, 404, error.message, error.code);
  }

  // Every error that no servlet handled: of the body, of a plugin's route or hook.
  #failed(cause: FastifyError | ContainerError, request: FastifyRequest, reply: FastifyReply): void {
    const error = this.#translate(cause, request);
    const status = error.statusCode ?? 500;
    const { accept } = request.headers;
    if (status < 500) return sendErrorPage(reply, accept, status, error.message, error.code);
    this.#logger.error({ err: cause, reqId: request.id, path: pathOf(request.url) }, 'An HTTP route threw');
    return sendErrorPage(reply, accept, status, undefined);
  }

  // An address that cannot be decoded; no hook has run.
  #unroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
    void reply.headers(SECURITY_HEADERS);
    sendErrorPage(reply, request.headers.accept, error.statusCode ?? 400, error.message, error.code);
  }

  #translate(
    error: FastifyError | ContainerError,
    request: FastifyRequest,
  ): { statusCode?: number | undefined; message: string; code: string } {
    switch (error.code) {
      case 'FST_ERR_CTP_BODY_TOO_LARGE':
        return httpBodyTooLarge(request.routeOptions.bodyLimit ?? this.#options.bodyLimitBytes);
      case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
        return httpMediaType(request.headers['content-type'] ?? '');
      case 'FST_ERR_CTP_INVALID_JSON_BODY':
      case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
        return httpBodySyntax(error.message);
      default:
        return error instanceof SyntaxError ? httpBodySyntax(error.message) : error;
    }
  }

  #unitOf(request: FastifyRequest): WebUnit | undefined {
    const path = pathOf(request.raw.url ?? '/');
    let best: WebUnit | undefined;
    for (const unit of this.#units) {
      const { contextPath } = unit;
      const inside = path === contextPath || path.startsWith(`${contextPath}/`);
      if (inside && contextPath.length >= (best?.contextPath.length ?? 0)) best = unit;
    }
    return best;
  }
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

function publish(request: FastifyRequest, reply: FastifyReply, unit: WebUnit | undefined): void {
  if (!httpRequestChannel.hasSubscribers) return;
  httpRequestChannel.publish({
    method: request.method,
    path: pathOf(request.url),
    status: reply.statusCode,
    durationMs: reply.elapsedTime,
    application: unit?.name,
  });
}
