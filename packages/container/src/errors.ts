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

// --- SIP side: messages ------------------------------------------------------------------------------------------
export const committed = define('CTR_ERR_COMMITTED', '%s: this message is committed.', {
  fault: 'local',
  what: 'A message that was sent, answered finally, proxied or acknowledged can be neither changed nor sent. (JSR 289 §5.2)',
  remedy: 'Create a new message; look at isCommitted() when another path may have answered already (CANCEL does).',
});
export const systemHeader = define('CTR_ERR_SYSTEM_HEADER', '%s is a system header; an application cannot %s it.', {
  fault: 'local',
  what: 'The container manages From, To, Call-ID, CSeq, Via, Route, Record-Route, Path, RSeq, RAck and mostly Contact. (JSR 289 §4.1.3)',
  remedy: 'Use getFrom()/getTo() for their addresses, pushRoute() for Route, setMaxForwards() for Max-Forwards.',
});
export const contactPart = define('CTR_ERR_CONTACT_PART', 'The %s of this Contact belongs to the container.', {
  fault: 'local',
  remedy:
    'Change only its user part, display name and parameters other than method, ttl, maddr and lr. (JSR 289 §4.1.3)',
});
export const tagIsOwned = define('CTR_ERR_TAG', 'The tag of From and To belongs to the container.', {
  fault: 'local',
  remedy: 'Change the URI, the display name or other parameters.',
});
export const headerInvalid = define('CTR_ERR_HEADER_VALUE', 'Header %s: %s', {
  fault: 'local',
  remedy: 'A header value holds no CR, LF or NUL; take the text that came from outside apart first.',
});
export const contentWithoutType = define('CTR_ERR_CONTENT_TYPE', 'Content needs a content type.', {
  fault: 'local',
  remedy: "Pass it: setContent(sdp, 'application/sdp').",
});
export const unparsableUri = define('CTR_ERR_URI_UNPARSABLE', 'Not a URI: %s', {
  fault: 'local',
  remedy: 'Write a sip:, sips:, tel: or other absolute URI.',
});
export const unparsableAddress = define('CTR_ERR_ADDRESS_UNPARSABLE', 'Not an address: %s', {
  fault: 'local',
  remedy: 'Write a URI, or a name-addr such as "Alice" <sip:alice@example.com>.',
});
export const unparsableParameterable = define(
  'CTR_ERR_PARAMETERABLE_UNPARSABLE',
  'Not of the form value;name=value: %s',
  {
    fault: 'local',
    remedy: 'Read the header with getHeader() when it has another form.',
  },
);
export const wildcardHasNoUri = define('CTR_ERR_WILDCARD', 'The wildcard address * has neither URI nor display name.', {
  fault: 'local',
  remedy: 'Ask isWildcard() first. (RFC 3261 §10.2.2)',
});
export const qOutOfRange = define('CTR_ERR_Q', 'q is %s; it must be between 0 and 1.', {
  fault: 'local',
  remedy: 'Pass a number from 0 to 1, or undefined to remove the parameter.',
});
export const telNeedsContext = define('CTR_ERR_TEL_CONTEXT', 'The local number %s needs a phone context.', {
  fault: 'local',
  remedy: 'Pass it as second argument, or write the number with its leading +. (RFC 3966 §3)',
});
export const alreadyAnswered = define('CTR_ERR_ANSWERED', '%s has its final response (%s) already.', {
  fault: 'local',
  remedy: 'Answer a request once; a CANCEL may have answered it with 487 in the meantime.',
});
export const notARequestOfOurs = define('CTR_ERR_NOT_RECEIVED', '%s() needs a request that was received.', {
  fault: 'local',
  remedy: 'Call it on a request that a peer sent.',
});
export const notSendable = define('CTR_ERR_NOT_SENDABLE', 'A received %s cannot be sent.', {
  fault: 'local',
  remedy: 'Use getProxy(), getB2buaHelper() or createResponse().',
});
export const noResponseTo = define('CTR_ERR_NO_RESPONSE', 'There is no response to %s.', {
  fault: 'local',
  remedy: 'ACK has no response, and the container answers CANCEL. (RFC 3261 §17, JSR 289 §8.2.3)',
});
export const badStatus = define('CTR_ERR_STATUS', '%s is not a response status; 100 to 699 are.', {
  fault: 'local',
  remedy: 'Pass a status from 100 to 699.',
});
export const noCancel = define(
  'CTR_ERR_CREATE_CANCEL',
  'createCancel() needs an INVITE that was sent and has no final response: %s',
  {
    fault: 'local',
    remedy: 'Send BYE when the call is answered already. (RFC 3261 §9.1)',
  },
);
export const noAck = define('CTR_ERR_CREATE_ACK', 'createAck() is for a received 2xx to an INVITE, once: %s', {
  fault: 'local',
  remedy: 'The container acknowledges other finals itself; keep the ACK of the first call for later.',
});
export const proxyOrAgent = define('CTR_ERR_PROXY_OR_AGENT', '%s() is not possible here: %s', {
  fault: 'local',
  what: 'An application either proxies a request or acts as a user agent for it. (JSR 289 §10, §12)',
  remedy: 'Decide once per request; only a received initial request can be proxied.',
});
export const hopsExhausted = define('CTR_ERR_MAX_FORWARDS', 'Max-Forwards of this %s is 0.', {
  fault: 'remote',
  status: 483,
  remedy: 'Let the error go: the container answers 483. (RFC 3261 §16.3)',
});
export const onlyInitial = define('CTR_ERR_ONLY_INITIAL', '%s() is for initial requests only.', {
  fault: 'local',
  remedy: 'Ask the session for region and subscriber; set the routing directive before sending.',
});
export const routeNotPossible = define('CTR_ERR_PUSH_ROUTE', '%s() needs a request that is not sent yet: %s', {
  fault: 'local',
  remedy: 'Push routes on requests that you created, or on the branches of a proxy before they start.',
});

// --- SIP side: sessions ------------------------------------------------------------------------------------------
export const sessionInvalid = define('CTR_ERR_SESSION_INVALID', '%s: the session %s is invalid.', {
  fault: 'local',
  remedy: 'Look at isValid(); setInvalidateWhenReady(false) keeps a session that would end by itself. (JSR 289 §6.2.4)',
});
export const sessionState = define('CTR_ERR_SESSION_STATE', 'createRequest("%s") is not possible: %s', {
  fault: 'local',
  remedy:
    'See JSR 289 §6.2.2: the session must be valid, not terminated, not proxying, and not waiting for its first answer.',
});
export const methodNotAllowed = define('CTR_ERR_CREATE_METHOD', 'createRequest("%s") is not possible.', {
  fault: 'local',
  remedy: 'ACK comes from response.createAck(), CANCEL from request.createCancel(). (JSR 289 §6.2.2)',
});
export const unknownHandler = define('CTR_ERR_HANDLER_UNKNOWN', 'The application %s has no SIP servlet "%s".%s', {
  fault: 'local',
  remedy: 'Use the name of @SipServlet({ name }) or of the class.',
});
export const attributeNull = define('CTR_ERR_ATTRIBUTE', 'Attribute %s: the value is undefined.', {
  fault: 'local',
  remedy: 'Use removeAttribute(name) to remove it.',
});
export const foreignSession = define('CTR_ERR_FOREIGN_SESSION', 'This %s was not made by this container.', {
  fault: 'local',
  remedy: 'Pass objects of the container the servlet runs in.',
});
export const foreignFlow = define('CTR_ERR_FLOW', 'The flow %s is unknown.', {
  fault: 'local',
  remedy: 'Take flows from getFlow() of a message or a session, or from SipServletContext.getFlow(token).',
});
export const handlerStuck = define(
  'CTR_ERR_HANDLER_STUCK',
  '%s has not settled within %s ms; its session goes on without it.',
  {
    fault: 'local',
    what: 'A handler returned a promise that does not settle. Only its own application session had to wait.',
    remedy:
      'Await with a limit in handlers; never wait for a message that the same application session has to deliver.',
  },
);
export const mailboxWork = define('CTR_ERR_MAILBOX', 'Work in the mailbox of %s failed: %s', {
  fault: 'local',
  what: 'Work outside a servlet threw; the session goes on.',
  remedy: 'See the logged cause.',
});

// --- SIP side: factory, proxy, B2BUA, timers ---------------------------------------------------------------------
export const addressWithoutUri = define('CTR_ERR_REQUEST_ADDRESS', 'createRequest: %s must be an address with a URI.', {
  fault: 'local',
  remedy: 'Pass text such as sip:alice@example.com, an Address or a URI.',
});
export const proxyStarted = define('CTR_ERR_PROXY_STARTED', '%s() must come before the proxy starts.', {
  fault: 'local',
  remedy: 'Set parameters first, then call proxyTo() or startProxy().',
});
export const proxyArgument = define('CTR_ERR_PROXY_ARGUMENT', '%s() does not take %s.', {
  fault: 'local',
  remedy: 'Pass sip or sips URIs (others only with a Route), and timeouts above 0.',
});
export const noRecordRoute = define('CTR_ERR_RECORD_ROUTE', 'getRecordRouteURI() needs setRecordRoute(true).', {
  fault: 'local',
  remedy: 'Switch record-routing on first. (JSR 289 §10.2)',
});
export const recordRoutePart = define(
  'CTR_ERR_RECORD_ROUTE_PART',
  'The %s of a Record-Route belongs to the container.',
  {
    fault: 'local',
    remedy: 'Add private parameters only. (JSR 289 §10.2)',
  },
);
export const linkImpossible = define('CTR_ERR_LINK', 'These sessions cannot be linked: %s', {
  fault: 'local',
  remedy: 'Link two valid, unlinked sessions of one application session. (JSR 289 §12)',
});
export const noOriginalRequest = define('CTR_ERR_NO_ORIGINAL_REQUEST', '%s(): the session has no %s.', {
  fault: 'local',
  remedy: 'Pass the session of the leg whose initial request is still open.',
});
export const noTimerListener = define('CTR_ERR_NO_TIMER_LISTENER', 'The application %s has no TimerListener.', {
  fault: 'local',
  remedy: 'Put @SipListener(TimerListener) on a class of the application.',
});
export const timerArgument = define('CTR_ERR_TIMER_ARGUMENT', 'createTimer: %s is %s.', {
  fault: 'local',
  remedy: 'The delay is 0 or more milliseconds, a period is 1 or more.',
});
export const authInfoStatus = define('CTR_ERR_AUTH_STATUS', 'addAuthInfo: status %s is neither 401 nor 407.', {
  fault: 'local',
  remedy: 'Pass 401 for a server and 407 for a proxy.',
});
export const notAChallenge = define('CTR_ERR_NOT_A_CHALLENGE', 'addAuthHeader: %s', {
  fault: 'local',
  remedy: 'Pass the 401 or 407 that challenged, and credentials for one of its realms. (RFC 3261 §22)',
});
export const notInThisRelease = define('CTR_ERR_NOT_SUPPORTED', '%s is not supported: %s', {
  fault: 'local',
  remedy: 'See docs/reference for what this release supports.',
});
export const transportFailed = define('CTR_ERR_TRANSPORT', '%s to %s could not be sent: %s', {
  fault: 'remote',
  status: 503,
  what: 'No flow to the next hop, or it broke; the application gets the response the RFC prescribes.',
  remedy: 'Check address and reachability of the peer. (RFC 3261 §8.1.3.1)',
});
export const applicationNotDeployed = define(
  'CTR_ERR_APPLICATION_NOT_DEPLOYED',
  'The router chose "%s" for %s, which is not deployed.',
  {
    fault: 'local',
    remedy: 'Deploy the application or correct the router configuration. (JSR 289 §15.4)',
  },
);
export const routerThrew = define('CTR_ERR_ROUTER_THREW', 'The application router threw for %s: %s', {
  fault: 'local',
  remedy: 'See the logged cause; the request was answered 500.',
});
export const keyThrew = define('CTR_ERR_APPLICATION_KEY_THREW', 'The @SipApplicationKey method of %s threw: %s', {
  fault: 'local',
  remedy: 'See the logged cause; the request was answered 500.',
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
