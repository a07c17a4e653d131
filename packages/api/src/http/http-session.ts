import type { SipApplicationSession } from '../application-session.ts';
import type { AttributeInput, AttributeName, AttributeValue, HttpSessionAttributes } from '../attributes.ts';
import type { ServletContext } from '../context.ts';
import type { Ms, Seconds } from '../units.ts';

/** The session of a browser. */
export abstract class HttpSession {
  abstract getId(): string;
  /** Milliseconds since the epoch. */
  abstract getCreationTime(): Ms;
  /** Milliseconds since the epoch of the last request. */
  abstract getLastAccessedTime(): Ms;
  abstract getServletContext(): ServletContext;
  /** True until the browser has sent the session's cookie back. */
  abstract isNew(): boolean;
  abstract isValid(): boolean;
  abstract getMaxInactiveInterval(): Seconds;
  /** Seconds without a request after which the session ends; 0 or less means never. */
  abstract setMaxInactiveInterval(seconds: Seconds): void;

  abstract getAttribute<K extends AttributeName<HttpSessionAttributes>>(
    name: K,
  ): AttributeValue<HttpSessionAttributes, K>;
  abstract setAttribute<K extends AttributeName<HttpSessionAttributes>>(
    name: K,
    value: AttributeInput<HttpSessionAttributes, K>,
  ): void;
  abstract removeAttribute(name: AttributeName<HttpSessionAttributes>): void;
  abstract getAttributeNames(): IterableIterator<string>;

  /** Gives the session a new id and keeps its attributes; call it at login. Returns the new id. */
  abstract changeSessionId(): string;
  /** Ends the session. @throws {IllegalStateError} when it is invalid already. */
  abstract invalidate(): void;
}

/** An HTTP session that shares an application session with SIP sessions. */
export abstract class ConvergedHttpSession extends HttpSession {
  /** The application session, made and bound on first use. */
  abstract getApplicationSession(): SipApplicationSession;
  /** Adds the session ids to a URL, for clients that send no cookie. */
  abstract encodeURL(url: string, scheme?: string): string;
}
