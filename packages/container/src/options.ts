// Every option of a container: unit, default and validation. An unknown name is an error that suggests the right one.
import type { SipApplicationRouter } from '@siplet/api';
import type { ParseLimits, TimerConfig } from '@siplet/sip';
import type { ListenOptions, Ports } from '@siplet/transport';
import type { DeployOptions } from './application/deployment.ts';
import { didYouMean } from './application/suggest.ts';
import { optionInvalid, optionUnknown } from './errors.ts';
import type { Logger, LoggerOptions } from './logging.ts';

/** The SIP side of a container. */
export interface SipOptions {
  /** 'udp://127.0.0.1:5060' or 'tcp://…'; both on loopback port 5060 by default, [] for none. Port 0 takes a free one. */
  readonly listen?: readonly (string | ListenOptions)[];
  /** host[:port] that peers are told, for every listener without its own. */
  readonly advertise?: string;
  /** RFC 3261 §17 timers, milliseconds. */
  readonly timers?: Partial<TimerConfig>;
  /** Sizes beyond which a message is refused. */
  readonly limits?: Partial<ParseLimits>;
  readonly maxConnectionsPerSource?: number;
  /** A TCP connection without a complete message for this long is closed. Milliseconds. */
  readonly firstMessageTimeoutMs?: number;
  /** A TCP connection without traffic for this long is closed. Milliseconds. */
  readonly idleTimeoutMs?: number;
  /** Status for an initial request that no application takes; 404 by default. */
  readonly noApplicationStatus?: number;
  /**
   * What the session timeout of an application counts from: `'creation'` of the session (JSR 289 §6.1.2, default), or the
   * last message (`'activity'`), so that a long call does not outlive its session.
   */
  readonly sessionExpiry?: 'creation' | 'activity';
  /** A handler that takes longer is named in the log and no longer waited for; 30,000 by default, 0 is off. Milliseconds. */
  readonly handlerTimeoutMs?: number;
}

/** The HTTP side of a container. */
export interface HttpOptions {
  /** 8080 by default; 0 takes a free one. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** Largest request body in bytes; 1 MiB by default. */
  readonly bodyLimitBytes?: number;
  /** Believe X-Forwarded-* headers: only behind a proxy that sets them. */
  readonly trustProxy?: boolean;
  /** host[:port] by which others reach the HTTP port, for SIP over WebSocket behind a proxy or NAT. */
  readonly advertise?: string;
  /** Path of SIP over WebSocket; '/sip' by default, false for none. */
  readonly sipPath?: string | false;
  /** Origins besides our own that may open the SIP WebSocket and post forms, such as 'https://shop.example.com'. */
  readonly allowedOrigins?: readonly string[];
  /** Content-Security-Policy of every response; false sends none. */
  readonly contentSecurityPolicy?: string | false;
  /** HTTP sessions end after this long without a request. Minutes, 30 by default. */
  readonly sessionTimeoutMinutes?: number;
}

/** Where the default application router's configuration comes from. */
export interface RouterOptions {
  /** Path of a DAR properties file. */
  readonly dar?: string;
  /** The text of a DAR file, instead of a path. */
  readonly darText?: string;
}

/** What createContainer() takes; everything has a default. */
export interface ContainerOptions {
  readonly sip?: SipOptions;
  /** Left out or false: no HTTP port is opened (`container.inject` works all the same). */
  readonly http?: HttpOptions | false;
  /** A DAR file, or a router of one's own. Left out: every initial request goes to the only application. */
  readonly router?: RouterOptions | SipApplicationRouter;
  /** Clock, randomness and sockets; the system's by default. */
  readonly ports?: Partial<Ports>;
  /** A pino-shaped logger, options for the built-in one, or false for silence. */
  readonly logger?: Logger | LoggerOptions | false;
}

/** Options with defaults filled in. */
export interface ResolvedOptions {
  readonly sip: Omit<SipOptions, 'listen' | 'noApplicationStatus'> & {
    readonly listen: readonly ListenOptions[];
    readonly noApplicationStatus: number;
  };
  readonly http: Required<Omit<HttpOptions, 'allowedOrigins' | 'advertise'>> & {
    readonly listen: boolean;
    readonly advertise: string | undefined;
    readonly allowedOrigins: readonly string[];
  };
  readonly router: RouterOptions | SipApplicationRouter | undefined;
  readonly ports: Partial<Ports>;
  readonly logger: Logger | LoggerOptions | false | undefined;
}

/** Nothing is loaded from elsewhere, nothing is framed; 'self' covers the page's own WebSocket and event stream. */
export const DEFAULT_CONTENT_SECURITY_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const DEFAULT_LISTEN = ['udp://127.0.0.1:5060', 'tcp://127.0.0.1:5060'];
const ONE_MEBIBYTE = 1_048_576; // bytes

/**
 * Checks the options and fills in the defaults.
 * @throws {ContainerError} CTR_ERR_OPT_UNKNOWN, CTR_ERR_OPT_INVALID
 */
export function resolveOptions(options: ContainerOptions = {}): ResolvedOptions {
  check('container', options, CONTAINER_CHECKS);
  const sip: SipOptions = options.sip ?? {};
  check('sip', sip, SIP_CHECKS);
  const http: HttpOptions = options.http === false ? {} : (options.http ?? {});
  check('http', http, HTTP_CHECKS);
  const { router } = options;
  if (router !== undefined && !isRouter(router)) check('router', router, ROUTER_CHECKS);
  const { listen, noApplicationStatus, ...rest } = sip;
  return {
    sip: {
      ...rest,
      listen: (listen ?? DEFAULT_LISTEN).map((each) => listenOptions(each, sip.advertise)),
      noApplicationStatus: noApplicationStatus ?? 404,
    },
    http: {
      listen: options.http !== undefined && options.http !== false,
      port: http.port ?? 8080,
      host: http.host ?? '127.0.0.1',
      bodyLimitBytes: http.bodyLimitBytes ?? ONE_MEBIBYTE,
      trustProxy: http.trustProxy ?? false,
      advertise: http.advertise,
      sipPath: http.sipPath ?? '/sip',
      allowedOrigins: http.allowedOrigins ?? [],
      contentSecurityPolicy: http.contentSecurityPolicy ?? DEFAULT_CONTENT_SECURITY_POLICY,
      sessionTimeoutMinutes: http.sessionTimeoutMinutes ?? 30,
    },
    router,
    ports: options.ports ?? {},
    logger: options.logger,
  };
}

/** Whether the option is a router object rather than the place of a DAR file. */
export function isRouter(router: RouterOptions | SipApplicationRouter): router is SipApplicationRouter {
  return typeof (router as Partial<SipApplicationRouter>).getNextApplication === 'function';
}

function listenOptions(listen: string | ListenOptions, advertise: string | undefined): ListenOptions {
  const each = typeof listen === 'string' ? { uri: listen } : listen;
  return each.advertise === undefined && advertise !== undefined ? { ...each, advertise } : each;
}

/**
 * Checks the names and kinds of what deploy() was given.
 * @throws {ContainerError} CTR_ERR_OPT_UNKNOWN, CTR_ERR_OPT_INVALID
 */
export function checkDeployOptions(options: DeployOptions): void {
  check('deploy', options, DEPLOY_CHECKS);
}

/** Says what a value must be, or undefined when it is fine. */
type Check = (value: unknown) => string | undefined;

/** Checks the names and values of one group of options against its table. */
function check(group: string, options: object, checks: Readonly<Record<string, Check>>): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(checks, name) ? checks[name] : undefined;
    const path = group === 'container' ? name : `${group}.${name}`;
    if (rule === undefined) throw optionUnknown(path, didYouMean(name, Object.keys(checks)));
    if (value === undefined) continue;
    const wanted = rule(value);
    if (wanted !== undefined) throw optionInvalid(path, show(value), wanted);
  }
}

function show(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
}

const LISTEN_URI = /^(?:udp|tcp):\/\/(?:\[[0-9a-f:.]+\]|[0-9.]+|localhost):(\d{1,5})$/i;

function listen(value: unknown): string | undefined {
  if (Array.isArray(value) && value.every(isListen)) return undefined;
  return 'a list of addresses such as "udp://127.0.0.1:5060" or "tcp://[::1]:5060"';
}

function isListen(value: unknown): boolean {
  const uri: unknown = typeof value === 'object' && value !== null ? (value as { uri?: unknown }).uri : value;
  const match = typeof uri === 'string' ? LISTEN_URI.exec(uri) : null;
  return match !== null && Number(match[1]) <= 65_535;
}

function integer(minimum: number, maximum: number, unit: string): Check {
  return (value) =>
    Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum
      ? undefined
      : `${unit} from ${minimum} to ${maximum}`;
}

function number(unit: string): Check {
  return (value) => (typeof value === 'number' && Number.isFinite(value) ? undefined : unit);
}

const object: Check = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object');
const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a non-empty text');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const falseOr =
  (rule: Check): Check =>
  (value) => {
    const wanted = value === false ? undefined : rule(value);
    return wanted === undefined ? undefined : `false or ${wanted}`;
  };
const path: Check = (value) =>
  typeof value === 'string' && /^\/\S*$/.test(value) ? undefined : 'a path that starts with "/"';
const origins: Check = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string' && /^https?:\/\/[^/\s]+$/.test(each))
    ? undefined
    : 'a list of origins such as "https://shop.example.com"';

const MAX_MS = 2_147_483_647; // what one timer can hold
const CONTAINER_CHECKS = {
  sip: object,
  http: falseOr(object),
  router: object,
  ports: object,
  logger: falseOr(object),
} satisfies Record<keyof ContainerOptions, Check>;
const SIP_CHECKS = {
  listen,
  advertise: text,
  timers: object,
  limits: object,
  maxConnectionsPerSource: integer(1, 1_000_000, 'a number of connections'),
  firstMessageTimeoutMs: integer(1, MAX_MS, 'milliseconds'),
  idleTimeoutMs: integer(1, MAX_MS, 'milliseconds'),
  noApplicationStatus: integer(400, 699, 'a SIP status'),
  sessionExpiry: (value) => (value === 'creation' || value === 'activity' ? undefined : '"creation" or "activity"'),
  handlerTimeoutMs: integer(0, MAX_MS, 'milliseconds'),
} satisfies Record<keyof SipOptions, Check>;
const HTTP_CHECKS = {
  port: integer(0, 65_535, 'a port'),
  host: text,
  bodyLimitBytes: integer(1, MAX_MS, 'a number of bytes'),
  trustProxy: flag,
  advertise: text,
  sipPath: falseOr(path),
  allowedOrigins: origins,
  contentSecurityPolicy: falseOr(text),
  sessionTimeoutMinutes: number('minutes'),
} satisfies Record<keyof HttpOptions, Check>;
const ROUTER_CHECKS = {
  dar: text,
  darText: (value) => (typeof value === 'string' ? undefined : 'a text'),
} satisfies Record<keyof RouterOptions, Check>;
const DEPLOY_CHECKS = {
  providers: (value) => (Array.isArray(value) ? undefined : 'a list of { provide, useValue }'),
  orm: (value) => (hasEntityManager(value) ? undefined : 'a MikroORM instance'),
  initParams: object,
  contextParams: object,
  contextPath: (value) =>
    typeof value === 'string' && /^(?:\/[^\s?#]*)?$/.test(value) ? undefined : 'empty or a path that starts with "/"',
  contentSecurityPolicy: falseOr(text),
  http: (value) => (typeof value === 'function' ? undefined : 'a function that takes the Fastify instance'),
} satisfies Record<keyof DeployOptions, Check>;

function hasEntityManager(value: unknown): boolean {
  return typeof (value as { em?: unknown } | null)?.em === 'object';
}
