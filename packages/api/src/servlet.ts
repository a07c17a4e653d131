import { GenericServlet } from './generic-servlet.ts';
import type { SipServletRequest } from './request.ts';
import { SipServletResponse } from './response.ts';

/** The base class of SIP servlets: override the `do…` methods of what the application handles. */
export abstract class SipServlet extends GenericServlet {
  /** Entry point for every message: exactly one of the two is defined. */
  service(request: SipServletRequest | undefined, response: SipServletResponse | undefined): void | Promise<void> {
    if (request !== undefined) return this.doRequest(request);
    if (response === undefined) return undefined;
    // JSR 289 §10.2.4: branch responses are dispatched here, beside doResponse.
    return response.isBranchResponse() ? this.doBranchResponse(response) : this.doResponse(response);
  }

  /** Calls the `do…` method of the request's method; methods without one are answered 501. */
  protected doRequest(request: SipServletRequest): void | Promise<void> {
    const handler = REQUEST_HANDLERS.get(request.getMethod());
    return handler === undefined ? refuse(request, SipServletResponse.SC_NOT_IMPLEMENTED) : this[handler](request);
  }

  /** Calls the `do…` method of the response's class. */
  protected doResponse(response: SipServletResponse): void | Promise<void> {
    const status = response.getStatus();
    if (status < 200) return this.doProvisionalResponse(response);
    if (status < 300) return this.doSuccessResponse(response);
    if (status < 400) return this.doRedirectResponse(response);
    return this.doErrorResponse(response);
  }

  /** Handles INVITE; unless overridden it is answered 405. */
  protected doInvite(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Hears the ACK to a 2xx; does nothing unless overridden. */
  protected doAck(_request: SipServletRequest): void | Promise<void> {}

  /** Handles OPTIONS; unless overridden it is answered 405. */
  protected doOptions(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles BYE; unless overridden it is answered 405. */
  protected doBye(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Hears that an INVITE was cancelled; the container has answered both already. */
  protected doCancel(_request: SipServletRequest): void | Promise<void> {}

  /** Handles REGISTER; unless overridden it is answered 405. */
  protected doRegister(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles SUBSCRIBE; unless overridden it is answered 405. */
  protected doSubscribe(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles NOTIFY; unless overridden it is answered 405. */
  protected doNotify(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles MESSAGE; unless overridden it is answered 405. */
  protected doMessage(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles INFO; unless overridden it is answered 405. */
  protected doInfo(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles PRACK; unless overridden it is answered 405. */
  protected doPrack(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles UPDATE; unless overridden it is answered 405. */
  protected doUpdate(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles REFER; unless overridden it is answered 405. */
  protected doRefer(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Handles PUBLISH; unless overridden it is answered 405. */
  protected doPublish(request: SipServletRequest): void | Promise<void> {
    return this.#notAllowed(request);
  }

  /** Hears a 1xx; does nothing unless overridden. */
  protected doProvisionalResponse(_response: SipServletResponse): void | Promise<void> {}

  /** Hears a 2xx; does nothing unless overridden. */
  protected doSuccessResponse(_response: SipServletResponse): void | Promise<void> {}

  /** Hears a 3xx; does nothing unless overridden. */
  protected doRedirectResponse(_response: SipServletResponse): void | Promise<void> {}

  /** Hears a 4xx, 5xx or 6xx; does nothing unless overridden. */
  protected doErrorResponse(_response: SipServletResponse): void | Promise<void> {}

  /** Hears the final response of one proxy branch; does nothing unless overridden. */
  protected doBranchResponse(_response: SipServletResponse): void | Promise<void> {}

  // RFC 3261 §8.2.1: a known method that is not handled gets 405 and an Allow header.
  #notAllowed(request: SipServletRequest): void | Promise<void> {
    return refuse(request, SipServletResponse.SC_METHOD_NOT_ALLOWED, this.#allowedMethods());
  }

  #allowedMethods(): string {
    const allowed: string[] = [];
    for (const [method, handler] of REQUEST_HANDLERS) {
      if (this[handler] !== SipServlet.prototype[handler]) allowed.push(method);
    }
    // ACK and CANCEL come with INVITE, whether the servlet looks at them or not.
    if (allowed.includes('INVITE')) allowed.push(...['ACK', 'CANCEL'].filter((method) => !allowed.includes(method)));
    return allowed.join(', ');
  }
}

function refuse(request: SipServletRequest, status: number, allow?: string): void | Promise<void> {
  // An ACK is never answered, and `super.doInvite(request)` after an answer must not answer twice.
  if (request.isCommitted() || request.getMethod() === 'ACK') return undefined;
  const response = request.createResponse(status);
  if (allow !== undefined) response.setHeader('Allow', allow);
  return response.send();
}

type RequestHandler =
  | 'doInvite'
  | 'doAck'
  | 'doOptions'
  | 'doBye'
  | 'doCancel'
  | 'doRegister'
  | 'doSubscribe'
  | 'doNotify'
  | 'doMessage'
  | 'doInfo'
  | 'doPrack'
  | 'doUpdate'
  | 'doRefer'
  | 'doPublish';

const REQUEST_HANDLERS: ReadonlyMap<string, RequestHandler> = new Map([
  ['INVITE', 'doInvite'],
  ['ACK', 'doAck'],
  ['OPTIONS', 'doOptions'],
  ['BYE', 'doBye'],
  ['CANCEL', 'doCancel'],
  ['REGISTER', 'doRegister'],
  ['SUBSCRIBE', 'doSubscribe'],
  ['NOTIFY', 'doNotify'],
  ['MESSAGE', 'doMessage'],
  ['INFO', 'doInfo'],
  ['PRACK', 'doPrack'],
  ['UPDATE', 'doUpdate'],
  ['REFER', 'doRefer'],
  ['PUBLISH', 'doPublish'],
]);
