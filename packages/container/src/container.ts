// The composition root: builds the host, the router, the SIP runtime, the HTTP server and the applications.
import type { Class } from '@siplet/annotations';
import { OUTBOUND_INTERFACES } from '@siplet/api';
import type { SipApplicationRouter } from '@siplet/api';
import { attachSipWebSocket, EngineHost, nodePorts } from '@siplet/transport';
import type { ListeningPoint, Ports } from '@siplet/transport';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Application } from './application/application.ts';
import { deployApplication } from './application/deployment.ts';
import type { Deployment, DeployOptions } from './application/deployment.ts';
import { checkDarApplications, makeRouter } from './application/router.ts';
import type { RouterChoice } from './application/router.ts';
import { sipMessageChannel } from './diagnostics.ts';
import { SipRuntime } from './dispatch/runtime.ts';
import { duplicateApplication, duplicateContextPath, noRouter } from './errors.ts';
import { isSameOrigin } from './http/csrf.ts';
import { HttpServer } from './http/server.ts';
import { Lifecycle } from './lifecycle.ts';
import type { LifecycleState } from './lifecycle.ts';
import { createLogger, Logger, silentLogger } from './logging.ts';
import { resolveOptions } from './options.ts';
import type { ContainerOptions, ResolvedOptions } from './options.ts';

/** What lives in a container, for leak checks and metrics. */
export interface ContainerCounts {
  /** SIP transactions, both sides. */
  readonly transactions: number;
  readonly applicationSessions: number;
  readonly sipSessions: number;
  /** Mailboxes that have work now. */
  readonly mailboxes: number;
  /** Timers of transactions and sessions. */
  readonly timers: number;
  /** Open TCP and WebSocket connections. */
  readonly flows: number;
  readonly httpSessions: number;
  /** Open AsyncContexts, event streams among them. */
  readonly openResponses: number;
}

/** Where the HTTP port is. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** Options of {@link Container.stop}. */
export interface StopOptions {
  /** Milliseconds that calls in progress have to end; 0 by default. */
  readonly drain?: number;
}

const HTTP_GRACE_MS = 1_000; // for answers that are being written

/**
 * Makes a container. Nothing is opened before start().
 * @throws {ContainerError} CTR_ERR_OPT_*, and DAR_ERR_* for a broken router file
 */
export async function createContainer(options: ContainerOptions = {}): Promise<Container> {
  const resolved = resolveOptions(options);
  const router = await makeRouter(resolved.router);
  return new Container(resolved, router);
}

/** A SIP and HTTP server that runs applications; made by {@link createContainer}. */
export class Container {
  /** The sockets and the SIP engine. @internal */
  readonly host: EngineHost;
  /** The SIP side. @internal */
  readonly runtime: SipRuntime;
  readonly logger: Logger;
  readonly ports: Ports;
  readonly #options: ResolvedOptions;
  readonly #router: RouterChoice;
  readonly #http: HttpServer;
  readonly #lifecycle = new Lifecycle();
  readonly #deployments: Deployment[] = [];
  #webSocket: { close(): Promise<void> } | undefined;
  #stopping: Promise<void> | undefined;

  /** @internal */
  constructor(options: ResolvedOptions, router: RouterChoice) {
    this.#options = options;
    this.#router = router;
    this.ports = { ...nodePorts(), ...options.ports };
    this.logger = makeLogger(options.logger, this.ports);
    const { noApplicationStatus, sessionExpiry, handlerTimeoutMs, listen, advertise: _applied, ...rest } = options.sip;
    this.host = new EngineHost(
      { ports: this.ports, listen, ...rest },
      {
        event: (event) => this.runtime.handleEvent(event),
        flowClosed: (flow) => this.runtime.flowClosed(flow),
        listenError: (error, point) =>
          this.logger.error({ err: error, listener: pointUri(point) }, 'A SIP listener failed'),
        handlerError: (error) => this.logger.error({ err: error }, 'A SIP event could not be handled'),
      },
    );
    this.runtime = new SipRuntime({
      host: this.host,
      ports: this.ports,
      router: router.router,
      logger: this.logger,
      noApplicationStatus,
      expiry: sessionExpiry,
      watchdogMs: handlerTimeoutMs,
    });
    this.host.tap = (direction, bytes, flow) => {
      if (sipMessageChannel.hasSubscribers) sipMessageChannel.publish({ direction, bytes, flow });
    };
    this.#http = new HttpServer(options.http, this.logger);
  }

  /** Where the container is in its life. */
  get state(): LifecycleState {
    return this.#lifecycle.state;
  }

  /** The Fastify server underneath, for plugins and routes beside the applications; before start(). */
  get fastify(): FastifyInstance {
    return this.#http.fastify;
  }

  /** The router that chooses applications for initial requests. */
  get router(): SipApplicationRouter {
    return this.#router.router;
  }

  /** The deployed applications, in order of deployment. */
  get applications(): readonly Application[] {
    return this.#deployments.map((each) => each.application);
  }

  /** The open SIP listeners; empty before start(). */
  get sipListeningPoints(): readonly ListeningPoint[] {
    return this.state === 'new' ? [] : this.host.listeningPoints;
  }

  /** Where HTTP listens; undefined when it does not. */
  get httpAddress(): HttpAddress | undefined {
    const address = this.#http.server.address();
    return address === null || typeof address === 'string' ? undefined : { host: address.address, port: address.port };
  }

  /**
   * Makes an application's objects and injects them; its servlets are initialised by start().
   * @throws {ContainerError} CTR_ERR_DEPLOY_*, CTR_ERR_INJECT_*, CTR_ERR_STATE
   */
  async deploy(application: Class, options: DeployOptions = {}): Promise<Application> {
    this.#lifecycle.expect('deploy', 'new');
    const deployment = await deployApplication(application, options, {
      clock: this.ports.clock,
      random: this.ports.random,
      logger: this.logger,
      host: this.host,
      runtime: this.runtime,
      httpSessionSeconds: this.#options.http.sessionTimeoutMinutes * 60,
    });
    const { name } = deployment.application;
    if (this.applications.some((each) => each.name === name)) throw duplicateApplication(name);
    this.#deployments.push(deployment);
    return deployment.application;
  }

  /**
   * Checks the router file, initialises the servlets and opens the ports; when it fails, everything is closed again.
   * @throws {ContainerError} CTR_ERR_*, and TPT_ERR_PORT_IN_USE and its relatives
   */
  async start(): Promise<void> {
    this.#lifecycle.enter('starting', 'start');
    try {
      await this.#bringUp();
      this.#lifecycle.enter('started', 'start');
    } catch (error) {
      this.#lifecycle.enter('failed', 'start');
      await this.stop();
      throw error;
    }
  }

  /** Ends everything: waits up to `drain` milliseconds for calls, then closes. A second call waits for the first. */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#tearDown(options.drain ?? 0);
    return this.#stopping;
  }

  /** Sends an HTTP request through the container without a socket. */
  async inject(request: InjectOptions | string): Promise<LightMyRequestResponse> {
    this.#lifecycle.expect('inject', 'started', 'stopping');
    return this.#http.fastify.inject(request);
  }

  /** Resolves when no mailbox has work. */
  whenIdle(): Promise<void> {
    return this.runtime.whenIdle();
  }

  /** What lives in the container now. */
  counts(): ContainerCounts {
    const engine = this.host.engine.counts();
    const sessions = this.runtime.sessions.counts();
    const sum = (of: (deployment: Deployment) => number): number =>
      this.#deployments.reduce((total, each) => total + of(each), 0);
    return {
      transactions: engine.client + engine.server + engine.accepted,
      applicationSessions: sessions.applicationSessions,
      sipSessions: sessions.sipSessions,
      mailboxes: sessions.mailboxes,
      timers: engine.timers + sessions.timers,
      flows: this.host.stats().flows,
      httpSessions: sum((each) => each.web.sessions.size),
      openResponses: sum((each) => each.web.openExchanges),
    };
  }

  async #bringUp(): Promise<void> {
    const names = this.applications.map((each) => each.name);
    if (this.#router.isFallback && names.length > 1) throw noRouter(names.join(', '));
    checkDarApplications(this.#router.dar, names, this.logger);
    this.#settleContextPaths();
    await this.#router.router.init();
    for (const { application } of this.#deployments) this.runtime.addApplication(application);
    this.#router.router.applicationDeployed(names);
    for (const deployment of this.#deployments) await deployment.initialize();
    for (const { web } of this.#deployments) if (!web.isEmpty) this.#http.add(web);
    await this.#http.ready();
    await this.host.start();
    this.#publishInterfaces();
    if (this.#options.http.listen) await this.#openHttp();
    for (const deployment of this.#deployments) await deployment.announce();
  }

  #settleContextPaths(): void {
    const web = this.#deployments.filter((each) => !each.web.isEmpty);
    for (const deployment of web) deployment.settleContextPath(web.length === 1);
    const owners = new Map<string, string>();
    for (const { application } of web) {
      const { name, config } = application;
      const owner = owners.get(config.contextPath);
      if (owner !== undefined) throw duplicateContextPath(owner, name, config.contextPath);
      owners.set(config.contextPath, name);
    }
  }

  async #openHttp(): Promise<void> {
    const { sipPath, allowedOrigins, advertise } = this.#options.http;
    if (sipPath !== false) {
      this.#webSocket = attachSipWebSocket(this.#http.server, this.host, {
        path: sipPath,
        advertise,
        allowOrigin: (origin, request) =>
          origin === undefined || isSameOrigin(origin, request.headers.host) || allowedOrigins.includes(origin),
      });
    }
    await this.#http.listen();
  }

  // JSR 289 §14.2: javax.servlet.sip.outboundInterfaces, known once the sockets are open.
  #publishInterfaces(): void {
    for (const { application } of this.#deployments) {
      const factory = this.runtime.factoryFor(application);
      const interfaces = this.host.listeningPoints.map((point) => {
        const uri = factory.createSipURI(undefined, point.advertisedHost);
        uri.setPort(point.advertisedPort);
        uri.setTransportParam(point.protocol.toLowerCase());
        return uri;
      });
      application.context.setAttribute(OUTBOUND_INTERFACES, interfaces);
    }
  }

  async #tearDown(drainMs: number): Promise<void> {
    const wasUp = this.state === 'started';
    this.#lifecycle.enter('stopping', 'stop');
    if (wasUp && drainMs > 0) await this.runtime.drain(drainMs);
    const { clock } = this.ports;
    let passed = (): void => {};
    const deadline = new Promise<void>((resolve) => {
      passed = resolve;
    });
    const timer = clock.setTimer(HTTP_GRACE_MS, passed);
    // WebSockets first: the HTTP server waits for its connections, upgraded ones included.
    await this.#attempt(this.#webSocket?.close());
    await this.#attempt(this.#http.close(deadline));
    timer.cancel();
    await this.#attempt(this.runtime.stop());
    for (const deployment of this.#deployments.toReversed()) await this.#attempt(deployment.destroy(this.logger));
    if (wasUp) await this.#attempt(Promise.resolve(this.#router.router.destroy()));
    await this.#attempt(this.host.stop());
    this.#lifecycle.enter('stopped', 'stop');
  }

  // Stopping goes on whatever fails.
  async #attempt(step: Promise<void> | undefined): Promise<void> {
    try {
      await step;
    } catch (error) {
      this.logger.error({ err: error }, 'A step of stop() failed');
    }
  }
}

/** `udp://192.0.2.1:5060`, for messages and banners. */
export function pointUri(point: ListeningPoint): string {
  const host = point.address.includes(':') ? `[${point.address.replace(/[[\]]/g, '')}]` : point.address;
  return `${point.protocol.toLowerCase()}://${host}:${point.port}`;
}

function makeLogger(choice: ResolvedOptions['logger'], ports: Ports): Logger {
  if (choice === false) return silentLogger();
  if (choice !== undefined && typeof (choice as Partial<Logger>).child === 'function') return choice as Logger;
  return createLogger({ wallTime: () => ports.clock.wallTime(), ...(choice as object | undefined) });
}
