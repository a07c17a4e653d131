import type { SipApplicationSession } from './application-session.ts';
import type { ServletContext, SipServletContext } from './context.ts';
import type { Flow } from './flow.ts';
import type { HttpSession } from './http/http-session.ts';
import type { GenericServlet } from './generic-servlet.ts';
import type { SipServletRequest } from './request.ts';
import type { SipServletResponse } from './response.ts';
import type { SipSession } from './session.ts';

/** Something happened to a SIP session. */
export class SipSessionEvent {
  readonly #session: SipSession;

  constructor(session: SipSession) {
    this.#session = session;
  }

  getSession(): SipSession {
    return this.#session;
  }
}

/** An attribute of a SIP session was added, removed or replaced. */
export class SipSessionBindingEvent extends SipSessionEvent {
  readonly #name: string;

  constructor(session: SipSession, name: string) {
    super(session);
    this.#name = name;
  }

  getName(): string {
    return this.#name;
  }
}

/** Something happened to an application session. */
export class SipApplicationSessionEvent {
  readonly #applicationSession: SipApplicationSession;

  constructor(applicationSession: SipApplicationSession) {
    this.#applicationSession = applicationSession;
  }

  getApplicationSession(): SipApplicationSession {
    return this.#applicationSession;
  }
}

/** An attribute of an application session was added, removed or replaced. */
export class SipApplicationSessionBindingEvent extends SipApplicationSessionEvent {
  readonly #name: string;

  constructor(applicationSession: SipApplicationSession, name: string) {
    super(applicationSession);
    this.#name = name;
  }

  getName(): string {
    return this.#name;
  }
}

/** An ACK or PRACK did not arrive. */
export class SipErrorEvent {
  readonly #request: SipServletRequest;
  readonly #response: SipServletResponse;

  constructor(request: SipServletRequest, response: SipServletResponse) {
    this.#request = request;
    this.#response = response;
  }

  getRequest(): SipServletRequest {
    return this.#request;
  }

  getResponse(): SipServletResponse {
    return this.#response;
  }
}

/** A servlet of a SIP application has been initialised. */
export class SipServletContextEvent {
  readonly #context: SipServletContext;
  readonly #servlet: GenericServlet;

  constructor(context: SipServletContext, servlet: GenericServlet) {
    this.#context = context;
    this.#servlet = servlet;
  }

  getServletContext(): SipServletContext {
    return this.#context;
  }

  getSipServlet(): GenericServlet {
    return this.#servlet;
  }
}

/** The socket of a flow has closed. */
export class FlowEvent {
  readonly #flow: Flow;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  getFlow(): Flow {
    return this.#flow;
  }
}

/** An application starts or stops. */
export class ServletContextEvent {
  readonly #context: ServletContext;

  constructor(context: ServletContext) {
    this.#context = context;
  }

  getServletContext(): ServletContext {
    return this.#context;
  }
}

/** Something happened to an HTTP session. */
export class HttpSessionEvent {
  readonly #session: HttpSession;

  constructor(session: HttpSession) {
    this.#session = session;
  }

  getSession(): HttpSession {
    return this.#session;
  }
}
