/** Whose mistake an error reports: the calling code's, or a peer's. */
export type Fault = 'local' | 'remote';

/** One row of an error catalogue; the reference page of errors is made from these. */
export interface ErrorEntry {
  /** The message, with `%s` for each argument. */
  readonly message: string;
  readonly fault: Fault;
  /** The SIP or HTTP status to answer with, when there is one. */
  readonly status?: number;
  /** What has happened, in a sentence. */
  readonly what?: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** A catalogue of error codes. */
export type ErrorCatalogue = Readonly<Record<string, ErrorEntry>>;

/** Puts the arguments in the places of `%s` in a catalogue message. */
export function formatMessage(template: string, ...values: readonly unknown[]): string {
  let next = 0;
  return template.replace(/%s/gu, (placeholder) => (next < values.length ? String(values[next++]) : placeholder));
}

/** Options of the error classes. */
export interface SipletErrorOptions {
  readonly fault?: Fault;
  readonly status?: number;
  readonly cause?: unknown;
}

// A class carries its own brand; two copies of this package then agree on instanceof.
const BRAND = Symbol.for('siplet.error.brand');

function brand(constructor: abstract new (...parameters: never[]) => SipletError, name: string): void {
  const key = Symbol.for(`siplet.error.${name}`);
  Object.defineProperty(constructor, BRAND, { value: key });
  Object.defineProperty(constructor.prototype, key, { value: true });
  Object.defineProperty(constructor.prototype, 'name', { value: name, configurable: true, writable: true });
}

/** The base of all errors thrown by this project's API: match `code`, which never changes its meaning. */
export class SipletError extends Error {
  readonly code: string;
  readonly fault: Fault;
  /** The SIP or HTTP status to answer with, when there is one. */
  readonly status: number | undefined;
  /** The same as `status`; the name that Fastify looks for. */
  readonly statusCode: number | undefined;

  constructor(code: string, message: string, options: SipletErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fault = options.fault ?? 'local';
    this.status = options.status;
    this.statusCode = options.status;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    const own = Object.getOwnPropertyDescriptor(this, BRAND)?.value as symbol | undefined;
    if (own === undefined) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[own] === true;
  }
}

/** A servlet cannot do what was asked; the JSR's ServletException. */
export class ServletError extends SipletError {}

/** Text does not have the form it must have. */
export class ServletParseError extends ServletError {}

/** Max-Forwards has reached 0; uncaught, it is answered with 483. */
export class TooManyHopsError extends ServletError {}

/** Why a response cannot be sent reliably, or acknowledged with PRACK. */
export type Rel100Reason = 'NOT_1XX' | 'NOT_INVITE' | 'NO_REQ_SUPPORT' | 'NOT_SUPPORTED' | 'NOT_100rel';

/** A response cannot be sent reliably, or acknowledged with PRACK (RFC 3262). */
export class Rel100Error extends ServletError {
  readonly reason: Rel100Reason;

  constructor(reason: Rel100Reason, options: SipletErrorOptions = {}) {
    super('API_ERR_REL100', formatMessage(ERRORS.API_ERR_REL100.message, REL100_TEXT[reason]), options);
    this.reason = reason;
  }

  getReason(): Rel100Reason {
    return this.reason;
  }
}

/** The call is not allowed in the present state; nothing has been changed. */
export class IllegalStateError extends SipletError {}

/** An argument is not allowed; nothing has been changed. */
export class IllegalArgumentError extends SipletError {}

brand(SipletError, 'SipletError');
brand(ServletError, 'ServletError');
brand(ServletParseError, 'ServletParseError');
brand(TooManyHopsError, 'TooManyHopsError');
brand(Rel100Error, 'Rel100Error');
brand(IllegalStateError, 'IllegalStateError');
brand(IllegalArgumentError, 'IllegalArgumentError');

/** The errors that this package itself throws, by code. */
export const ERRORS = {
  API_ERR_NOT_INITIALIZED: {
    message: '%s has not been initialised: its container has not called init(config) yet',
    fault: 'local',
    what: 'A servlet asked for its configuration or context in its constructor, or was made with new outside a container.',
    remedy: 'Move the code from the constructor into init().',
  },
  API_ERR_REL100: {
    message: 'The response cannot be sent reliably: %s',
    fault: 'local',
    what: 'Reliable provisional responses need a 101..199 response to an INVITE whose sender supports 100rel.',
    remedy: 'Look for 100rel in the Supported and Require headers of the request first, or use send().',
  },
} as const satisfies ErrorCatalogue;

const REL100_TEXT: Readonly<Record<Rel100Reason, string>> = {
  NOT_1XX: 'its status is not in 101..199',
  NOT_INVITE: 'the request is not an INVITE',
  NO_REQ_SUPPORT: 'the sender of the request does not support 100rel',
  NOT_SUPPORTED: 'this container does not support 100rel',
  NOT_100rel: 'the response was not sent reliably',
};
