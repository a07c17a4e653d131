// From an application class to an Application: reads the decorators, makes each object once, injects, and runs the
// life cycle of its servlets.
import {
  getApplicationKeyMethod,
  getListenerKinds,
  getSipApplicationMetadata,
  getSipServletMetadata,
  getWebServletMetadata,
} from '@siplet/annotations';
import type { Class, SipApplicationMetadata } from '@siplet/annotations';
import {
  bindServletConfig,
  HttpServlet,
  Logger,
  ServletContext,
  ServletContextEvent,
  SIP_FACTORY,
  SIP_SESSIONS_UTIL,
  SipFactory,
  SipServletContext,
  SipServletContextEvent,
  SipSessionsUtil,
  SUPPORTED,
  SUPPORTED_RFCS,
  TIMER_SERVICE,
  TimerService,
} from '@siplet/api';
import type { GenericServlet, SipServlet } from '@siplet/api';
import type { Clock, EngineHost, RandomSource } from '@siplet/transport';
import { DigestAuthenticator } from '../auth/digest-authenticator.ts';
import type { SipRuntime } from '../dispatch/runtime.ts';
import {
  badMapping,
  badMainServlet,
  duplicateServlet,
  noMainServlet,
  notAListener,
  notAnApplication,
  notAServlet,
  servletInitFailed,
  severalApplicationKeys,
  severalTimerListeners,
} from '../errors.ts';
import { checkDeployOptions } from '../options.ts';
import { parseUrlPattern } from '../http/mapping.ts';
import type { UrlPattern } from '../http/mapping.ts';
import { HttpSessions } from '../http/session.ts';
import { WebUnit } from '../http/web-unit.ts';
import type { HttpPlugin, WebServletHolder } from '../http/web-unit.ts';
import { flowView } from '../message/flow-view.ts';
import { Application } from './application.ts';
import type { ApplicationConfig, ApplicationKey } from './application.ts';
import { ApplicationContext, ContainerServletConfig } from './context.ts';
import { Injector } from './injector.ts';
import type { Constructor, Provider } from './injector.ts';
import { ListenerRegistry } from './listeners.ts';
import { aroundNothing, ormAround, ormFinder } from './orm.ts';
import type { OrmLike } from './orm.ts';
import type { ServletHolder } from './servlet-holder.ts';

/** What deploy() takes beside the class. */
export interface DeployOptions {
  /** Objects that `@Resource(token)` finds; they go before the container's own. */
  readonly providers?: readonly Provider[];
  /** A MikroORM instance: injects EntityManager, and each dispatch and HTTP request gets a context of its own. */
  readonly orm?: OrmLike;
  /** Parameters of every servlet; they go before the ones in the decorators. */
  readonly initParams?: Readonly<Record<string, string>>;
  /** Parameters of the context; they go before the ones in @SipApplication. */
  readonly contextParams?: Readonly<Record<string, string>>;
  /** The path prefix of the web part; goes before the one in @SipApplication. */
  readonly contextPath?: string;
  /** Content-Security-Policy of this application's responses; false sends none. */
  readonly contentSecurityPolicy?: string | false;
  /** Adds Fastify plugins, hooks and routes below the application's context path. */
  readonly http?: HttpPlugin;
}

/** What a deployment takes from its container. */
export interface DeploymentEnvironment {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  readonly host: EngineHost;
  readonly runtime: SipRuntime;
  /** Seconds. */
  readonly httpSessionSeconds: number;
}

interface Unit {
  readonly name: string;
  readonly instance: GenericServlet;
  readonly loadOnStartup: number;
  readonly initParams: ReadonlyMap<string, string>;
}

/** One application with everything around it, from deploy() to stop(). */
export class Deployment {
  readonly application: Application;
  readonly web: WebUnit;
  readonly #config: { contextPath: string };
  readonly #hasOwnContextPath: boolean;
  readonly #units: readonly Unit[];
  readonly #initialized: Unit[] = [];

  constructor(parts: {
    application: Application;
    web: WebUnit;
    config: { contextPath: string };
    hasOwnContextPath: boolean;
    units: readonly Unit[];
  }) {
    this.application = parts.application;
    this.web = parts.web;
    this.#config = parts.config;
    this.#hasOwnContextPath = parts.hasOwnContextPath;
    this.#units = parts.units;
  }

  /** The only web application lives at the root, several live under their names, unless they say otherwise. */
  settleContextPath(isOnly: boolean): void {
    if (!this.#hasOwnContextPath)
      this.#config.contextPath = isOnly ? '' : `/${encodeURIComponent(this.application.name)}`;
  }

  /**
   * Calls the context listeners, then init() of every servlet: those with loadOnStartup ≥ 0 in that order, then the rest.
   * @throws {ContainerError} CTR_ERR_DEPLOY_INIT
   */
  async initialize(): Promise<void> {
    const { application } = this;
    const { context, listeners } = application;
    await listeners.fire('ServletContextListener', 'contextInitialized', new ServletContextEvent(context));
    for (const unit of startOrder(this.#units)) {
      const config = new ContainerServletConfig(unit.name, context, unit.initParams);
      bindServletConfig(unit.instance, config);
      try {
        await application.around(async () => {
          await unit.instance.init(config);
        });
      } catch (error) {
        throw servletInitFailed.because(error, unit.name, application.name, messageOf(error));
      }
      this.#initialized.push(unit);
    }
  }

  /** Tells the SipServletListeners about each SIP servlet, once everything is up (JSR 289 §8.1.3). */
  async announce(): Promise<void> {
    const { context, listeners, servlets } = this.application;
    if (!listeners.has('SipServletListener')) return;
    for (const { instance } of servlets.values()) {
      const event = new SipServletContextEvent(context, instance);
      await this.application.around(async () => {
        await listeners.fire('SipServletListener', 'servletInitialized', event);
      });
    }
  }

  /** Ends the HTTP sessions, destroys the servlets in reverse order, then calls the context listeners. */
  async destroy(logger: Logger): Promise<void> {
    this.web.sessions.stop();
    for (const unit of this.#initialized.splice(0).toReversed()) {
      try {
        await unit.instance.destroy();
      } catch (error) {
        logger.error({ err: error, app: this.application.name, servlet: unit.name }, 'destroy() threw');
      }
    }
    const event = new ServletContextEvent(this.application.context);
    await this.application.listeners.fire('ServletContextListener', 'contextDestroyed', event);
  }
}

/**
 * Makes the deployment of an application class; nothing runs yet.
 * @throws {ContainerError} CTR_ERR_DEPLOY_*, CTR_ERR_INJECT_*
 */
export async function deployApplication(
  target: Class,
  options: DeployOptions,
  environment: DeploymentEnvironment,
): Promise<Deployment> {
  const metadata = getSipApplicationMetadata(target);
  if (metadata === undefined) throw notAnApplication(target.name);
  checkDeployOptions(options);
  const { orm } = options;
  const around = orm === undefined ? aroundNothing : await ormAround(metadata.name, orm);
  const logger = environment.logger.child({ app: metadata.name });
  const config = mergeConfig(metadata, options);
  const listeners = new ListenerRegistry(metadata.name, logger);
  const servletsByName = new Map<string, GenericServlet>();
  const context = new ApplicationContext({
    config,
    logger,
    flow: (token) => {
      const flow = environment.host.flowById(token);
      return flow === undefined ? undefined : flowView(flow, environment.host);
    },
    servlet: (name) => servletsByName.get(name),
  });
  const application = new Application({ config, context, listeners, around });
  const injector = makeInjector(application, options, environment, logger);
  const made = makeServlets(metadata, injector, options);
  for (const unit of made.units) servletsByName.set(unit.name, unit.instance);
  registerListeners(metadata, made.byClass, injector, listeners);
  application.assemble(made.sip, mainServlet(metadata, made.sip), applicationKey(target, metadata));
  const sessions = new HttpSessions({
    clock: environment.clock,
    random: environment.random,
    context,
    listeners,
    maxInactiveSeconds: environment.httpSessionSeconds,
    createApplicationSession: () => environment.runtime.sessions.createApplicationSession(application),
  });
  const web = new WebUnit({
    name: metadata.name,
    clock: environment.clock,
    logger,
    context,
    contextPath: () => config.contextPath,
    around,
    sessions,
    servlets: made.web,
    plugin: options.http,
    contentSecurityPolicy: options.contentSecurityPolicy,
  });
  const hasOwnContextPath = options.contextPath !== undefined || metadata.contextPath !== undefined;
  return new Deployment({ application, web, config, hasOwnContextPath, units: made.units });
}

function mergeConfig(
  metadata: SipApplicationMetadata,
  options: DeployOptions,
): ApplicationConfig & { contextPath: string } {
  return {
    name: metadata.name,
    displayName: metadata.displayName,
    description: metadata.description,
    sessionTimeoutMinutes: metadata.sessionTimeout,
    proxyTimeoutSeconds: metadata.proxyTimeout,
    distributable: metadata.distributable,
    concurrency: metadata.concurrency,
    contextParams: new Map(Object.entries({ ...metadata.contextParams, ...options.contextParams })),
    contextPath: (options.contextPath ?? metadata.contextPath ?? '').replace(/\/+$/, ''),
    orm: options.orm,
  };
}

function makeInjector(
  application: Application,
  options: DeployOptions,
  environment: DeploymentEnvironment,
  logger: Logger,
): Injector {
  const { runtime } = environment;
  const { context } = application;
  const factory = runtime.factoryFor(application);
  const sessionsUtil = runtime.sessionsUtilFor(application);
  const timerService = runtime.timerServiceFor(application);
  context.setAttribute(SIP_FACTORY, factory);
  context.setAttribute(SIP_SESSIONS_UTIL, sessionsUtil);
  context.setAttribute(TIMER_SERVICE, timerService);
  context.setAttribute(SUPPORTED, SUPPORTED_OPTION_TAGS);
  context.setAttribute(SUPPORTED_RFCS, SUPPORTED_RFC_NUMBERS);
  const injector = new Injector();
  injector.provide(SipFactory, factory);
  injector.provide(SipSessionsUtil, sessionsUtil);
  injector.provide(TimerService, timerService);
  injector.provide(SipServletContext, context);
  injector.provide(ServletContext, context);
  injector.provide(Logger, logger);
  injector.provide(DigestAuthenticator, runtime.digestFor(application));
  if (options.orm !== undefined) injector.addFinder(ormFinder(options.orm));
  for (const { provide, useValue } of options.providers ?? []) injector.provide(provide, useValue);
  return injector;
}

interface MadeServlets {
  readonly units: readonly Unit[];
  readonly sip: readonly ServletHolder[];
  readonly web: readonly WebServletHolder[];
  readonly byClass: ReadonlyMap<Class, GenericServlet>;
}

function makeServlets(metadata: SipApplicationMetadata, injector: Injector, options: DeployOptions): MadeServlets {
  const units: Unit[] = [];
  const sip: ServletHolder[] = [];
  const web: WebServletHolder[] = [];
  const byClass = new Map<Class, GenericServlet>();
  const owners = new Map<string, Class>();
  for (const servletClass of metadata.servlets) {
    const sipMetadata = getSipServletMetadata(servletClass);
    const webMetadata = getWebServletMetadata(servletClass);
    const found = sipMetadata ?? webMetadata;
    if (found === undefined)
      throw notAServlet(metadata.name, servletClass.name, 'it has neither @SipServlet nor @WebServlet');
    const { name, loadOnStartup } = found;
    const owner = owners.get(name);
    if (owner !== undefined) throw duplicateServlet(metadata.name, name, owner.name, servletClass.name);
    owners.set(name, servletClass);
    const instance = injector.construct(servletClass as Constructor<GenericServlet>);
    byClass.set(servletClass, instance);
    const initParams = new Map(Object.entries({ ...metadata.initParams, ...found.initParams, ...options.initParams }));
    units.push({ name, instance, loadOnStartup, initParams });
    if (sipMetadata !== undefined) sip.push({ name, instance: instance as SipServlet });
    if (webMetadata !== undefined) {
      if (!(instance instanceof HttpServlet))
        throw notAServlet(metadata.name, servletClass.name, 'it has @WebServlet and does not extend HttpServlet');
      const patterns = webMetadata.urlPatterns.map((text) => urlPattern(metadata.name, text));
      web.push({ name, instance, patterns, urlPatterns: webMetadata.urlPatterns });
    }
  }
  return { units, sip, web, byClass };
}

function urlPattern(application: string, text: string): UrlPattern {
  const pattern = parseUrlPattern(text);
  if (pattern === undefined) throw badMapping(application, text);
  return pattern;
}

// A servlet that is also a listener is called on its only instance; further listener classes get one instance each.
function registerListeners(
  metadata: SipApplicationMetadata,
  servlets: ReadonlyMap<Class, GenericServlet>,
  injector: Injector,
  registry: ListenerRegistry,
): void {
  for (const [servletClass, instance] of servlets)
    for (const kind of getListenerKinds(servletClass)) registry.add(kind, instance);
  for (const listenerClass of metadata.listeners) {
    if (servlets.has(listenerClass)) continue;
    const kinds = getListenerKinds(listenerClass);
    if (kinds.length === 0)
      throw notAListener(metadata.name, listenerClass.name, 'it has no @SipListener or @WebListener');
    const instance = injector.construct(listenerClass as Constructor);
    for (const kind of kinds) registry.add(kind, instance);
  }
  const timerListeners = registry.all('TimerListener');
  if (timerListeners.length > 1)
    throw severalTimerListeners(metadata.name, timerListeners.map((each) => each.constructor.name).join(', '));
}

// JSR 289 §16.2: one SIP servlet is the main servlet; of several, one has to be named.
function mainServlet(metadata: SipApplicationMetadata, holders: readonly ServletHolder[]): ServletHolder | undefined {
  if (metadata.mainServlet !== undefined) {
    const name = getSipServletMetadata(metadata.mainServlet)?.name;
    const main = holders.find((each) => each.name === name);
    if (main === undefined) throw badMainServlet(metadata.name, metadata.mainServlet.name, '');
    return main;
  }
  if (holders.length > 1) throw noMainServlet(metadata.name, holders.map((each) => each.name).join(', '));
  return holders[0];
}

function applicationKey(target: Class, metadata: SipApplicationMetadata): ApplicationKey | undefined {
  const owners = [...new Set([target, ...metadata.servlets, ...metadata.listeners])].filter(
    (each) => getApplicationKeyMethod(each) !== undefined,
  );
  const [owner] = owners;
  if (owners.length > 1) throw severalApplicationKeys(metadata.name, owners.map((each) => each.name).join(', '));
  return owner === undefined ? undefined : getApplicationKeyMethod(owner);
}

function startOrder(units: readonly Unit[]): readonly Unit[] {
  const early = units.filter((each) => each.loadOnStartup >= 0);
  return [
    ...early.toSorted((a, b) => a.loadOnStartup - b.loadOnStartup),
    ...units.filter((each) => each.loadOnStartup < 0),
  ];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const SUPPORTED_OPTION_TAGS: readonly string[] = [];
const SUPPORTED_RFC_NUMBERS: readonly string[] = ['3261', '3581', '3725', '6026', '7118', '7616', '8760'];
