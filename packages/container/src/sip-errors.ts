// The SIP side's part of the container's error catalogue.
import { define, type ErrorFactory } from './errors.ts';

// --- SIP side: messages ------------------------------------------------------------------------------------------
export const committed: ErrorFactory = define('CTR_ERR_COMMITTED', '%s: this message is committed.', {
  fault: 'local',
  what: 'A message that was sent, answered finally, proxied or acknowledged can be neither changed nor sent. (JSR 289 §5.2)',
  remedy: 'Create a new message; look at isCommitted() when another path may have answered already (CANCEL does).',
});
export const systemHeader: ErrorFactory = define(
  'CTR_ERR_SYSTEM_HEADER',
  '%s is a system header; an application cannot %s it.',
  {
    fault: 'local',
    what: 'The container manages From, To, Call-ID, CSeq, Via, Route, Record-Route, Path, RSeq, RAck and mostly Contact. (JSR 289 §4.1.3)',
    remedy: 'Use getFrom()/getTo() for their addresses, pushRoute() for Route, setMaxForwards() for Max-Forwards.',
  },
);
export const contactPart: ErrorFactory = define(
  'CTR_ERR_CONTACT_PART',
  'The %s of this Contact belongs to the container.',
  {
    fault: 'local',
    remedy:
      'Change only its user part, display name and parameters other than method, ttl, maddr and lr. (JSR 289 §4.1.3)',
  },
);
export const tagIsOwned: ErrorFactory = define('CTR_ERR_TAG', 'The tag of From and To belongs to the container.', {
  fault: 'local',
  remedy: 'Change the URI, the display name or other parameters.',
});
export const headerInvalid: ErrorFactory = define('CTR_ERR_HEADER_VALUE', 'Header %s: %s', {
  fault: 'local',
  remedy: 'A header value holds no CR, LF or NUL; take the text that came from outside apart first.',
});
export const contentWithoutType: ErrorFactory = define('CTR_ERR_CONTENT_TYPE', 'Content needs a content type.', {
  fault: 'local',
  remedy: "Pass it: setContent(sdp, 'application/sdp').",
});
export const unparsableUri: ErrorFactory = define('CTR_ERR_URI_UNPARSABLE', 'Not a URI: %s', {
  fault: 'local',
  remedy: 'Write a sip:, sips:, tel: or other absolute URI.',
});
export const unparsableAddress: ErrorFactory = define('CTR_ERR_ADDRESS_UNPARSABLE', 'Not an address: %s', {
  fault: 'local',
  remedy: 'Write a URI, or a name-addr such as "Alice" <sip:alice@example.com>.',
});
export const unparsableParameterable: ErrorFactory = define(
  'CTR_ERR_PARAMETERABLE_UNPARSABLE',
  'Not of the form value;name=value: %s',
  {
    fault: 'local',
    remedy: 'Read the header with getHeader() when it has another form.',
  },
);
export const wildcardHasNoUri: ErrorFactory = define(
  'CTR_ERR_WILDCARD',
  'The wildcard address * has neither URI nor display name.',
  {
    fault: 'local',
    remedy: 'Ask isWildcard() first. (RFC 3261 §10.2.2)',
  },
);
export const qOutOfRange: ErrorFactory = define('CTR_ERR_Q', 'q is %s; it must be between 0 and 1.', {
  fault: 'local',
  remedy: 'Pass a number from 0 to 1, or undefined to remove the parameter.',
});
export const telNeedsContext: ErrorFactory = define(
  'CTR_ERR_TEL_CONTEXT',
  'The local number %s needs a phone context.',
  {
    fault: 'local',
    remedy: 'Pass it as second argument, or write the number with its leading +. (RFC 3966 §3)',
  },
);
export const alreadyAnswered: ErrorFactory = define('CTR_ERR_ANSWERED', '%s has its final response (%s) already.', {
  fault: 'local',
  remedy: 'Answer a request once; a CANCEL may have answered it with 487 in the meantime.',
});
export const notARequestOfOurs: ErrorFactory = define(
  'CTR_ERR_NOT_RECEIVED',
  '%s() needs a request that was received.',
  {
    fault: 'local',
    remedy: 'Call it on a request that a peer sent.',
  },
);
export const notSendable: ErrorFactory = define('CTR_ERR_NOT_SENDABLE', 'A received %s cannot be sent.', {
  fault: 'local',
  remedy: 'Use getProxy(), getB2buaHelper() or createResponse().',
});
export const noResponseTo: ErrorFactory = define('CTR_ERR_NO_RESPONSE', 'There is no response to %s.', {
  fault: 'local',
  remedy: 'ACK has no response, and the container answers CANCEL. (RFC 3261 §17, JSR 289 §8.2.3)',
});
export const badStatus: ErrorFactory = define('CTR_ERR_STATUS', '%s is not a response status; 100 to 699 are.', {
  fault: 'local',
  remedy: 'Pass a status from 100 to 699.',
});
export const noCancel: ErrorFactory = define(
  'CTR_ERR_CREATE_CANCEL',
  'createCancel() needs an INVITE that was sent and has no final response: %s',
  {
    fault: 'local',
    remedy: 'Send BYE when the call is answered already. (RFC 3261 §9.1)',
  },
);
export const noAck: ErrorFactory = define(
  'CTR_ERR_CREATE_ACK',
  'createAck() is for a received 2xx to an INVITE, once: %s',
  {
    fault: 'local',
    remedy: 'The container acknowledges other finals itself; keep the ACK of the first call for later.',
  },
);
export const proxyOrAgent: ErrorFactory = define('CTR_ERR_PROXY_OR_AGENT', '%s() is not possible here: %s', {
  fault: 'local',
  what: 'An application either proxies a request or acts as a user agent for it. (JSR 289 §10, §12)',
  remedy: 'Decide once per request; only a received initial request can be proxied.',
});
export const hopsExhausted: ErrorFactory = define('CTR_ERR_MAX_FORWARDS', 'Max-Forwards of this %s is 0.', {
  fault: 'remote',
  status: 483,
  remedy: 'Let the error go: the container answers 483. (RFC 3261 §16.3)',
});
export const onlyInitial: ErrorFactory = define('CTR_ERR_ONLY_INITIAL', '%s() is for initial requests only.', {
  fault: 'local',
  remedy: 'Ask the session for region and subscriber; set the routing directive before sending.',
});
export const routeNotPossible: ErrorFactory = define(
  'CTR_ERR_PUSH_ROUTE',
  '%s() needs a request that is not sent yet: %s',
  {
    fault: 'local',
    remedy: 'Push routes on requests that you created, or on the branches of a proxy before they start.',
  },
);

// --- SIP side: sessions ------------------------------------------------------------------------------------------
export const sessionInvalid: ErrorFactory = define('CTR_ERR_SESSION_INVALID', '%s: the session %s is invalid.', {
  fault: 'local',
  remedy: 'Look at isValid(); setInvalidateWhenReady(false) keeps a session that would end by itself. (JSR 289 §6.2.4)',
});
export const sessionState: ErrorFactory = define('CTR_ERR_SESSION_STATE', 'createRequest("%s") is not possible: %s', {
  fault: 'local',
  remedy:
    'See JSR 289 §6.2.2: the session must be valid, not terminated, not proxying, and not waiting for its first answer.',
});
export const methodNotAllowed: ErrorFactory = define('CTR_ERR_CREATE_METHOD', 'createRequest("%s") is not possible.', {
  fault: 'local',
  remedy: 'ACK comes from response.createAck(), CANCEL from request.createCancel(). (JSR 289 §6.2.2)',
});
export const unknownHandler: ErrorFactory = define(
  'CTR_ERR_HANDLER_UNKNOWN',
  'The application %s has no SIP servlet "%s".%s',
  {
    fault: 'local',
    remedy: 'Use the name of @SipServlet({ name }) or of the class.',
  },
);
export const attributeNull: ErrorFactory = define('CTR_ERR_ATTRIBUTE', 'Attribute %s: the value is undefined.', {
  fault: 'local',
  remedy: 'Use removeAttribute(name) to remove it.',
});
export const foreignSession: ErrorFactory = define(
  'CTR_ERR_FOREIGN_SESSION',
  'This %s was not made by this container.',
  {
    fault: 'local',
    remedy: 'Pass objects of the container the servlet runs in.',
  },
);
export const foreignFlow: ErrorFactory = define('CTR_ERR_FLOW', 'The flow %s is unknown.', {
  fault: 'local',
  remedy: 'Take flows from getFlow() of a message or a session, or from SipServletContext.getFlow(token).',
});
export const handlerStuck: ErrorFactory = define(
  'CTR_ERR_HANDLER_STUCK',
  '%s has not settled within %s ms; its session goes on without it.',
  {
    fault: 'local',
    what: 'A handler returned a promise that does not settle. Only its own application session had to wait.',
    remedy:
      'Await with a limit in handlers; never wait for a message that the same application session has to deliver.',
  },
);
export const mailboxWork: ErrorFactory = define('CTR_ERR_MAILBOX', 'Work in the mailbox of %s failed: %s', {
  fault: 'local',
  what: 'Work outside a servlet threw; the session goes on.',
  remedy: 'See the logged cause.',
});

// --- SIP side: factory, proxy, B2BUA, timers ---------------------------------------------------------------------
export const addressWithoutUri: ErrorFactory = define(
  'CTR_ERR_REQUEST_ADDRESS',
  'createRequest: %s must be an address with a URI.',
  {
    fault: 'local',
    remedy: 'Pass text such as sip:alice@example.com, an Address or a URI.',
  },
);
export const proxyStarted: ErrorFactory = define('CTR_ERR_PROXY_STARTED', '%s() must come before the proxy starts.', {
  fault: 'local',
  remedy: 'Set parameters first, then call proxyTo() or startProxy().',
});
export const proxyArgument: ErrorFactory = define('CTR_ERR_PROXY_ARGUMENT', '%s() does not take %s.', {
  fault: 'local',
  remedy: 'Pass sip or sips URIs (others only with a Route), and timeouts above 0.',
});
export const noRecordRoute: ErrorFactory = define(
  'CTR_ERR_RECORD_ROUTE',
  'getRecordRouteURI() needs setRecordRoute(true).',
  {
    fault: 'local',
    remedy: 'Switch record-routing on first. (JSR 289 §10.2)',
  },
);
export const recordRoutePart: ErrorFactory = define(
  'CTR_ERR_RECORD_ROUTE_PART',
  'The %s of a Record-Route belongs to the container.',
  {
    fault: 'local',
    remedy: 'Add private parameters only. (JSR 289 §10.2)',
  },
);
export const linkImpossible: ErrorFactory = define('CTR_ERR_LINK', 'These sessions cannot be linked: %s', {
  fault: 'local',
  remedy: 'Link two valid, unlinked sessions of one application session. (JSR 289 §12)',
});
export const noOriginalRequest: ErrorFactory = define('CTR_ERR_NO_ORIGINAL_REQUEST', '%s(): the session has no %s.', {
  fault: 'local',
  remedy: 'Pass the session of the leg whose initial request is still open.',
});
export const noTimerListener: ErrorFactory = define(
  'CTR_ERR_NO_TIMER_LISTENER',
  'The application %s has no TimerListener.',
  {
    fault: 'local',
    remedy: 'Put @SipListener(TimerListener) on a class of the application.',
  },
);
export const timerArgument: ErrorFactory = define('CTR_ERR_TIMER_ARGUMENT', 'createTimer: %s is %s.', {
  fault: 'local',
  remedy: 'The delay is 0 or more milliseconds, a period is 1 or more.',
});
export const authInfoStatus: ErrorFactory = define(
  'CTR_ERR_AUTH_STATUS',
  'addAuthInfo: status %s is neither 401 nor 407.',
  {
    fault: 'local',
    remedy: 'Pass 401 for a server and 407 for a proxy.',
  },
);
export const notAChallenge: ErrorFactory = define('CTR_ERR_NOT_A_CHALLENGE', 'addAuthHeader: %s', {
  fault: 'local',
  remedy: 'Pass the 401 or 407 that challenged, and credentials for one of its realms. (RFC 3261 §22)',
});
export const notInThisRelease: ErrorFactory = define('CTR_ERR_NOT_SUPPORTED', '%s is not supported: %s', {
  fault: 'local',
  remedy: 'See docs/reference for what this release supports.',
});
export const transportFailed: ErrorFactory = define('CTR_ERR_TRANSPORT', '%s to %s could not be sent: %s', {
  fault: 'remote',
  status: 503,
  what: 'No flow to the next hop, or it broke; the application gets the response the RFC prescribes.',
  remedy: 'Check address and reachability of the peer. (RFC 3261 §8.1.3.1)',
});
export const applicationNotDeployed: ErrorFactory = define(
  'CTR_ERR_APPLICATION_NOT_DEPLOYED',
  'The router chose "%s" for %s, which is not deployed.',
  {
    fault: 'local',
    remedy: 'Deploy the application or correct the router configuration. (JSR 289 §15.4)',
  },
);
export const routerThrew: ErrorFactory = define('CTR_ERR_ROUTER_THREW', 'The application router threw for %s: %s', {
  fault: 'local',
  remedy: 'See the logged cause; the request was answered 500.',
});
export const keyThrew: ErrorFactory = define(
  'CTR_ERR_APPLICATION_KEY_THREW',
  'The @SipApplicationKey method of %s threw: %s',
  {
    fault: 'local',
    remedy: 'See the logged cause; the request was answered 500.',
  },
);
