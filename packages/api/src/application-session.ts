import type { AttributeInput, AttributeName, AttributeValue, SipApplicationSessionAttributes } from './attributes.ts';
import type { HttpSession } from './http/http-session.ts';
import type { SipSession } from './session.ts';
import type { ServletTimer } from './timer.ts';
import type { Minutes, Ms } from './units.ts';

/** The protocols whose sessions an application session holds. */
export type SessionProtocol = 'SIP' | 'HTTP';
/** The protocols of sessions; `SipApplicationSession.Protocol` of the JSR. */
export const SessionProtocol = Object.freeze({ SIP: 'SIP', HTTP: 'HTTP' } as const);

/** The session type of a protocol. */
export type SessionOf<P extends SessionProtocol> = P extends 'SIP' ? SipSession : HttpSession;

/** One instance of an application: its SIP sessions, HTTP sessions, timers and attributes. */
export abstract class SipApplicationSession {
  abstract getId(): string;
  abstract getApplicationName(): string;
  /** Milliseconds since the epoch. */
  abstract getCreationTime(): Ms;
  /** Milliseconds since the epoch of the last message; attribute access does not count. */
  abstract getLastAccessedTime(): Ms;
  /** Milliseconds since the epoch at which the session expires, 0 when never. */
  abstract getExpirationTime(): Ms;
  /** Sets expiry counted from now; 0 or less means never. Returns the minutes granted. */
  abstract setExpires(deltaMinutes: Minutes): Minutes;

  /** All sessions, or those of one protocol, derived SIP sessions included. */
  abstract getSessions<P extends SessionProtocol = SessionProtocol>(protocol?: P): IterableIterator<SessionOf<P>>;
  abstract getSession<P extends SessionProtocol>(id: string, protocol: P): SessionOf<P> | undefined;
  abstract getSipSession(id: string): SipSession | undefined;
  abstract getTimer(id: string): ServletTimer | undefined;
  abstract getTimers(): IterableIterator<ServletTimer>;

  abstract getAttribute<K extends AttributeName<SipApplicationSessionAttributes>>(
    name: K,
  ): AttributeValue<SipApplicationSessionAttributes, K>;
  abstract setAttribute<K extends AttributeName<SipApplicationSessionAttributes>>(
    name: K,
    value: AttributeInput<SipApplicationSessionAttributes, K>,
  ): void;
  abstract removeAttribute(name: AttributeName<SipApplicationSessionAttributes>): void;
  abstract getAttributeNames(): IterableIterator<string>;

  /** Adds this session's id to an HTTP URL, so that the request that comes back is bound to it. */
  abstract encodeURL(url: string): string;
  /** Enters the session's mailbox: runs `work` after what runs now, alone, and settles with its result. */
  abstract runInSession<T>(work: () => T | Promise<T>): Promise<T>;

  /** Ends the session with its SIP and HTTP sessions and timers. @throws {IllegalStateError} when it is invalid already. */
  abstract invalidate(): void;
  abstract isValid(): boolean;
  abstract getInvalidateWhenReady(): boolean;
  /** When true (the default) the container invalidates the session as soon as it is ready. */
  abstract setInvalidateWhenReady(invalidateWhenReady: boolean): void;
  abstract isReadyToInvalidate(): boolean;
}
