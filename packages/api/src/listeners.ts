import type {
  FlowEvent,
  HttpSessionEvent,
  ServletContextEvent,
  SipApplicationSessionBindingEvent,
  SipApplicationSessionEvent,
  SipErrorEvent,
  SipServletContextEvent,
  SipSessionBindingEvent,
  SipSessionEvent,
} from './events.ts';
import type { ServletTimer } from './timer.ts';

/** Hears about the life of SIP sessions. */
export abstract class SipSessionListener {
  abstract sessionCreated(event: SipSessionEvent): void | Promise<void>;
  abstract sessionDestroyed(event: SipSessionEvent): void | Promise<void>;
  /** The last chance to call `setInvalidateWhenReady(false)`. */
  abstract sessionReadyToInvalidate(event: SipSessionEvent): void | Promise<void>;
}

/** Hears about the life of application sessions. */
export abstract class SipApplicationSessionListener {
  abstract sessionCreated(event: SipApplicationSessionEvent): void | Promise<void>;
  abstract sessionDestroyed(event: SipApplicationSessionEvent): void | Promise<void>;
  /** The session has expired; `setExpires` here keeps it alive. */
  abstract sessionExpired(event: SipApplicationSessionEvent): void | Promise<void>;
  abstract sessionReadyToInvalidate(event: SipApplicationSessionEvent): void | Promise<void>;
}

/** Hears about attributes of SIP sessions. */
export abstract class SipSessionAttributeListener {
  abstract attributeAdded(event: SipSessionBindingEvent): void | Promise<void>;
  abstract attributeRemoved(event: SipSessionBindingEvent): void | Promise<void>;
  abstract attributeReplaced(event: SipSessionBindingEvent): void | Promise<void>;
}

/** Hears about attributes of application sessions. */
export abstract class SipApplicationSessionAttributeListener {
  abstract attributeAdded(event: SipApplicationSessionBindingEvent): void | Promise<void>;
  abstract attributeRemoved(event: SipApplicationSessionBindingEvent): void | Promise<void>;
  abstract attributeReplaced(event: SipApplicationSessionBindingEvent): void | Promise<void>;
}

/** Hears about acknowledgements that never came. */
export abstract class SipErrorListener {
  /** No ACK within 64*T1 after a 2xx (RFC 3261 §13.3.1.4). */
  abstract noAckReceived(event: SipErrorEvent): void | Promise<void>;
  /** No PRACK within 64*T1 after a reliable provisional response (RFC 3262 §3). */
  abstract noPrackReceived(event: SipErrorEvent): void | Promise<void>;
}

/** Hears, for each servlet, that the application is up: the place to start calls from. */
export abstract class SipServletListener {
  abstract servletInitialized(event: SipServletContextEvent): void | Promise<void>;
}

/** Hears timers fire; at most one per application. */
export abstract class TimerListener {
  abstract timeout(timer: ServletTimer): void | Promise<void>;
}

/** Hears that the socket of a flow has closed; an addition to the JSR. */
export abstract class FlowListener {
  abstract flowClosed(event: FlowEvent): void | Promise<void>;
}

/** Hears an application start, before its servlets, and stop, after them. */
export abstract class ServletContextListener {
  abstract contextInitialized(event: ServletContextEvent): void | Promise<void>;
  abstract contextDestroyed(event: ServletContextEvent): void | Promise<void>;
}

/** Hears about the life of HTTP sessions. */
export abstract class HttpSessionListener {
  abstract sessionCreated(event: HttpSessionEvent): void | Promise<void>;
  abstract sessionDestroyed(event: HttpSessionEvent): void | Promise<void>;
}

/** The listener nouns by name, with the shape of each. */
export interface ListenerKinds {
  SipSessionListener: SipSessionListener;
  SipApplicationSessionListener: SipApplicationSessionListener;
  SipSessionAttributeListener: SipSessionAttributeListener;
  SipApplicationSessionAttributeListener: SipApplicationSessionAttributeListener;
  SipErrorListener: SipErrorListener;
  SipServletListener: SipServletListener;
  TimerListener: TimerListener;
  FlowListener: FlowListener;
  ServletContextListener: ServletContextListener;
  HttpSessionListener: HttpSessionListener;
}

/** The name of a listener noun. */
export type ListenerKind = keyof ListenerKinds;

/** A listener noun used as a token, as in `@SipListener(SipSessionListener)`. */
export type ListenerToken = abstract new () => ListenerKinds[ListenerKind];

/** One row of {@link LISTENER_KINDS}. */
export interface ListenerKindInfo {
  readonly token: ListenerToken;
  /** The methods a class of this kind must have. */
  readonly methods: readonly string[];
  /** Which decorator declares it: `@SipListener` or `@WebListener`. */
  readonly side: 'sip' | 'web';
}

/** Every listener noun with its token and methods. */
export const LISTENER_KINDS: { readonly [K in ListenerKind]: ListenerKindInfo } = Object.freeze({
  SipSessionListener: {
    token: SipSessionListener,
    methods: ['sessionCreated', 'sessionDestroyed', 'sessionReadyToInvalidate'],
    side: 'sip',
  },
  SipApplicationSessionListener: {
    token: SipApplicationSessionListener,
    methods: ['sessionCreated', 'sessionDestroyed', 'sessionExpired', 'sessionReadyToInvalidate'],
    side: 'sip',
  },
  SipSessionAttributeListener: {
    token: SipSessionAttributeListener,
    methods: ['attributeAdded', 'attributeRemoved', 'attributeReplaced'],
    side: 'sip',
  },
  SipApplicationSessionAttributeListener: {
    token: SipApplicationSessionAttributeListener,
    methods: ['attributeAdded', 'attributeRemoved', 'attributeReplaced'],
    side: 'sip',
  },
  SipErrorListener: { token: SipErrorListener, methods: ['noAckReceived', 'noPrackReceived'], side: 'sip' },
  SipServletListener: { token: SipServletListener, methods: ['servletInitialized'], side: 'sip' },
  TimerListener: { token: TimerListener, methods: ['timeout'], side: 'sip' },
  FlowListener: { token: FlowListener, methods: ['flowClosed'], side: 'sip' },
  ServletContextListener: {
    token: ServletContextListener,
    methods: ['contextInitialized', 'contextDestroyed'],
    side: 'web',
  },
  HttpSessionListener: { token: HttpSessionListener, methods: ['sessionCreated', 'sessionDestroyed'], side: 'web' },
});
