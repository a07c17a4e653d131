import { Address, Parameterable, type URI } from '@siplet/api';
import { NameAddr, type Parameters, parseNameAddr, SipError } from '@siplet/sip';
import { qOutOfRange, unparsableAddress, wildcardHasNoUri } from '../sip-errors.ts';
import { illegalArgument, illegalState, parseError } from '../message/illegal.ts';
import type { Observer } from './observer.ts';
import { quote, toApplication, toCore, unquote } from './text.ts';
import { coreUri, uriView } from './uri.ts';

/** The application's view of a core name-addr. */
export function addressView(core: NameAddr, observer?: Observer): AddressView {
  return new AddressView(core, observer);
}

/** A copy of the core name-addr behind an application's address. */
export function coreAddress(address: Address): NameAddr {
  return address instanceof AddressView ? address.core.clone() : parseAddressText(address.toString());
}

/** Parses address text. @throws {ServletParseError} CTR_ERR_ADDRESS_UNPARSABLE */
export function parseAddressText(text: string): NameAddr {
  try {
    return parseNameAddr(toCore(text.trim()));
  } catch (error) {
    if (error instanceof SipError) throw parseError(unparsableAddress, error, text);
    throw error;
  }
}

/** An address of header text, where `*` is the wildcard (RFC 3261 §10.2.2). */
export function addressFromText(text: string, observer?: Observer): Address {
  return text.trim() === '*' ? new WildcardAddress() : addressView(parseAddressText(text), observer);
}

/** The parameter methods that every view shares. */
class ParameterView {
  readonly #params: Parameters;
  readonly #observer: Observer | undefined;

  constructor(params: Parameters, observer: Observer | undefined) {
    this.#params = params;
    this.#observer = observer;
  }

  get(name: string): string | undefined {
    const value = this.#params.get(name);
    return value === undefined ? undefined : unquote(value);
  }

  set(name: string, value: string | undefined): void {
    this.#observer?.before(`param:${name.toLowerCase()}`);
    if (value === undefined) this.#params.delete(name);
    else this.#params.set(name, quote(value));
    this.#observer?.after();
  }

  *names(): IterableIterator<string> {
    for (const [name] of this.#params) yield name;
  }

  *entries(): IterableIterator<[name: string, value: string]> {
    for (const [name, value] of this.#params) yield [name, unquote(value)];
  }
}

/** A name-addr of a message, or one of the application's own. */
export class AddressView extends Address {
  readonly core: NameAddr;
  readonly #observer: Observer | undefined;
  readonly #params: ParameterView;

  constructor(core: NameAddr, observer: Observer | undefined) {
    super();
    this.core = core;
    this.#observer = observer;
    this.#params = new ParameterView(core.params, observer);
  }

  getValue(): string {
    const copy = new NameAddr(this.core.uri, this.core.displayName);
    return toApplication(copy.toString());
  }

  setValue(value: string): void {
    this.#observer?.before('uri');
    const parsed = parseAddressText(value);
    this.core.displayName = parsed.displayName;
    this.core.uri = parsed.uri;
    this.#observer?.after();
  }

  getParameter(name: string): string | undefined {
    return this.#params.get(name);
  }

  setParameter(name: string, value: string | undefined): void {
    this.#params.set(name, value);
  }

  removeParameter(name: string): void {
    this.#params.set(name, undefined);
  }

  getParameterNames(): IterableIterator<string> {
    return this.#params.names();
  }

  getParameters(): IterableIterator<[name: string, value: string]> {
    return this.#params.entries();
  }

  getDisplayName(): string | undefined {
    return this.core.displayName === undefined ? undefined : toApplication(this.core.displayName);
  }

  setDisplayName(name: string | undefined): void {
    this.#observer?.before('display');
    this.core.displayName = name === undefined ? undefined : toCore(name);
    this.#observer?.after();
  }

  getURI(): URI {
    return uriView(this.core.uri, this.#observer);
  }

  setURI(uri: URI): void {
    this.#observer?.before('uri');
    this.core.uri = coreUri(uri);
    this.#observer?.after();
  }

  isWildcard(): boolean {
    return false;
  }

  getQ(): number | undefined {
    const q = this.getParameter('q');
    return q === undefined ? undefined : Number(q);
  }

  setQ(q: number | undefined): void {
    if (q !== undefined && !(q >= 0 && q <= 1)) throw illegalArgument(qOutOfRange, q);
    this.setParameter('q', q === undefined ? undefined : String(Math.round(q * 1000) / 1000)); // qvalue: three decimals
  }

  getExpires(): number | undefined {
    const expires = this.getParameter('expires');
    return expires === undefined || !/^\d+$/.test(expires) ? undefined : Number(expires);
  }

  setExpires(seconds: number | undefined): void {
    this.setParameter('expires', seconds === undefined ? undefined : String(seconds));
  }

  clone(): Address {
    const core = this.core.clone();
    core.params.delete('tag');
    return new AddressView(core, undefined);
  }

  /** Same URI and the same parameters; the display name does not count. */
  equals(other: unknown): boolean {
    if (!(other instanceof Address) || other.isWildcard()) return false;
    if (!this.getURI().equals(other.getURI())) return false;
    return sameParameters(this, other);
  }

  toString(): string {
    return toApplication(this.core.toString());
  }
}

function sameParameters(a: Parameterable, b: Parameterable): boolean {
  const left = new Map(lowerCased(a));
  const right = new Map(lowerCased(b));
  if (left.size !== right.size) return false;
  for (const [name, value] of left) if (right.get(name) !== value) return false;
  return true;
}

function* lowerCased(of: Parameterable): IterableIterator<[string, string]> {
  for (const [name, value] of of.getParameters()) yield [name.toLowerCase(), value];
}

/** The `*` of a Contact header. */
class WildcardAddress extends Address {
  readonly #params = new Map<string, string>();

  getValue(): string {
    return '*';
  }

  setValue(_value: string): void {
    throw illegalState(wildcardHasNoUri);
  }

  getParameter(name: string): string | undefined {
    return this.#params.get(name.toLowerCase());
  }

  setParameter(name: string, value: string | undefined): void {
    if (value === undefined) this.#params.delete(name.toLowerCase());
    else this.#params.set(name.toLowerCase(), value);
  }

  removeParameter(name: string): void {
    this.#params.delete(name.toLowerCase());
  }

  getParameterNames(): IterableIterator<string> {
    return this.#params.keys();
  }

  getParameters(): IterableIterator<[name: string, value: string]> {
    return this.#params.entries();
  }

  getDisplayName(): string | undefined {
    return undefined;
  }

  setDisplayName(_name: string | undefined): void {
    throw illegalState(wildcardHasNoUri);
  }

  getURI(): URI {
    throw illegalState(wildcardHasNoUri);
  }

  setURI(_uri: URI): void {
    throw illegalState(wildcardHasNoUri);
  }

  isWildcard(): boolean {
    return true;
  }

  getQ(): number | undefined {
    return undefined;
  }

  setQ(_q: number | undefined): void {}

  getExpires(): number | undefined {
    return undefined;
  }

  setExpires(_seconds: number | undefined): void {}

  clone(): Address {
    return new WildcardAddress();
  }

  equals(other: unknown): boolean {
    return other instanceof Address && other.isWildcard();
  }

  toString(): string {
    return '*';
  }
}

export { ParameterView, sameParameters };
