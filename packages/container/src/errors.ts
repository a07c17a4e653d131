// The container's error catalogue: one line per error. Codes are API: never renamed, never reused.

import { SipletError } from '@siplet/api';

/** Whose mistake an error reports: ours (`local`) or a peer's (`remote`). */
export type Fault = 'local' | 'remote';

/** One catalogue entry, the source of docs/reference/errors.md. */
export interface ErrorEntry {
  /** printf-like text; `%s` stands for an argument. */
  readonly message: string;
  /** SIP or HTTP status that answers a remote fault. */
  readonly status?: number;
  readonly fault: Fault;
  /** What happened, when the message alone does not say it. */
  readonly what?: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Options of {@link define}. */
export interface DefineOptions {
  readonly fault: Fault;
  readonly status?: number;
  readonly what?: string;
  readonly remedy: string;
}

/** Every code of this package with its text and remedy. */
export const ERRORS: Record<string, ErrorEntry> = {};

/** An error of the container; match `code`, which is stable, not the message. */
export class ContainerError extends SipletError {
  constructor(code: string, message: string, entry: Pick<ErrorEntry, 'fault' | 'status'>, cause?: unknown) {
    super(code, message, { ...entry, cause });
    this.name = 'ContainerError';
  }
}

/** Makes errors of one code: call it with the message's arguments. */
export interface ErrorFactory {
  (...args: readonly unknown[]): ContainerError;
  readonly code: string;
  /** The formatted message alone, for errors of the API's own classes. */
  text(...args: readonly unknown[]): string;
  /** The same error with a cause. */
  because(cause: unknown, ...args: readonly unknown[]): ContainerError;
}

/** Registers one error code and returns its factory. */
export function define(code: `CTR_ERR_${string}`, message: string, options: DefineOptions): ErrorFactory {
  if (Object.hasOwn(ERRORS, code)) throw new Error(`${code} is defined twice`);
  const entry: ErrorEntry = { message, ...options };
  ERRORS[code] = entry;
  const text = (...args: readonly unknown[]): string => format(message, args);
  // What stops a start is read by people on a terminal: the message says what to do.
  const full = (...args: readonly unknown[]): string =>
    BOOT.test(code) ? `${text(...args)} ${options.remedy}` : text(...args);
  const factory = (...args: readonly unknown[]): ContainerError => new ContainerError(code, full(...args), entry);
  return Object.assign(factory, {
    code,
    text,
    because: (cause: unknown, ...args: readonly unknown[]) => new ContainerError(code, full(...args), entry, cause),
  });
}

const BOOT = /^CTR_ERR_(?:OPT|DEPLOY|INJECT|ROUTER|STATE|HTTP_PORT|HTTP_LISTEN)/;

function format(message: string, args: readonly unknown[]): string {
  let index = 0;
  return message.replaceAll('%s', () => String(args[index++]));
}

// --- options and start -------------------------------------------------------------------------------------------
export const optionUnknown = define('CTR_ERR_OPT_UNKNOWN', 'There is no option %s.%s', {
  fault: 'local',
  remedy: 'Remove it, or correct the name.',
});
export const optionInvalid = define('CTR_ERR_OPT_INVALID', 'Option %s is %s; it must be %s.', {
  fault: 'local',
  remedy: 'Correct the value.',
});
export const darUnreadable = define('CTR_ERR_OPT_DAR_UNREADABLE', 'The router file %s cannot be read: %s.', {
  fault: 'local',
  remedy: 'Check the path given as router.dar (or --dar) and that this user may read it.',
});
export const noRouter = define(
  'CTR_ERR_ROUTER_MISSING',
  'Several applications are deployed (%s), and nothing says which one gets a request.',
  { fault: 'local', remedy: 'Give createContainer() a router: { dar: FILE }, or a router object. (JSR 289 §15.4)' },
);
export const portInUse = define('CTR_ERR_HTTP_PORT_IN_USE', 'HTTP port %s on %s is in use.', {
  fault: 'local',
  remedy: 'Stop the other program or choose another port with http.port (or --http).',
});
export const httpListen = define('CTR_ERR_HTTP_LISTEN', 'Cannot listen for HTTP on %s port %s: %s.', {
  fault: 'local',
  remedy: 'Check the address and port; ports below 1024 need privileges.',
});
export const lifecycleState = define('CTR_ERR_STATE', 'The container is %s; %s() needs it to be %s.', {
  fault: 'local',
  remedy: 'Call createContainer, deploy, start and stop in this order; make a new container after stop().',
});

// --- deployment --------------------------------------------------------------------------------------------------
export const notAnApplication = define('CTR_ERR_DEPLOY_NOT_APPLICATION', '%s is not an application class.', {
  fault: 'local',
  remedy: 'Put @SipApplication({ name: … }) on the class given to deploy().',
});
export const duplicateApplication = define(
  'CTR_ERR_DEPLOY_DUPLICATE',
  'An application named "%s" is deployed already.',
  {
    fault: 'local',
    remedy: 'Give each application its own name in @SipApplication({ name }). (JSR 289 §15.4)',
  },
);
export const duplicateContextPath = define(
  'CTR_ERR_DEPLOY_CONTEXT_PATH',
  'Applications "%s" and "%s" both use the context path "%s".',
  { fault: 'local', remedy: 'Set @SipApplication({ contextPath }) or deploy(…, { contextPath }) for one of them.' },
);
export const duplicateServlet = define(
  'CTR_ERR_DEPLOY_DUPLICATE_SERVLET',
  '%s: two servlets are named "%s" (%s and %s).',
  {
    fault: 'local',
    remedy: 'Give each @SipServlet({ name }) its own name, and list each class once.',
  },
);
export const noMainServlet = define(
  'CTR_ERR_DEPLOY_NO_MAIN_SERVLET',
  '%s has several servlets (%s) and does not say which one is the main servlet.',
  { fault: 'local', remedy: 'Set @SipApplication({ mainServlet: … }). (JSR 289 §16.2)' },
);
export const badMainServlet = define(
  'CTR_ERR_DEPLOY_MAIN_SERVLET',
  '%s: the main servlet %s is not one of its servlets.%s',
  {
    fault: 'local',
    remedy: 'Name one of the classes in @SipApplication({ servlets }).',
  },
);
export const notAServlet = define('CTR_ERR_DEPLOY_NOT_SERVLET', '%s lists %s as a servlet, but %s.', {
  fault: 'local',
  remedy:
    'A servlet class extends SipServlet and carries @SipServlet(), or extends HttpServlet and carries @WebServlet(path).',
});
export const notAListener = define('CTR_ERR_DEPLOY_NOT_LISTENER', '%s lists %s as a listener, but %s.', {
  fault: 'local',
  remedy: 'Put @SipListener(SipSessionListener, …) on the class, naming the listener kinds it implements.',
});
export const listenerMethodMissing = define(
  'CTR_ERR_DEPLOY_LISTENER_METHOD',
  '%s is a @SipListener(%s), but has none of its methods (%s).',
  { fault: 'local', remedy: 'Add one of the methods or remove the listener kind.' },
);
export const severalTimerListeners = define('CTR_ERR_DEPLOY_TIMER_LISTENERS', '%s has several timer listeners (%s).', {
  fault: 'local',
  remedy: 'Keep one class with @SipListener(TimerListener). (JSR 289 §8.3)',
});
export const severalApplicationKeys = define(
  'CTR_ERR_DEPLOY_APPLICATION_KEYS',
  '%s has several @SipApplicationKey methods (%s).',
  { fault: 'local', remedy: 'Keep one. (JSR 289 §15.11.2)' },
);
export const servletInitFailed = define('CTR_ERR_DEPLOY_INIT', 'Servlet "%s" of %s failed in init(): %s', {
  fault: 'local',
  remedy: 'See the cause; the application is not deployed.',
});
export const duplicateMapping = define(
  'CTR_ERR_DEPLOY_MAPPING',
  '%s: the URL pattern "%s" belongs to both %s and %s.',
  {
    fault: 'local',
    remedy: 'Give each @WebServlet its own urlPatterns.',
  },
);
export const badMapping = define('CTR_ERR_DEPLOY_URL_PATTERN', '%s: the URL pattern "%s" is not valid.', {
  fault: 'local',
  remedy: 'Use an exact path ("/calls"), a prefix ("/calls/*"), an extension ("*.json"), "/" (default) or "" (root).',
});
export const noResource = define('CTR_ERR_INJECT_NO_RESOURCE', '%s.%s: nothing is registered for %s.%s', {
  fault: 'local',
  remedy:
    'Pass it with deploy(App, { providers: [{ provide: Token, useValue: … }] }), or use a container object such as SipFactory.',
});
export const noOrm = define('CTR_ERR_INJECT_NO_ORM', '%s.%s: an EntityManager needs a database.', {
  fault: 'local',
  remedy: 'Deploy with { orm }: deploy(App, { orm: await MikroORM.init(…) }).',
});
export const constructorFailed = define('CTR_ERR_DEPLOY_CONSTRUCTOR', 'The constructor of %s failed: %s', {
  fault: 'local',
  remedy: 'See the cause. Injected properties are assigned after construction; use init() for work that needs them.',
});
export const ormModule = define(
  'CTR_ERR_DEPLOY_ORM',
  '%s was deployed with { orm }, but @mikro-orm/core cannot be loaded: %s',
  {
    fault: 'local',
    remedy: 'npm install @mikro-orm/core, or deploy without { orm }.',
  },
);

// --- running -----------------------------------------------------------------------------------------------------
export const servletThrew = define('CTR_ERR_SERVLET_THREW', 'Servlet "%s" of %s threw: %s', {
  fault: 'local',
  what: 'A handler threw or its promise rejected; the peer got a 500 and nothing else is affected.',
  remedy: 'See the logged cause.',
});
export const listenerThrew = define('CTR_ERR_LISTENER_THREW', '%s.%s of %s threw: %s', {
  fault: 'local',
  what: 'A listener threw; the other listeners were called all the same.',
  remedy: 'See the logged cause.',
});

// --- HTTP --------------------------------------------------------------------------------------------------------
export const httpCommitted = define('CTR_ERR_HTTP_COMMITTED', 'The response has been sent; %s is too late.', {
  fault: 'local',
  remedy: 'Set status, headers and body before the servlet returns, or call startAsync() and answer later.',
});
export const httpHeader = define('CTR_ERR_HTTP_HEADER', 'The header %s cannot have this name or value: %s.', {
  fault: 'local',
  remedy: 'Leave out line breaks and control characters; encode text that came from outside.',
});
export const httpSessionInvalid = define(
  'CTR_ERR_HTTP_SESSION_INVALID',
  'The HTTP session is no longer valid; %s is too late.',
  {
    fault: 'local',
    remedy: 'Ask request.getSession() for a new session, or check isValid() first.',
  },
);
export const httpNotFound = define('CTR_ERR_HTTP_NOT_FOUND', 'Nothing is here.', {
  fault: 'remote',
  status: 404,
  remedy: 'Check the address; @WebServlet(path) and the context path decide what exists.',
});
export const httpCrossSite = define('CTR_ERR_HTTP_CROSS_SITE', 'The request comes from another site (%s).', {
  fault: 'remote',
  status: 403,
  what: 'An unsafe request was sent by a page of another origin.',
  remedy: 'Send it from a page of this server, or list the origin in http.allowedOrigins.',
});
export const httpBodyTooLarge = define('CTR_ERR_HTTP_BODY_TOO_LARGE', 'The request body is larger than %s bytes.', {
  fault: 'remote',
  status: 413,
  remedy: 'Send less, or raise http.bodyLimitBytes.',
});
export const httpBodySyntax = define('CTR_ERR_HTTP_BODY_SYNTAX', 'The request body cannot be read: %s.', {
  fault: 'remote',
  status: 400,
  remedy: 'Send what Content-Type says: valid JSON, or a URL-encoded form.',
});
export const httpMediaType = define('CTR_ERR_HTTP_MEDIA_TYPE', 'The content type "%s" is not understood.', {
  fault: 'remote',
  status: 415,
  remedy:
    'Send application/json, application/x-www-form-urlencoded or text/plain, or add a parser to the Fastify plugin.',
});
export const httpAsyncTimeout = define('CTR_ERR_HTTP_ASYNC_TIMEOUT', 'No answer was ready in time.', {
  fault: 'local',
  status: 503,
  what: 'An AsyncContext reached its timeout without complete().',
  remedy: 'Call complete(), raise the limit with setTimeout(ms), or answer in a listener.',
});
export const httpStopping = define('CTR_ERR_HTTP_STOPPING', 'The server is stopping.', {
  fault: 'local',
  status: 503,
  remedy: 'Try again in a moment.',
});
export const httpNotFoundTaken = define(
  'CTR_ERR_DEPLOY_NOT_FOUND_HANDLER',
  '%s: its http plugin sets a not-found handler, which the URL patterns %s need.',
  { fault: 'local', remedy: 'Use prefix patterns ("/x/*") instead, or do not call setNotFoundHandler.' },
);
