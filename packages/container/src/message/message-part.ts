import type { Address, MessageContent, Parameterable } from '@siplet/api';
import type { SipMessage } from '@siplet/sip';
import { addressFromText, addressView, coreAddress } from '../address/address.ts';
import type { Observer } from '../address/observer.ts';
import { parameterableFromText } from '../address/parameterable.ts';
import { toApplication, toCore } from '../address/text.ts';
import { committed, contactPart, contentWithoutType, systemHeader, tagIsOwned } from '../sip-errors.ts';
import { decodeText, encodeText } from './charset.ts';
import { illegalArgument, illegalState } from './illegal.ts';
import { contactIsFree, headerRule, isContainerContactPart } from './system-headers.ts';

/** The message a {@link MessagePart} works on. */
export interface MessageOwner {
  readonly message: SipMessage;
  /** The method; of a response, that of its request. */
  getMethod(): string;
  isCommitted(): boolean;
  /** True for a request that is ours and not sent: From and To may change (RFC 4916). */
  readonly partiesMayChange: boolean;
}

/** Headers, content and attributes: what requests and responses do in the same way. */
export class MessagePart {
  readonly #owner: MessageOwner;
  #attributes: Map<string, unknown> | undefined = undefined;

  constructor(owner: MessageOwner) {
    this.#owner = owner;
  }

  get #message(): SipMessage {
    return this.#owner.message;
  }

  getHeader(name: string): string | undefined {
    const value = this.#message.headers.getAll(name)[0];
    return value === undefined ? undefined : toApplication(value);
  }

  *getHeaders(name: string): IterableIterator<string> {
    for (const value of this.#message.headers.getAll(name)) yield toApplication(value);
  }

  getHeaderNames(): IterableIterator<string> {
    return this.#message.headers.names().values();
  }

  setHeader(name: string, value: string): void {
    this.#allow(name, 'set');
    this.#message.headers.set(name, toCore(value));
  }

  addHeader(name: string, value: string): void {
    this.#allow(name, 'add');
    this.#message.headers.add(name, toCore(value));
  }

  removeHeader(name: string): void {
    this.#allow(name, 'remove');
    this.#message.headers.delete(name);
  }

  getAddressHeader(name: string): Address | undefined {
    const values = this.#message.headers.getAll(name);
    return values[0] === undefined ? undefined : this.#addressAt(name, values, 0);
  }

  *getAddressHeaders(name: string): IterableIterator<Address> {
    const values = this.#message.headers.getAll(name);
    for (let i = 0; i < values.length; i++) yield this.#addressAt(name, values, i);
  }

  setAddressHeader(name: string, address: Address): void {
    this.#allow(name, 'set');
    this.#message.headers.set(name, coreText(address));
  }

  addAddressHeader(name: string, address: Address, first: boolean): void {
    this.#allow(name, 'add');
    if (first) this.#message.headers.prepend(name, coreText(address));
    else this.#message.headers.add(name, coreText(address));
  }

  getParameterableHeader(name: string): Parameterable | undefined {
    const values = this.#message.headers.getAll(name);
    return values[0] === undefined ? undefined : this.#parameterableAt(name, values, 0);
  }

  *getParameterableHeaders(name: string): IterableIterator<Parameterable> {
    const values = this.#message.headers.getAll(name);
    for (let i = 0; i < values.length; i++) yield this.#parameterableAt(name, values, i);
  }

  setParameterableHeader(name: string, parameterable: Parameterable): void {
    this.#allow(name, 'set');
    this.#message.headers.set(name, toCore(parameterable.toString()));
  }

  addParameterableHeader(name: string, parameterable: Parameterable, first: boolean): void {
    this.#allow(name, 'add');
    const text = toCore(parameterable.toString());
    if (first) this.#message.headers.prepend(name, text);
    else this.#message.headers.add(name, text);
  }

  getExpires(): number | undefined {
    const text = this.#message.headers.get('Expires')?.trim();
    return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
  }

  setExpires(seconds: number): void {
    this.setHeader('Expires', String(seconds));
  }

  getContentType(): string | undefined {
    return this.getHeader('Content-Type');
  }

  setContentType(type: string): void {
    this.setHeader('Content-Type', type);
  }

  getCharacterEncoding(): string | undefined {
    return charsetOf(this.getContentType());
  }

  getRawContent(): Uint8Array | undefined {
    return this.#message.body.length === 0 ? undefined : this.#message.body;
  }

  getContent(): MessageContent | undefined {
    const body = this.getRawContent();
    const type = this.getContentType();
    if (body === undefined || type === undefined || !/^\s*text\//i.test(type)) return body;
    return decodeText(body, charsetOf(type));
  }

  setContent(content: MessageContent | undefined, contentType: string | undefined): void {
    this.assertMutable('setContent');
    if (content === undefined || content.length === 0) {
      this.#message.body = NO_BYTES;
      this.#message.headers.delete('Content-Type');
      return;
    }
    if (contentType === undefined) throw illegalArgument(contentWithoutType);
    const body = typeof content === 'string' ? encodeText(content, charsetOf(contentType)) : content;
    this.#message.headers.set('Content-Type', toCore(contentType));
    this.#message.body = body;
  }

  getAttribute(name: string): unknown {
    return this.#attributes?.get(name);
  }

  getAttributeNames(): IterableIterator<string> {
    return (this.#attributes ?? NO_ATTRIBUTES).keys();
  }

  setAttribute(name: string, value: unknown): void {
    this.#attributes ??= new Map();
    this.#attributes.set(name, value);
  }

  removeAttribute(name: string): void {
    this.#attributes?.delete(name);
  }

  /** From or To, whose tag nobody may change, and the rest only on an uncommitted request (RFC 4916). */
  party(name: 'From' | 'To'): Address {
    const owner = this.#owner;
    const core = name === 'From' ? owner.message.headers.from : owner.message.headers.to;
    const view = core === undefined ? addressFromText(owner.message.headers.get(name) ?? '') : undefined;
    if (core === undefined) return view ?? addressFromText('');
    const copy = core.clone();
    const observer: Observer = {
      before: (what) => {
        if (what === 'param:tag') throw illegalArgument(tagIsOwned);
        if (!owner.partiesMayChange) throw illegalState(committed, `changing ${name}`);
      },
      after: () => owner.message.headers.set(name, copy.toString()),
    };
    return addressView(copy, observer);
  }

  /** @throws {IllegalStateError} CTR_ERR_COMMITTED */
  assertMutable(what: string): void {
    if (this.#owner.isCommitted()) throw illegalState(committed, what);
  }

  #addressAt(name: string, values: readonly string[], index: number): Address {
    const lower = name.toLowerCase();
    if (lower === 'from' || lower === 'f') return this.party('From');
    if (lower === 'to' || lower === 't') return this.party('To');
    const holder: { view: Address | undefined } = { view: undefined };
    const observer = this.#observer(name, () => this.#writeBack(name, index, holder.view));
    holder.view = addressFromText(toApplication(values[index] ?? ''), observer);
    return holder.view;
  }

  #parameterableAt(name: string, values: readonly string[], index: number): Parameterable {
    const holder: { view: Parameterable | undefined } = { view: undefined };
    const observer = this.#observer(name, () => this.#writeBack(name, index, holder.view));
    holder.view = parameterableFromText(toApplication(values[index] ?? ''), observer);
    return holder.view;
  }

  #observer(name: string, after: () => void): Observer {
    return {
      before: (what) => {
        this.assertMutable(`changing ${name}`);
        const rule = headerRule(name);
        if (rule === 'system') throw illegalArgument(systemHeader, name, 'change');
        if (rule === 'contact' && !this.#contactIsFree() && isContainerContactPart(what)) {
          throw illegalArgument(contactPart, what.replace('param:', 'parameter '));
        }
      },
      after,
    };
  }

  #writeBack(name: string, index: number, view: Parameterable | undefined): void {
    if (view === undefined) return;
    const values = this.#message.headers.getAll(name);
    values[index] = toCore(view.toString());
    this.#message.headers.setAll(name, values);
  }

  #allow(name: string, verb: string): void {
    const rule = headerRule(name);
    if (rule === 'system' || (rule === 'contact' && !this.#contactIsFree())) {
      throw illegalArgument(systemHeader, name, verb);
    }
    this.assertMutable(`${verb} ${name}`);
  }

  #contactIsFree(): boolean {
    const message = this.#message;
    return contactIsFree(this.#owner.getMethod(), message.kind === 'response' ? message.status : undefined);
  }
}

function coreText(address: Address): string {
  return address.isWildcard() ? '*' : coreAddress(address).toString();
}

function charsetOf(type: string | undefined): string | undefined {
  if (type === undefined || !type.includes(';')) return undefined;
  return parameterableFromText(type).getParameter('charset');
}

const NO_BYTES = new Uint8Array(0);
const NO_ATTRIBUTES: ReadonlyMap<string, unknown> = new Map();
