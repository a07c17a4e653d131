import type { Address, Parameterable } from './address.ts';
import type { SipApplicationSession } from './application-session.ts';
import type { Flow } from './flow.ts';
import type { SipSession } from './session.ts';
import type { Seconds } from './units.ts';

/** A body: text for `text/*`, bytes for everything else. */
export type MessageContent = string | Uint8Array;

/** What SIP requests and responses have in common. */
export abstract class SipServletMessage {
  /** The first value; names are case-insensitive and compact forms are understood. */
  abstract getHeader(name: string): string | undefined;
  /** All values in order; an empty iterator when there are none. */
  abstract getHeaders(name: string): IterableIterator<string>;
  abstract getHeaderNames(): IterableIterator<string>;
  /** Replaces all values. @throws {IllegalArgumentError} for a system header (JSR 289 §4.1.2). */
  abstract setHeader(name: string, value: string): void;
  /** Adds a value after the existing ones. @throws {IllegalArgumentError} for a system header (JSR 289 §4.1.2). */
  abstract addHeader(name: string, value: string): void;
  /** Removes all values. @throws {IllegalArgumentError} for a system header (JSR 289 §4.1.2). */
  abstract removeHeader(name: string): void;

  /** The first value as an address. @throws {ServletParseError} when it is none. */
  abstract getAddressHeader(name: string): Address | undefined;
  abstract getAddressHeaders(name: string): IterableIterator<Address>;
  abstract setAddressHeader(name: string, address: Address): void;
  /** Adds an address, before the existing ones when `first` is true. */
  abstract addAddressHeader(name: string, address: Address, first: boolean): void;
  /** The first value with its parameters. @throws {ServletParseError} when it has no such form. */
  abstract getParameterableHeader(name: string): Parameterable | undefined;
  abstract getParameterableHeaders(name: string): IterableIterator<Parameterable>;
  abstract setParameterableHeader(name: string, parameterable: Parameterable): void;
  /** Adds a value, before the existing ones when `first` is true. */
  abstract addParameterableHeader(name: string, parameterable: Parameterable, first: boolean): void;

  abstract getCallId(): string;
  /** The From header; all but its tag may be changed on an uncommitted request (RFC 4916). */
  abstract getFrom(): Address;
  /** The To header; all but its tag may be changed on an uncommitted request (RFC 4916). */
  abstract getTo(): Address;
  /** The method; of a response, that of its request. */
  abstract getMethod(): string;
  /** `SIP/2.0`. */
  abstract getProtocol(): string;
  /** The Expires header in seconds. */
  abstract getExpires(): Seconds | undefined;
  abstract setExpires(seconds: Seconds): void;

  /** The Content-Type header. */
  abstract getContentType(): string | undefined;
  abstract setContentType(type: string): void;
  /** Length of the body in bytes. */
  abstract getContentLength(): number;
  /** The charset parameter of the content type. */
  abstract getCharacterEncoding(): string | undefined;
  /** The bytes of the body as they are on the wire, `undefined` when there is none. */
  abstract getRawContent(): Uint8Array | undefined;
  /** The body: text for `text/*`, else bytes, `undefined` when there is none. */
  abstract getContent(): MessageContent | undefined;
  /** Sets body and content type; `undefined` content removes both. @throws {IllegalArgumentError} for content without a type. */
  abstract setContent(content: MessageContent | undefined, contentType: string | undefined): void;

  /** An attribute of this message object; it never goes onto the wire. */
  abstract getAttribute(name: string): unknown;
  abstract getAttributeNames(): IterableIterator<string>;
  abstract setAttribute(name: string, value: unknown): void;
  abstract removeAttribute(name: string): void;

  /** The session this message belongs to, made if necessary. */
  abstract getSession(): SipSession;
  abstract getSession(create: boolean): SipSession | undefined;
  /** The application session this message belongs to, made if necessary. */
  abstract getApplicationSession(): SipApplicationSession;
  abstract getApplicationSession(create: boolean): SipApplicationSession | undefined;

  /** The address this message was received on, `undefined` for a message made here. */
  abstract getLocalAddr(): string | undefined;
  abstract getLocalPort(): number | undefined;
  /** The address of the previous hop, `undefined` for a message made here. */
  abstract getRemoteAddr(): string | undefined;
  abstract getRemotePort(): number | undefined;
  /** `UDP`, `TCP`, `TLS`, `WS` or `WSS`; `undefined` for a message made here and not yet sent. */
  abstract getTransport(): string | undefined;
  /** The wire peer that sent the request into this container, the same for every application on the path. */
  abstract getInitialRemoteAddr(): string | undefined;
  abstract getInitialRemotePort(): number | undefined;
  abstract getInitialTransport(): string | undefined;
  /** True when the message came over a secure transport. */
  abstract isSecure(): boolean;
  /** The flow the message arrived on, `undefined` for a message made here. */
  abstract getFlow(): Flow | undefined;

  /** The authenticated user, `undefined` when there is none. */
  abstract getRemoteUser(): string | undefined;

  /** True when the message may not be changed or sent any more (JSR 289 §5.2). */
  abstract isCommitted(): boolean;
  /** Sends the message; settles when it has been handed to a flow. @throws {IllegalStateError} at once, when committed. */
  abstract send(): Promise<void>;
  /** The message as text, for logs. */
  abstract toString(): string;
}
