import type { AttributeInput, AttributeName, AttributeValue, ServletContextAttributes } from './attributes.ts';
import type { Flow } from './flow.ts';
import type { HttpServletRequest } from './http/http-request.ts';
import type { HttpServletResponse } from './http/http-response.ts';
import type { SipServletRequest } from './request.ts';
import type { SipServletResponse } from './response.ts';

/** What the servlets of one application share. */
export abstract class ServletContext {
  abstract getAttribute<K extends AttributeName<ServletContextAttributes>>(
    name: K,
  ): AttributeValue<ServletContextAttributes, K>;
  abstract setAttribute<K extends AttributeName<ServletContextAttributes>>(
    name: K,
    value: AttributeInput<ServletContextAttributes, K>,
  ): void;
  abstract removeAttribute(name: AttributeName<ServletContextAttributes>): void;
  abstract getAttributeNames(): IterableIterator<string>;
  /** A context parameter of the application. */
  abstract getInitParameter(name: string): string | undefined;
  abstract getInitParameterNames(): IterableIterator<string>;
  /** The path prefix of the application's web part, `''` at the root. */
  abstract getContextPath(): string;
  /** The application's display name, else its name. */
  abstract getServletContextName(): string;
  /** A dispatcher to the servlet of that name, `undefined` when there is none. */
  abstract getNamedDispatcher(servletName: string): RequestDispatcher | undefined;
  /** Writes to the application's log. */
  abstract log(message: string, cause?: unknown): void;
}

/** The context of a SIP application, with what JSR 359 adds. */
export abstract class SipServletContext extends ServletContext {
  /** A live flow by its token, `undefined` when it has gone. */
  abstract getFlow(token: string): Flow | undefined;
}

/** The configuration of one servlet. */
export abstract class ServletConfig {
  abstract getServletName(): string;
  abstract getServletContext(): SipServletContext;
  abstract getInitParameter(name: string): string | undefined;
  abstract getInitParameterNames(): IterableIterator<string>;
}

/** Hands a message over to another servlet of the same application. */
export abstract class RequestDispatcher {
  /** Calls the other servlet with this message; settles when it has finished. */
  abstract forward(request: SipServletRequest | undefined, response: SipServletResponse | undefined): Promise<void>;
  abstract forward(request: HttpServletRequest, response: HttpServletResponse): Promise<void>;
}
