import { GenericServlet } from '../generic-servlet.ts';
import type { HttpServletRequest } from './http-request.ts';
import type { HttpServletResponse } from './http-response.ts';

type HttpHandler = 'doGet' | 'doPost' | 'doPut' | 'doDelete' | 'doPatch' | 'doHead' | 'doOptions';

/** The base class of HTTP servlets: override the `do…` methods of what the application handles. */
export abstract class HttpServlet extends GenericServlet {
  /** Entry point for every request. */
  service(request: HttpServletRequest, response: HttpServletResponse): void | Promise<void> {
    const handler = HTTP_HANDLERS.get(request.getMethod());
    return handler === undefined
      ? response.sendError(501, `Method ${request.getMethod()} is not implemented`)
      : this[handler](request, response);
  }

  /** Handles GET; unless overridden it is answered 405. */
  protected doGet(_request: HttpServletRequest, response: HttpServletResponse): void | Promise<void> {
    this.#notAllowed(response);
  }

  /** Handles POST; unless overridden it is answered 405. */
  protected doPost(_request: HttpServletRequest, response: HttpServletResponse): void | Promise<void> {
    this.#notAllowed(response);
  }

  /** Handles PUT; unless overridden it is answered 405. */
  protected doPut(_request: HttpServletRequest, response: HttpServletResponse): void | Promise<void> {
    this.#notAllowed(response);
  }

  /** Handles DELETE; unless overridden it is answered 405. */
  protected doDelete(_request: HttpServletRequest, response: HttpServletResponse): void | Promise<void> {
    this.#notAllowed(response);
  }

  /** Handles PATCH; unless overridden it is answered 405. */
  protected doPatch(_request: HttpServletRequest, response: HttpServletResponse): void | Promise<void> {
    this.#notAllowed(response);
  }

  /** Handles HEAD; unless overridden it runs doGet, and the container leaves the body away. */
  protected doHead(request: HttpServletRequest, response: HttpServletResponse): void | Promise<void> {
    return this.doGet(request, response);
  }

  /** Handles OPTIONS; unless overridden it answers with the methods that are handled. */
  protected doOptions(_request: HttpServletRequest, response: HttpServletResponse): void | Promise<void> {
    response.setStatus(204);
    response.setHeader('Allow', this.#allowedMethods());
  }

  #notAllowed(response: HttpServletResponse): void {
    response.setHeader('Allow', this.#allowedMethods());
    response.sendError(405);
  }

  #allowedMethods(): string {
    const allowed = ['OPTIONS'];
    for (const [method, handler] of HTTP_HANDLERS) {
      if (method !== 'OPTIONS' && this[handler] !== HttpServlet.prototype[handler]) allowed.push(method);
    }
    if (allowed.includes('GET') && !allowed.includes('HEAD')) allowed.push('HEAD');
    return allowed.join(', ');
  }
}

const HTTP_HANDLERS: ReadonlyMap<string, HttpHandler> = new Map([
  ['GET', 'doGet'],
  ['POST', 'doPost'],
  ['PUT', 'doPut'],
  ['DELETE', 'doDelete'],
  ['PATCH', 'doPatch'],
  ['HEAD', 'doHead'],
  ['OPTIONS', 'doOptions'],
]);
