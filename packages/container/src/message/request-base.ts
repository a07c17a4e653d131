import { type Address, type Flow, type MessageContent, type Parameterable, SipServletRequest } from '@siplet/api';
import type { Flow as CoreFlow, SipRequest } from '@siplet/sip';
import { toApplication } from '../address/text.ts';
import { flowView } from './flow-view.ts';
import { MessagePart } from './message-part.ts';

/** What a request does through its {@link MessagePart}; the rules of requests are in the subclass. */
export abstract class RequestBase extends SipServletRequest {
  readonly message: SipRequest;
  /** The flow a received message came on, or the one a sent message went out on. */
  wireFlow: CoreFlow | undefined;
  /** The flow the request entered this container on. */
  initialFlow: CoreFlow | undefined;
  readonly part: MessagePart;

  constructor(message: SipRequest, flow: CoreFlow | undefined) {
    super();
    this.message = message;
    this.wireFlow = flow;
    this.initialFlow = flow;
    this.part = new MessagePart(this);
  }

  /** True when From and To may be changed (RFC 4916). */
  abstract get partiesMayChange(): boolean;

  getHeader(name: string): string | undefined {
    return this.part.getHeader(name);
  }

  getHeaders(name: string): IterableIterator<string> {
    return this.part.getHeaders(name);
  }

  getHeaderNames(): IterableIterator<string> {
    return this.part.getHeaderNames();
  }

  setHeader(name: string, value: string): void {
    this.part.setHeader(name, value);
  }

  addHeader(name: string, value: string): void {
    this.part.addHeader(name, value);
  }

  removeHeader(name: string): void {
    this.part.removeHeader(name);
  }

  getAddressHeader(name: string): Address | undefined {
    return this.part.getAddressHeader(name);
  }

  getAddressHeaders(name: string): IterableIterator<Address> {
    return this.part.getAddressHeaders(name);
  }

  setAddressHeader(name: string, address: Address): void {
    this.part.setAddressHeader(name, address);
  }

  addAddressHeader(name: string, address: Address, first: boolean): void {
    this.part.addAddressHeader(name, address, first);
  }

  getParameterableHeader(name: string): Parameterable | undefined {
    return this.part.getParameterableHeader(name);
  }

  getParameterableHeaders(name: string): IterableIterator<Parameterable> {
    return this.part.getParameterableHeaders(name);
  }

  setParameterableHeader(name: string, parameterable: Parameterable): void {
    this.part.setParameterableHeader(name, parameterable);
  }

  addParameterableHeader(name: string, parameterable: Parameterable, first: boolean): void {
    this.part.addParameterableHeader(name, parameterable, first);
  }

  getExpires(): number | undefined {
    return this.part.getExpires();
  }

  setExpires(seconds: number): void {
    this.part.setExpires(seconds);
  }

  getContentType(): string | undefined {
    return this.part.getContentType();
  }

  setContentType(type: string): void {
    this.part.setContentType(type);
  }

  getCharacterEncoding(): string | undefined {
    return this.part.getCharacterEncoding();
  }

  getRawContent(): Uint8Array | undefined {
    return this.part.getRawContent();
  }

  getContent(): MessageContent | undefined {
    return this.part.getContent();
  }

  setContent(content: MessageContent | undefined, contentType: string | undefined): void {
    this.part.setContent(content, contentType);
  }

  getAttribute(name: string): unknown {
    return this.part.getAttribute(name);
  }

  getAttributeNames(): IterableIterator<string> {
    return this.part.getAttributeNames();
  }

  setAttribute(name: string, value: unknown): void {
    this.part.setAttribute(name, value);
  }

  removeAttribute(name: string): void {
    this.part.removeAttribute(name);
  }

  getCallId(): string {
    return toApplication(this.message.headers.callId ?? '');
  }

  getFrom(): Address {
    return this.part.party('From');
  }

  getTo(): Address {
    return this.part.party('To');
  }

  getProtocol(): string {
    return 'SIP/2.0';
  }

  getContentLength(): number {
    return this.message.body.length;
  }

  getLocalAddr(): string | undefined {
    return this.wireFlow?.localAddress;
  }

  getLocalPort(): number | undefined {
    return this.wireFlow?.localPort;
  }

  getRemoteAddr(): string | undefined {
    return this.wireFlow?.remoteAddress;
  }

  getRemotePort(): number | undefined {
    return this.wireFlow?.remotePort;
  }

  getTransport(): string | undefined {
    return this.wireFlow?.protocol;
  }

  getInitialRemoteAddr(): string | undefined {
    return this.initialFlow?.remoteAddress;
  }

  getInitialRemotePort(): number | undefined {
    return this.initialFlow?.remotePort;
  }

  getInitialTransport(): string | undefined {
    return this.initialFlow?.protocol;
  }

  isSecure(): boolean {
    return this.wireFlow?.secure ?? false;
  }

  getFlow(): Flow | undefined {
    return this.wireFlow === undefined ? undefined : flowView(this.wireFlow, this.flows);
  }

  /** Finds live flows. */
  protected abstract get flows(): { flowById(token: string): CoreFlow | undefined };
}
