import { SipServletMessage } from './message.ts';
import type { Proxy, ProxyBranch } from './proxy.ts';
import type { SipServletRequest } from './request.ts';

/** A SIP response, with the status codes of the JSR as constants. */
export abstract class SipServletResponse extends SipServletMessage {
  static readonly SC_TRYING = 100;
  static readonly SC_RINGING = 180;
  static readonly SC_CALL_BEING_FORWARDED = 181;
  static readonly SC_CALL_QUEUED = 182;
  static readonly SC_SESSION_PROGRESS = 183;
  static readonly SC_OK = 200;
  static readonly SC_ACCEPTED = 202;
  static readonly SC_MULTIPLE_CHOICES = 300;
  static readonly SC_MOVED_PERMANENTLY = 301;
  static readonly SC_MOVED_TEMPORARILY = 302;
  static readonly SC_USE_PROXY = 305;
  static readonly SC_ALTERNATIVE_SERVICE = 380;
  static readonly SC_BAD_REQUEST = 400;
  static readonly SC_UNAUTHORIZED = 401;
  static readonly SC_PAYMENT_REQUIRED = 402;
  static readonly SC_FORBIDDEN = 403;
  static readonly SC_NOT_FOUND = 404;
  static readonly SC_METHOD_NOT_ALLOWED = 405;
  static readonly SC_NOT_ACCEPTABLE = 406;
  static readonly SC_PROXY_AUTHENTICATION_REQUIRED = 407;
  static readonly SC_REQUEST_TIMEOUT = 408;
  static readonly SC_CONFLICT = 409;
  static readonly SC_GONE = 410;
  static readonly SC_CONDITIONAL_REQUEST_FAILED = 412;
  static readonly SC_REQUEST_ENTITY_TOO_LARGE = 413;
  static readonly SC_REQUEST_URI_TOO_LONG = 414;
  static readonly SC_UNSUPPORTED_MEDIA_TYPE = 415;
  static readonly SC_UNSUPPORTED_URI_SCHEME = 416;
  static readonly SC_UNKNOWN_RESOURCE_PRIORITY = 417;
  static readonly SC_BAD_EXTENSION = 420;
  static readonly SC_EXTENSION_REQUIRED = 421;
  static readonly SC_SESSION_INTERVAL_TOO_SMALL = 422;
  static readonly SC_INTERVAL_TOO_BRIEF = 423;
  static readonly SC_USE_IDENTITY_HEADER = 428;
  static readonly SC_PROVIDE_REFERER_IDENTITY = 429;
  static readonly SC_ANONYMITY_DISALLOWED = 433;
  static readonly SC_BAD_IDENTITY_INFO = 436;
  static readonly SC_UNSUPPORTED_CERTIFICATE = 437;
  static readonly SC_INVALID_IDENTITY_HEADER = 438;
  static readonly SC_TEMPORARILY_UNAVAILABLE = 480;
  static readonly SC_CALL_LEG_DONE = 481;
  static readonly SC_LOOP_DETECTED = 482;
  static readonly SC_TOO_MANY_HOPS = 483;
  static readonly SC_ADDRESS_INCOMPLETE = 484;
  static readonly SC_AMBIGUOUS = 485;
  static readonly SC_BUSY_HERE = 486;
  static readonly SC_REQUEST_TERMINATED = 487;
  static readonly SC_NOT_ACCEPTABLE_HERE = 488;
  static readonly SC_BAD_EVENT = 489;
  static readonly SC_REQUEST_PENDING = 491;
  static readonly SC_UNDECIPHERABLE = 493;
  static readonly SC_SECURITY_AGREEMENT_REQUIRED = 494;
  static readonly SC_SERVER_INTERNAL_ERROR = 500;
  static readonly SC_NOT_IMPLEMENTED = 501;
  static readonly SC_BAD_GATEWAY = 502;
  static readonly SC_SERVICE_UNAVAILABLE = 503;
  static readonly SC_SERVER_TIMEOUT = 504;
  static readonly SC_VERSION_NOT_SUPPORTED = 505;
  static readonly SC_MESSAGE_TOO_LARGE = 513;
  static readonly SC_PRECONDITION_FAILURE = 580;
  static readonly SC_BUSY_EVERYWHERE = 600;
  static readonly SC_DECLINE = 603;
  /** The JSR's spelling; the same as SC_DOES_NOT_EXIST_ANYWHERE. */
  static readonly SC_DOES_NOT_EXIT_ANYWHERE = 604;
  static readonly SC_DOES_NOT_EXIST_ANYWHERE = 604;
  static readonly SC_NOT_ACCEPTABLE_ANYWHERE = 606;

  abstract getStatus(): number;
  abstract setStatus(status: number, reasonPhrase?: string): void;
  abstract getReasonPhrase(): string;
  /** The request this response answers. */
  abstract getRequest(): SipServletRequest;
  /** The ACK for this 2xx to an INVITE; once only, and it may be sent later. @throws {IllegalStateError} otherwise. */
  abstract createAck(): SipServletRequest;
  /** The realms named by the challenges of a 401 or 407. */
  abstract getChallengeRealms(): IterableIterator<string>;
  /** The proxy that received this response, `undefined` outside a proxy. */
  abstract getProxy(): Proxy | undefined;
  /** The branch that received this response, `undefined` outside a proxy. */
  abstract getProxyBranch(): ProxyBranch | undefined;
  /** True for a response of one branch that is not (yet) the proxy's best answer. */
  abstract isBranchResponse(): boolean;
}
