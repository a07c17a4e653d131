import { ARGUMENT, SipError } from '../errors.ts';
import { requireSafe, requireToken } from '../grammar/scanner.ts';
import { internMethod, METHODS } from '../header/names.ts';
import { parseUri, type Uri } from '../uri/uri.ts';
import { Headers } from './headers.ts';
import { isProvisional, isSuccess, reasonPhrase } from './status.ts';

const NO_BODY = new Uint8Array(0);

/** A request. `uri` is parsed on first read and is not live: assign it to change the start line. */
export class SipRequest {
  readonly kind = 'request' as const;
  #method: string;
  #uriText: string;
  #uri: Uri | undefined;
  readonly headers: Headers;
  body: Uint8Array;

  constructor(method: string, uri: Uri | string, headers: Headers = new Headers(), body: Uint8Array = NO_BODY) {
    this.#method = internMethod(method);
    this.#uriText = typeof uri === 'string' ? uri : uri.toString();
    this.#uri = undefined;
    this.headers = headers;
    this.body = body;
    if (!METHODS.has(method)) requireToken(method);
    requireLine(this.#uriText);
  }

  get method(): string {
    return this.#method;
  }

  set method(value: string) {
    requireToken(value);
    this.#method = internMethod(value);
  }

  /** The Request-URI. @throws SIP_ERR_URI (fault remote) when malformed; never for a request of an engine event */
  get uri(): Uri {
    return (this.#uri ??= parseUri(this.#uriText));
  }

  set uri(value: Uri) {
    this.uriText = value.toString();
  }

  /** The Request-URI as written. */
  get uriText(): string {
    return this.#uriText;
  }

  set uriText(value: string) {
    requireLine(value);
    this.#uriText = value;
    this.#uri = undefined;
  }

  /** A copy with its own headers; the body's bytes are shared. */
  clone(): SipRequest {
    return new SipRequest(this.#method, this.#uriText, this.headers.clone(), this.body);
  }
}

// A blank would end the Request-URI early.
function requireLine(text: string): void {
  requireSafe(text);
  if (text === '' || text.includes(' ')) throw new SipError(ARGUMENT, 'a Request-URI is one word');
}

/** A response. */
export class SipResponse {
  readonly kind = 'response' as const;
  #status: number;
  #reason: string;
  readonly headers: Headers;
  body: Uint8Array;

  constructor(
    status: number,
    reason: string = reasonPhrase(status),
    headers: Headers = new Headers(),
    body: Uint8Array = NO_BODY,
  ) {
    requireStatus(status);
    requireSafe(reason);
    this.#status = status;
    this.#reason = reason;
    this.headers = headers;
    this.body = body;
  }

  get status(): number {
    return this.#status;
  }

  set status(value: number) {
    requireStatus(value);
    this.#status = value;
  }

  get reason(): string {
    return this.#reason;
  }

  set reason(value: string) {
    requireSafe(value);
    this.#reason = value;
  }

  /** A copy with its own headers; the body's bytes are shared. */
  clone(): SipResponse {
    return new SipResponse(this.#status, this.#reason, this.headers.clone(), this.body);
  }
}

function requireStatus(status: number): void {
  if (!Number.isInteger(status) || status < 100 || status > 699) throw new SipError(ARGUMENT, 'status is 100-699');
}

/** Either kind; tell them apart by `kind`. */
export type SipMessage = SipRequest | SipResponse;

/**
 * A response with the headers RFC 3261 §8.2.6 asks for: Via, From, To (with `toTag` unless it has a tag), Call-ID, CSeq;
 * Timestamp in a 100; Record-Route where the response can create a dialog (§12.1.1).
 */
export function createResponseFor(
  request: SipRequest,
  status: number,
  reason: string = reasonPhrase(status),
  toTag?: string,
): SipResponse {
  const response = new SipResponse(status, reason);
  const { headers } = response;
  headers.copyFrom(request.headers, 'Via');
  headers.copyFrom(request.headers, 'From');
  const to = request.headers.to;
  if (toTag !== undefined && to !== undefined && to.tag === undefined) {
    headers.set('To', `${request.headers.get('To') ?? ''};tag=${toTag}`);
  } else headers.copyFrom(request.headers, 'To');
  headers.copyFrom(request.headers, 'Call-ID');
  headers.copyFrom(request.headers, 'CSeq');
  if (status === 100) headers.copyFrom(request.headers, 'Timestamp'); // RFC 3261 §8.2.6.1
  else if (METHODS.get(request.method)?.createsDialog === true && (isProvisional(status) || isSuccess(status))) {
    headers.copyFrom(request.headers, 'Record-Route');
  }
  return response;
}
