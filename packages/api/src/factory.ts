import type { Address, Parameterable, SipURI, URI } from './address.ts';
import type { SipApplicationSession } from './application-session.ts';
import type { SipServletRequest } from './request.ts';
import type { SipSession } from './session.ts';

/** User names and passwords by status and realm, for answering challenges. */
export abstract class AuthInfo {
  /** Adds credentials for one realm. @throws {IllegalArgumentError} when status is neither 401 nor 407. */
  abstract addAuthInfo(status: number, realm: string, username: string, password: string): void;
}

/** Makes addresses, URIs, application sessions and initial requests. */
export abstract class SipFactory {
  /** An address from header text, or around a URI. @throws {ServletParseError} for text that is no address. */
  abstract createAddress(address: string | URI, displayName?: string): Address;
  /** A URI from text. @throws {ServletParseError} for text that is no URI. */
  abstract createURI(uri: string): URI;
  /** A sip URI; `user` may be `undefined`. */
  abstract createSipURI(user: string | undefined, host: string): SipURI;
  /** A header value from text. @throws {ServletParseError} for text without the form `value;name=value`. */
  abstract createParameterable(value: string): Parameterable;
  abstract createAuthInfo(): AuthInfo;
  /** A new initial request with its own Call-ID and From tag. @throws {IllegalArgumentError} for ACK, PRACK and CANCEL. @throws {ServletParseError} for text that is no address. */
  abstract createRequest(
    appSession: SipApplicationSession,
    method: string,
    from: string | Address | URI,
    to: string | Address | URI,
  ): SipServletRequest;
  abstract createApplicationSession(): SipApplicationSession;
  /** The application session of that key, made if necessary; may ask the session store. */
  abstract createApplicationSessionByKey(applicationSessionKey: string): Promise<SipApplicationSession>;
}

/** Finds application sessions of the calling application. */
export abstract class SipSessionsUtil {
  /** May ask the session store. */
  abstract getApplicationSessionById(applicationSessionId: string): Promise<SipApplicationSession | undefined>;
  /** May ask the session store; with `create` the result is always defined. */
  abstract getApplicationSessionByKey(
    applicationSessionKey: string,
    create: boolean,
  ): Promise<SipApplicationSession | undefined>;
  /** The session named by a Join or Replaces header of the session's initial request. */
  abstract getCorrespondingSipSession(session: SipSession, headerName: string): SipSession | undefined;
}
