// The container's error catalogue: one line per error. Codes are API: never renamed, never reused.

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

const BRAND = Symbol.for('siplet.ContainerError');

/** An error of the container; match `code`, which is stable, not the message. */
export class ContainerError extends Error {
  readonly code: string;
  readonly fault: Fault;
  readonly status: number | undefined;
  readonly [BRAND] = true;

  constructor(code: string, message: string, entry: Pick<ErrorEntry, 'fault' | 'status'>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ContainerError';
    this.code = code;
    this.fault = entry.fault;
    this.status = entry.status;
  }

  /** Fastify reads this name; the value is {@link status}. */
  get statusCode(): number | undefined {
    return this.status;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
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
  const entry: ErrorEntry = { message, ...options };
  ERRORS[code] = entry;
  const text = (...args: readonly unknown[]): string => format(message, args);
  const factory = (...args: readonly unknown[]): ContainerError => new ContainerError(code, text(...args), entry);
  return Object.assign(factory, {
    code,
    text,
    because: (cause: unknown, ...args: readonly unknown[]) => new ContainerError(code, text(...args), entry, cause),
  });
}

function format(message: string, args: readonly unknown[]): string {
  let index = 0;
  return message.replaceAll('%s', () => String(args[index++]));
}

// --- options and start -------------------------------------------------------------------------------------------
export const optionUnknown = define('CTR_ERR_OPT_UNKNOWN', 'Unknown option %s.%s', {
  fault: 'local',
  remedy: 'Remove the option or write the name that the message suggests.',
});
export const optionInvalid = define('CTR_ERR_OPT_INVALID', 'Option %s is %s; it must be %s.', {
  fault: 'local',
  remedy: 'Correct the value; the message says what is accepted.',
});
export const darUnreadable = define('CTR_ERR_OPT_DAR_UNREADABLE', 'The router file %s cannot be read: %s.', {
  fault: 'local',
  remedy: 'Check the path given as router.dar (or --dar) and that this user may read it.',
});
export const darUnknownApplication = define(
  'CTR_ERR_DAR_UNKNOWN_APPLICATION',
  '%s:%s: the application "%s" is not deployed.%s',
  {
    fault: 'local',
    remedy: 'Write the name given in @SipApplication({ name }) or deploy that application before start().',
  },
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
