import type { SipServletMessage } from './message.ts';
import type { SipServletRequest } from './request.ts';
import type { SipServletResponse } from './response.ts';
import type { SipSession } from './session.ts';

/** The role a session plays in a transaction: client or server. */
export type UAMode = 'UAC' | 'UAS';
/** The roles of a user agent (JSR 289 §12). */
export const UAMode = Object.freeze({ UAC: 'UAC', UAS: 'UAS' } as const);

/** Headers that replace those copied from the original request; names are case-insensitive. */
export type HeaderMap = ReadonlyMap<string, readonly string[]>;

/** Makes the requests and links of a back-to-back user agent (JSR 289 §12). */
export abstract class B2buaHelper {
  /** A new initial request with the headers of `origRequest`, but its own Call-ID and tags, and one hop fewer. @throws {TooManyHopsError} with Max-Forwards 0. @throws {IllegalArgumentError} for a system header in the map. */
  abstract createRequest(origRequest: SipServletRequest, linked?: boolean, headerMap?: HeaderMap): SipServletRequest;
  /** A subsequent request in `session` with the headers of `origRequest`. */
  abstract createRequest(session: SipSession, origRequest: SipServletRequest, headerMap?: HeaderMap): SipServletRequest;
  /** A response to the initial request of `session`; another To tag when a fork has answered already. */
  abstract createResponseToOriginalRequest(
    session: SipSession,
    status: number,
    reasonPhrase?: string,
  ): SipServletResponse;
  /** A CANCEL for the initial INVITE of a session. */
  abstract createCancel(session: SipSession): SipServletRequest;
  abstract getLinkedSession(session: SipSession): SipSession | undefined;
  /** The counterpart of a request on the other leg. */
  abstract getLinkedSipServletRequest(request: SipServletRequest): SipServletRequest | undefined;
  /** Uncommitted messages by rising CSeq, and 2xx that wait for their ACK. */
  abstract getPendingMessages(session: SipSession, mode: UAMode): SipServletMessage[];
  /** Links two sessions of one application session. @throws {IllegalArgumentError} for sessions that cannot be linked. */
  abstract linkSipSessions(session1: SipSession, session2: SipSession): void;
  abstract unlinkSipSessions(session: SipSession): void;
}
