import type { Address, URI } from './address.ts';
import type { SipApplicationSession } from './application-session.ts';
import type { AttributeInput, AttributeName, AttributeValue, SipSessionAttributes } from './attributes.ts';
import type { SipServletContext } from './context.ts';
import type { Flow } from './flow.ts';
import type { SipServletRequest } from './request.ts';
import type { SipApplicationRoutingRegion } from './router.ts';
import type { Ms } from './units.ts';

/** The states of a SIP session (JSR 289 §6.2.1). */
export type SipSessionState = 'INITIAL' | 'EARLY' | 'CONFIRMED' | 'TERMINATED';
/** The states of a SIP session (JSR 289 §6.2.1); `SipSession.State` of the JSR. */
export const SipSessionState = Object.freeze({
  INITIAL: 'INITIAL',
  EARLY: 'EARLY',
  CONFIRMED: 'CONFIRMED',
  TERMINATED: 'TERMINATED',
} as const);

/** A point-to-point relationship with another user agent: a dialog, or what may become one. */
export abstract class SipSession {
  abstract getId(): string;
  abstract getApplicationSession(): SipApplicationSession;
  abstract getServletContext(): SipServletContext;
  abstract getCallId(): string;
  abstract getLocalParty(): Address;
  abstract getRemoteParty(): Address;
  abstract getState(): SipSessionState;
  /** The region in which the application was called for this session. */
  abstract getRegion(): SipApplicationRoutingRegion | undefined;
  /** The subscriber on whose behalf the application was called for this session. */
  abstract getSubscriberURI(): URI | undefined;
  /** Milliseconds since the epoch. */
  abstract getCreationTime(): Ms;
  /** Milliseconds since the epoch of the last message; attribute access does not count. */
  abstract getLastAccessedTime(): Ms;

  /** A new request in this session. @throws {IllegalArgumentError} for ACK, PRACK and CANCEL. @throws {IllegalStateError} in the states of JSR 289 §6.2.2 that forbid it. */
  abstract createRequest(method: string): SipServletRequest;
  /** Names the servlet of this application that gets further messages of this session. @throws {ServletError} for an unknown name. */
  abstract setHandler(servletName: string): void;

  abstract getAttribute<K extends AttributeName<SipSessionAttributes>>(
    name: K,
  ): AttributeValue<SipSessionAttributes, K>;
  abstract setAttribute<K extends AttributeName<SipSessionAttributes>>(
    name: K,
    value: AttributeInput<SipSessionAttributes, K>,
  ): void;
  abstract removeAttribute(name: AttributeName<SipSessionAttributes>): void;
  abstract getAttributeNames(): IterableIterator<string>;

  /** Ends the session and forgets it. @throws {IllegalStateError} when it is invalid already. */
  abstract invalidate(): void;
  abstract isValid(): boolean;
  abstract getInvalidateWhenReady(): boolean;
  /** When true (the default) the container invalidates the session as soon as it is ready. */
  abstract setInvalidateWhenReady(invalidateWhenReady: boolean): void;
  abstract isReadyToInvalidate(): boolean;

  /** The flow that requests of this session go out on, `undefined` when the container chooses. */
  abstract getFlow(): Flow | undefined;
  /** Pins requests of this session to a flow (JSR 359); `undefined` unpins. */
  abstract setFlow(flow: Flow | undefined): void;
}
