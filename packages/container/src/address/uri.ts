import { SipURI, TelURL, URI } from '@siplet/api';
import {
  AbsoluteUri,
  escapeUser,
  type Parameters,
  parseUri,
  SipError,
  SipUri,
  TelUri,
  type Uri,
  unescapeUser,
} from '@siplet/sip';
import { telNeedsContext, unparsableUri } from '../sip-errors.ts';
import { illegalArgument, parseError } from '../message/illegal.ts';
import type { Observer } from './observer.ts';
import { percentDecode, percentEncode, toApplication, toCore } from './text.ts';

/** The application's view of a core URI. */
export function uriView(core: Uri, observer?: Observer): URI {
  if (core instanceof SipUri) return new SipUriView(core, observer);
  if (core instanceof TelUri) return new TelUrlView(core, observer);
  return new OtherUriView(core, observer);
}

/** A copy of the core URI behind an application's URI. */
export function coreUri(uri: URI): Uri {
  if (uri instanceof SipUriView || uri instanceof TelUrlView || uri instanceof OtherUriView) return uri.core.clone();
  return parseUriText(uri.toString());
}

/** Parses URI text. @throws {ServletParseError} CTR_ERR_URI_UNPARSABLE */
export function parseUriText(text: string): Uri {
  try {
    return parseUri(toCore(text.trim()));
  } catch (error) {
    if (error instanceof SipError) throw parseError(unparsableUri, error, text);
    throw error;
  }
}

function* names(params: Parameters): IterableIterator<string> {
  for (const [name] of params) yield name;
}

class SipUriView extends SipURI {
  readonly core: SipUri;
  readonly #observer: Observer | undefined;

  constructor(core: SipUri, observer: Observer | undefined) {
    super();
    this.core = core;
    this.#observer = observer;
  }

  getScheme(): string {
    return this.core.scheme;
  }

  isSipURI(): this is SipURI {
    return true;
  }

  getParameter(name: string): string | undefined {
    const value = this.core.params.get(name);
    return value === undefined ? undefined : percentDecode(value);
  }

  setParameter(name: string, value: string): void {
    this.#change(`param:${name.toLowerCase()}`, () => this.core.params.set(name, percentEncode(value)));
  }

  removeParameter(name: string): void {
    this.#change(`param:${name.toLowerCase()}`, () => this.core.params.delete(name));
  }

  getParameterNames(): IterableIterator<string> {
    return names(this.core.params);
  }

  getUser(): string | undefined {
    return this.core.user === undefined ? undefined : toApplication(unescapeUser(this.core.user));
  }

  setUser(user: string | undefined): void {
    this.#change('user', () => {
      this.core.user = user === undefined ? undefined : escapeUser(toCore(user));
    });
  }

  getUserPassword(): string | undefined {
    return this.core.password === undefined ? undefined : percentDecode(this.core.password);
  }

  setUserPassword(password: string | undefined): void {
    this.#change('password', () => {
      this.core.password = password === undefined ? undefined : percentEncode(password);
    });
  }

  getHost(): string {
    return this.core.host;
  }

  setHost(host: string): void {
    this.#change('host', () => {
      this.core.host = host;
    });
  }

  getPort(): number | undefined {
    return this.core.port;
  }

  setPort(port: number | undefined): void {
    this.#change('port', () => {
      this.core.port = port;
    });
  }

  isSecure(): boolean {
    return this.core.scheme === 'sips';
  }

  setSecure(secure: boolean): void {
    this.#change('scheme', () => {
      this.core.scheme = secure ? 'sips' : 'sip';
    });
  }

  getTransportParam(): string | undefined {
    return this.getParameter('transport');
  }

  setTransportParam(transport: string | undefined): void {
    this.#set('transport', transport);
  }

  getMAddrParam(): string | undefined {
    return this.getParameter('maddr');
  }

  setMAddrParam(maddr: string | undefined): void {
    this.#set('maddr', maddr);
  }

  getMethodParam(): string | undefined {
    return this.getParameter('method');
  }

  setMethodParam(method: string | undefined): void {
    this.#set('method', method);
  }

  getTTLParam(): number | undefined {
    const ttl = this.getParameter('ttl');
    return ttl === undefined ? undefined : Number(ttl);
  }

  setTTLParam(ttl: number | undefined): void {
    this.#set('ttl', ttl === undefined ? undefined : String(ttl));
  }

  getUserParam(): string | undefined {
    return this.getParameter('user');
  }

  setUserParam(user: string | undefined): void {
    this.#set('user', user);
  }

  getLrParam(): boolean {
    return this.core.params.has('lr');
  }

  setLrParam(present: boolean): void {
    this.#set('lr', present ? '' : undefined);
  }

  getHeader(name: string): string | undefined {
    const value = this.core.headers.get(name);
    return value === undefined ? undefined : percentDecode(value);
  }

  setHeader(name: string, value: string): void {
    this.#change('header', () => this.core.headers.set(name, percentEncode(value)));
  }

  removeHeader(name: string): void {
    this.#change('header', () => this.core.headers.delete(name));
  }

  getHeaderNames(): IterableIterator<string> {
    return names(this.core.headers);
  }

  clone(): SipURI {
    return new SipUriView(this.core.clone(), undefined);
  }

  equals(other: unknown): boolean {
    return other instanceof URI && this.core.equals(coreUri(other));
  }

  toString(): string {
    return toApplication(this.core.toString());
  }

  #set(name: string, value: string | undefined): void {
    if (value === undefined) this.removeParameter(name);
    else this.setParameter(name, value);
  }

  #change(what: string, apply: () => void): void {
    this.#observer?.before(what);
    apply();
    this.#observer?.after();
  }
}

class TelUrlView extends TelURL {
  readonly core: TelUri;
  readonly #observer: Observer | undefined;

  constructor(core: TelUri, observer: Observer | undefined) {
    super();
    this.core = core;
    this.#observer = observer;
  }

  getScheme(): string {
    return 'tel';
  }

  isSipURI(): this is SipURI {
    return false;
  }

  getParameter(name: string): string | undefined {
    const value = this.core.params.get(name);
    return value === undefined ? undefined : percentDecode(value);
  }

  setParameter(name: string, value: string): void {
    this.#change(`param:${name.toLowerCase()}`, () => this.core.params.set(name, percentEncode(value)));
  }

  removeParameter(name: string): void {
    this.#change(`param:${name.toLowerCase()}`, () => this.core.params.delete(name));
  }

  getParameterNames(): IterableIterator<string> {
    return names(this.core.params);
  }

  getPhoneNumber(): string {
    return this.core.number.startsWith('+') ? this.core.number.slice(1) : this.core.number;
  }

  setPhoneNumber(number: string, phoneContext?: string): void {
    // RFC 3966 §3: a local number has a phone context
    if (!number.startsWith('+') && phoneContext === undefined) throw illegalArgument(telNeedsContext, number);
    this.#change('number', () => {
      this.core.number = number;
      if (phoneContext === undefined) this.core.params.delete('phone-context');
      else this.core.params.set('phone-context', percentEncode(phoneContext));
    });
  }

  getPhoneContext(): string | undefined {
    return this.getParameter('phone-context');
  }

  isGlobal(): boolean {
    return this.core.isGlobal;
  }

  clone(): TelURL {
    return new TelUrlView(this.core.clone(), undefined);
  }

  equals(other: unknown): boolean {
    return other instanceof URI && this.core.equals(coreUri(other));
  }

  toString(): string {
    return toApplication(this.core.toString());
  }

  #change(what: string, apply: () => void): void {
    this.#observer?.before(what);
    apply();
    this.#observer?.after();
  }
}

/** Any other absolute URI: opaque, without parameters of its own. */
class OtherUriView extends URI {
  readonly core: AbsoluteUri;

  constructor(core: AbsoluteUri, _observer: Observer | undefined) {
    super();
    this.core = core;
  }

  getScheme(): string {
    return this.core.scheme;
  }

  isSipURI(): this is SipURI {
    return false;
  }

  getParameter(_name: string): string | undefined {
    return undefined;
  }

  setParameter(_name: string, _value: string): void {}

  removeParameter(_name: string): void {}

  *getParameterNames(): IterableIterator<string> {}

  clone(): URI {
    return new OtherUriView(this.core.clone(), undefined);
  }

  equals(other: unknown): boolean {
    return other instanceof URI && this.core.equals(coreUri(other));
  }

  toString(): string {
    return toApplication(this.core.toString());
  }
}
