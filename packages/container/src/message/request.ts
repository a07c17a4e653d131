import {
  type Address,
  type AuthInfo,
  type B2buaHelper,
  type Proxy,
  type SipApplicationRoutingDirective,
  type SipApplicationRoutingRegion,
  type SipApplicationSession,
  type SipServletRequest,
  type SipServletResponse,
  type SipSession,
  type SipURI,
  URI,
} from '@siplet/api';
import type { ClientTransaction, Flow as CoreFlow, ServerTransaction, SipRequest } from '@siplet/sip';
import { addressFromText, coreAddress } from '../address/address.ts';
import { toApplication } from '../address/text.ts';
import { coreUri, uriView } from '../address/uri.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import {
  alreadyAnswered,
  badStatus,
  committed,
  hopsExhausted,
  noCancel,
  noResponseTo,
  notARequestOfOurs,
  notInThisRelease,
  notSendable,
  onlyInitial,
  proxyOrAgent,
  routeNotPossible,
  sessionInvalid,
} from '../sip-errors.ts';
import type { ContainerProxy } from '../proxy/proxy.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import { illegalArgument, illegalState, tooManyHops } from './illegal.ts';
import { RequestBase } from './request-base.ts';
import type { ContainerResponse } from './response.ts';

/** How a {@link ContainerRequest} came to be. */
export interface RequestParts {
  readonly kernel: Kernel;
  readonly message: SipRequest;
  readonly session: ContainerSession | undefined;
  /** True for a request that a peer sent. */
  readonly incoming: boolean;
  /** True for a request that was, or will be, dispatched as initial (JSR 289 appendix B). */
  readonly initial: boolean;
  readonly flow?: CoreFlow | undefined;
  readonly transaction?: ServerTransaction | undefined;
  /** Of an ACK or CANCEL: the INVITE it belongs to. */
  readonly invite?: ContainerRequest | undefined;
}

/** What a server application did with a request: nothing yet, proxied it, or answered or relayed it itself. */
export type RequestRole = 'open' | 'proxy' | 'agent';

/** A subsequent request on its way through a record-routing proxy. */
export interface Relay {
  cancel(reason: string | undefined): void;
}

const DEFAULT_MAX_FORWARDS = 70; // RFC 3261 §8.1.1.6

/** The container's `SipServletRequest`. */
export class ContainerRequest extends RequestBase {
  readonly kernel: Kernel;
  readonly incoming: boolean;
  readonly initial: boolean;
  readonly invite: ContainerRequest | undefined;
  /** Undefined only while the router decides. */
  session: ContainerSession | undefined;
  readonly serverTransaction: ServerTransaction | undefined;
  clientTransaction: ClientTransaction | undefined = undefined;
  /** Sent (ours) or being proxied (a peer's). */
  committed = false;
  /** The final status that was sent or received, 0 before; the one atomic that settles CANCEL races. */
  answered = 0;
  /** The application cancelled it before it could leave. */
  cancelled = false;
  /** The application has seen it. */
  delivered = false;
  role: RequestRole = 'open';
  proxy: ContainerProxy | undefined = undefined;
  /** Of a subsequent request that a proxy forwards. */
  relay: Relay | undefined = undefined;
  finalResponse: ContainerResponse | undefined = undefined;
  /** Counterpart on the other leg of a B2BUA. */
  linked: ContainerRequest | undefined = undefined;
  /** Pins this request to a flow (proxy branches). */
  flowToken: string | undefined = undefined;
  poppedRoute: string | undefined = undefined;
  remoteUser: string | undefined = undefined;
  #directive: SipApplicationRoutingDirective = 'NEW';

  constructor(parts: RequestParts) {
    super(parts.message, parts.flow);
    this.kernel = parts.kernel;
    this.session = parts.session;
    this.incoming = parts.incoming;
    this.initial = parts.initial;
    this.serverTransaction = parts.transaction;
    this.invite = parts.invite;
  }

  get partiesMayChange(): boolean {
    return !this.incoming && !this.committed;
  }

  protected get flows(): Kernel['host'] {
    return this.kernel.host;
  }

  getMethod(): string {
    return this.message.method;
  }

  getRequestURI(): URI {
    const { uri } = this.message;
    return uriView(uri, {
      before: () => this.part.assertMutable('changing the Request-URI'),
      after: () => {
        this.message.uri = uri; // the setter forgets the raw text
      },
    });
  }

  setRequestURI(uri: URI): void {
    this.part.assertMutable('setRequestURI');
    this.message.uri = coreUri(uri);
  }

  isInitial(): boolean {
    return this.initial && this.incoming;
  }

  getMaxForwards(): number {
    return this.message.headers.maxForwards ?? DEFAULT_MAX_FORWARDS;
  }

  setMaxForwards(hops: number): void {
    this.part.setHeader('Max-Forwards', String(Math.min(255, Math.max(0, Math.trunc(hops)))));
  }

  createResponse(status: number, reasonPhrase?: string): SipServletResponse {
    const method = this.getMethod();
    if (!this.incoming) throw illegalState(notARequestOfOurs, 'createResponse');
    if (method === 'ACK' || method === 'CANCEL') throw illegalState(noResponseTo, method);
    if (!Number.isInteger(status) || status < 100 || status > 699) throw illegalArgument(badStatus, status);
    if (this.answered !== 0) throw illegalState(alreadyAnswered, method, this.answered);
    return this.kernel.messages.response(this, status, reasonPhrase);
  }

  createCancel(): SipServletRequest {
    if (this.incoming || this.getMethod() !== 'INVITE') throw illegalState(noCancel, `this is a ${this.#kind()}`);
    if (!this.committed) throw illegalState(noCancel, 'it was not sent');
    if (this.answered !== 0) throw illegalState(noCancel, `it has its final response (${this.answered})`);
    return this.kernel.messages.cancel(this);
  }

  getProxy(): Proxy;
  getProxy(create: boolean): Proxy | undefined;
  getProxy(create = true): Proxy | undefined {
    if (this.proxy !== undefined || !create) return this.proxy;
    if (!this.incoming || !this.initial)
      throw illegalState(proxyOrAgent, 'getProxy', 'this is no received initial request');
    if (this.role === 'agent') throw illegalState(proxyOrAgent, 'getProxy', 'the application acts as a user agent');
    if (this.answered !== 0) throw illegalState(alreadyAnswered, this.getMethod(), this.answered);
    if (this.getMaxForwards() === 0) throw tooManyHops(hopsExhausted, this.getMethod()); // RFC 3261 §16.3
    this.role = 'proxy';
    this.proxy = this.kernel.createProxy(this);
    return this.proxy;
  }

  getB2buaHelper(): B2buaHelper {
    if (this.role === 'proxy')
      throw illegalState(proxyOrAgent, 'getB2buaHelper', 'the application proxies this request');
    this.role = 'agent';
    return this.kernel.helper;
  }

  pushRoute(route: SipURI | Address): void {
    if (this.incoming || this.committed) {
      throw illegalState(routeNotPossible, 'pushRoute', this.incoming ? 'it was received' : 'it was sent');
    }
    const text = route instanceof URI ? `<${coreUri(route).toString()}>` : coreAddress(route).toString();
    this.message.headers.prepend('Route', text);
  }

  pushPath(path: Address): void {
    if (this.getMethod() !== 'REGISTER') throw illegalState(routeNotPossible, 'pushPath', 'it is no REGISTER');
    if (this.committed) throw illegalState(committed, 'pushPath');
    this.message.headers.prepend('Path', coreAddress(path).toString());
  }

  getPoppedRoute(): Address | undefined {
    return this.poppedRoute === undefined ? undefined : addressFromText(toApplication(this.poppedRoute));
  }

  getInitialPoppedRoute(): Address | undefined {
    return this.getPoppedRoute();
  }

  getRegion(): SipApplicationRoutingRegion | undefined {
    if (!this.initial) throw illegalState(onlyInitial, 'getRegion');
    return this.session?.getRegion();
  }

  getSubscriberURI(): URI | undefined {
    if (!this.initial) throw illegalState(onlyInitial, 'getSubscriberURI');
    return this.session?.getSubscriberURI();
  }

  getRoutingDirective(): SipApplicationRoutingDirective {
    if (!this.initial) throw illegalState(onlyInitial, 'getRoutingDirective');
    return this.#directive;
  }

  setRoutingDirective(directive: SipApplicationRoutingDirective, originalRequest?: SipServletRequest): void {
    if (!this.initial || this.incoming || this.committed) throw illegalState(onlyInitial, 'setRoutingDirective');
    if (directive !== 'NEW' && originalRequest?.isInitial() !== true)
      throw illegalState(onlyInitial, 'setRoutingDirective');
    this.#directive = directive;
  }

  addAuthHeader(challengeResponse: SipServletResponse, authInfo: AuthInfo): void;
  addAuthHeader(challengeResponse: SipServletResponse, username: string, password: string): void;
  addAuthHeader(response: SipServletResponse, first: AuthInfo | string, password?: string): void {
    this.part.assertMutable('addAuthHeader');
    this.kernel.messages.authenticate(this, response, first, password);
  }

  isCommitted(): boolean {
    return this.committed || this.answered !== 0;
  }

  getSession(): SipSession;
  getSession(create: boolean): SipSession | undefined;
  getSession(create = true): SipSession | undefined {
    if (this.session === undefined && create)
      throw illegalState(notInThisRelease, 'getSession', 'the router decides still');
    return this.session;
  }

  getApplicationSession(): SipApplicationSession;
  getApplicationSession(create: boolean): SipApplicationSession | undefined;
  getApplicationSession(create = true): SipApplicationSession | undefined {
    return this.getSession(create)?.getApplicationSession();
  }

  getRemoteUser(): string | undefined {
    return this.remoteUser;
  }

  send(): Promise<void> {
    const method = this.getMethod();
    if (this.incoming) throw illegalState(notSendable, method);
    if (this.isCommitted()) throw illegalState(committed, 'send');
    const session = this.requireSession();
    if (!session.isValid()) throw illegalState(sessionInvalid, 'send', session.data.id);
    return this.kernel.outbound.sendRequest(this, session);
  }

  toString(): string {
    const { headers } = this.message;
    const text = `${this.getMethod()} ${this.message.uriText} ${headers.get('CSeq') ?? ''} ${headers.callId ?? ''}`;
    return toApplication(text);
  }

  /** The session; only the router sees a request without one. */
  requireSession(): ContainerSession {
    if (this.session === undefined) throw illegalState(notInThisRelease, 'getSession', 'the router decides still');
    return this.session;
  }

  /** Its transaction lives on in the engine for 32 s; what is finished here need not live on with it. */
  detach(): void {
    if (this.serverTransaction !== undefined) this.serverTransaction.owner = undefined;
    if (this.clientTransaction !== undefined) this.clientTransaction.owner = undefined;
  }

  #kind(): string {
    return `${this.incoming ? 'received' : 'sent'} ${this.getMethod()}`;
  }
}
