import type { ListenerKind } from '@siplet/api';
import { listenerThrew } from '../errors.ts';
import type { Logger } from '../logging.ts';

type Callback = (event: unknown) => unknown;

/** The listeners of one application, called in order of declaration; a throw is logged and stops nothing. */
export class ListenerRegistry {
  readonly #application: string;
  readonly #logger: Logger;
  readonly #listeners = new Map<ListenerKind, object[]>();

  constructor(application: string, logger: Logger) {
    this.#application = application;
    this.#logger = logger;
  }

  /** Adds a listener; the same object twice under one kind is called once. */
  add(kind: ListenerKind, listener: object): void {
    const listeners = this.#listeners.get(kind);
    if (listeners === undefined) this.#listeners.set(kind, [listener]);
    else if (!listeners.includes(listener)) listeners.push(listener);
  }

  /** Whether any listener of this kind exists, so that no event object is made for nobody. */
  has(kind: ListenerKind): boolean {
    return this.#listeners.has(kind);
  }

  /** The listeners of a kind in order of declaration. */
  all(kind: ListenerKind): readonly object[] {
    return this.#listeners.get(kind) ?? [];
  }

  /** Calls `method` of each listener of `kind`; a promise only when one of them returned a promise. Never throws. */
  fire(kind: ListenerKind, method: string, event: unknown): void | Promise<void> {
    const listeners = this.#listeners.get(kind);
    if (listeners === undefined) return;
    return this.#callFrom(listeners, 0, kind, method, event);
  }

  #callFrom(
    listeners: readonly object[],
    from: number,
    kind: ListenerKind,
    method: string,
    event: unknown,
  ): void | Promise<void> {
    for (const [offset, listener] of listeners.slice(from).entries()) {
      const callback = (listener as Readonly<Record<string, unknown>>)[method];
      if (typeof callback !== 'function') continue;
      try {
        const result = (callback as Callback).call(listener, event);
        if (result instanceof Promise) {
          return result
            .catch((error: unknown) => this.#failed(error, listener, kind, method))
            .then(() => this.#callFrom(listeners, from + offset + 1, kind, method, event));
        }
      } catch (error) {
        this.#failed(error, listener, kind, method);
      }
    }
  }

  #failed(cause: unknown, listener: object, kind: ListenerKind, method: string): void {
    const text = cause instanceof Error ? cause.message : String(cause);
    const error = listenerThrew.because(cause, listener.constructor.name, method, this.#application, text);
    this.#logger.error({ err: cause, code: error.code, kind }, error.message);
  }
}
