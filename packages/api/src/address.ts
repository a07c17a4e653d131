/** Any URI: sip, sips, tel, or another absolute URI such as urn. */
export abstract class URI {
  /** The scheme in lower case, without the colon. */
  abstract getScheme(): string;
  /** True for sip and sips; narrows the type. */
  abstract isSipURI(): this is SipURI;
  /** The unescaped value, `''` for a flag parameter, `undefined` when absent. */
  abstract getParameter(name: string): string | undefined;
  /** Sets a parameter; `''` makes a flag parameter. */
  abstract setParameter(name: string, value: string): void;
  abstract removeParameter(name: string): void;
  abstract getParameterNames(): IterableIterator<string>;
  /** An independent, modifiable copy. */
  abstract clone(): URI;
  /** Equality by the rules of the scheme (RFC 3261 §19.1.4 for sip, RFC 3966 §4 for tel). */
  abstract equals(other: unknown): boolean;
  /** The URI as it appears on the wire, without angle brackets. */
  abstract toString(): string;
}

/** A sip or sips URI; getters return unescaped text and setters escape it. */
export abstract class SipURI extends URI {
  abstract getUser(): string | undefined;
  abstract setUser(user: string | undefined): void;
  abstract getUserPassword(): string | undefined;
  abstract setUserPassword(password: string | undefined): void;
  /** The host; an IPv6 address keeps its brackets. */
  abstract getHost(): string;
  abstract setHost(host: string): void;
  /** The port, `undefined` when the URI names none. */
  abstract getPort(): number | undefined;
  abstract setPort(port: number | undefined): void;
  /** True for sips. */
  abstract isSecure(): boolean;
  /** Turns sip into sips and back. */
  abstract setSecure(secure: boolean): void;
  abstract getTransportParam(): string | undefined;
  abstract setTransportParam(transport: string | undefined): void;
  abstract getMAddrParam(): string | undefined;
  abstract setMAddrParam(maddr: string | undefined): void;
  abstract getMethodParam(): string | undefined;
  abstract setMethodParam(method: string | undefined): void;
  abstract getTTLParam(): number | undefined;
  abstract setTTLParam(ttl: number | undefined): void;
  abstract getUserParam(): string | undefined;
  abstract setUserParam(user: string | undefined): void;
  abstract getLrParam(): boolean;
  abstract setLrParam(present: boolean): void;
  /** The value of a header component (`?Subject=x`), unescaped. */
  abstract getHeader(name: string): string | undefined;
  abstract setHeader(name: string, value: string): void;
  abstract removeHeader(name: string): void;
  abstract getHeaderNames(): IterableIterator<string>;
  abstract override clone(): SipURI;
}

/** A tel URI (RFC 3966). */
export abstract class TelURL extends URI {
  /** The number without the leading plus sign of a global number. */
  abstract getPhoneNumber(): string;
  /** Sets the number; a local number needs a phone context. @throws {IllegalArgumentError} for a local number without one. */
  abstract setPhoneNumber(number: string, phoneContext?: string): void;
  abstract getPhoneContext(): string | undefined;
  /** True when the number starts with a plus sign. */
  abstract isGlobal(): boolean;
  abstract override clone(): TelURL;
}

/** A header value of the form `value;name=value;flag`. */
export abstract class Parameterable {
  /** The value before the first parameter. */
  abstract getValue(): string;
  abstract setValue(value: string): void;
  /** The value, `''` for a flag parameter, `undefined` when absent. */
  abstract getParameter(name: string): string | undefined;
  /** Sets a parameter; `''` makes a flag, `undefined` removes it. */
  abstract setParameter(name: string, value: string | undefined): void;
  abstract removeParameter(name: string): void;
  abstract getParameterNames(): IterableIterator<string>;
  /** Name and value pairs in order. */
  abstract getParameters(): IterableIterator<[name: string, value: string]>;
  /** An independent, modifiable copy. */
  abstract clone(): Parameterable;
  abstract equals(other: unknown): boolean;
  abstract toString(): string;
}

/** A name-addr: display name, URI and header parameters (those outside the angle brackets). */
export abstract class Address extends Parameterable {
  abstract getDisplayName(): string | undefined;
  abstract setDisplayName(name: string | undefined): void;
  abstract getURI(): URI;
  abstract setURI(uri: URI): void;
  /** True for the `*` of a Contact header. */
  abstract isWildcard(): boolean;
  /** The q parameter, 0 to 1, `undefined` when absent. */
  abstract getQ(): number | undefined;
  /** Sets q, or removes it. @throws {IllegalArgumentError} outside 0 to 1. */
  abstract setQ(q: number | undefined): void;
  /** The expires parameter in seconds, `undefined` when absent. */
  abstract getExpires(): number | undefined;
  abstract setExpires(seconds: number | undefined): void;
  /** A modifiable copy without the tag parameter. */
  abstract override clone(): Address;
}
