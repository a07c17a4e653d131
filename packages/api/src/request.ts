import type { Address, SipURI, URI } from './address.ts';
import type { B2buaHelper } from './b2bua.ts';
import type { AuthInfo } from './factory.ts';
import { SipServletMessage } from './message.ts';
import type { Proxy } from './proxy.ts';
import type { SipServletResponse } from './response.ts';
import type { SipApplicationRoutingDirective, SipApplicationRoutingRegion } from './router.ts';

/** A SIP request. */
export abstract class SipServletRequest extends SipServletMessage {
  abstract getRequestURI(): URI;
  abstract setRequestURI(uri: URI): void;
  /** True for a request that was dispatched as initial (JSR 289 Appendix B). */
  abstract isInitial(): boolean;
  abstract getMaxForwards(): number;
  abstract setMaxForwards(hops: number): void;

  /** A response to this request. @throws {IllegalStateError} after a final response. */
  abstract createResponse(status: number, reasonPhrase?: string): SipServletResponse;
  /** A CANCEL for this INVITE. @throws {IllegalStateError} for other methods and after a final response. */
  abstract createCancel(): SipServletRequest;

  /** The proxy of this request, made on first use. @throws {TooManyHopsError} with Max-Forwards 0. @throws {IllegalStateError} after acting as user agent. */
  abstract getProxy(): Proxy;
  abstract getProxy(create: boolean): Proxy | undefined;
  /** The back-to-back helper. @throws {IllegalStateError} after getProxy. */
  abstract getB2buaHelper(): B2buaHelper;

  /** Puts a Route on top of the request. @throws {IllegalStateError} on a received or committed request. */
  abstract pushRoute(route: SipURI | Address): void;
  /** Puts a Path on top of a REGISTER. @throws {IllegalStateError} on other methods. */
  abstract pushPath(path: Address): void;
  /** The Route the container removed because it pointed here, `undefined` when there was none. */
  abstract getPoppedRoute(): Address | undefined;
  /** The first Route removed when the request entered this container. */
  abstract getInitialPoppedRoute(): Address | undefined;

  /** The region in which the application was called. @throws {IllegalStateError} on a subsequent request. */
  abstract getRegion(): SipApplicationRoutingRegion | undefined;
  /** The subscriber on whose behalf the application was called. @throws {IllegalStateError} on a subsequent request. */
  abstract getSubscriberURI(): URI | undefined;
  /** How this request relates to an earlier one. @throws {IllegalStateError} on a subsequent request. */
  abstract getRoutingDirective(): SipApplicationRoutingDirective;
  /** Says how this new request relates to `originalRequest`, which CONTINUE and REVERSE need. */
  abstract setRoutingDirective(directive: SipApplicationRoutingDirective, originalRequest?: SipServletRequest): void;

  /** Answers the challenges of a 401 or 407 with the credentials of an {@link AuthInfo}. */
  abstract addAuthHeader(challengeResponse: SipServletResponse, authInfo: AuthInfo): void;
  /** Answers the challenges of a 401 or 407 with one user and password. */
  abstract addAuthHeader(challengeResponse: SipServletResponse, username: string, password: string): void;
}
