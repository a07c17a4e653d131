import type { ServletConfig, SipServletContext } from './context.ts';
import { ERRORS, formatMessage, IllegalStateError } from './errors.ts';

let bind: (servlet: GenericServlet, config: ServletConfig) => void;

/** What SIP and HTTP servlets have in common. */
export abstract class GenericServlet {
  #config: ServletConfig | undefined;

  static {
    bind = (servlet: GenericServlet, config: ServletConfig): void => {
      servlet.#config = config;
    };
  }

  /** Called once before the first message; overriding needs no call of `super.init`. */
  init(config?: ServletConfig): void | Promise<void> {
    if (config !== undefined) this.#config = config;
  }

  /** Called once when the application stops. */
  destroy(): void | Promise<void> {}

  /** The servlet's configuration. @throws {IllegalStateError} API_ERR_NOT_INITIALIZED — before init, for instance in the constructor. */
  getServletConfig(): ServletConfig {
    if (this.#config === undefined) {
      throw new IllegalStateError(
        'API_ERR_NOT_INITIALIZED',
        formatMessage(ERRORS.API_ERR_NOT_INITIALIZED.message, this.constructor.name),
      );
    }
    return this.#config;
  }

  /** The application's context. @throws {IllegalStateError} API_ERR_NOT_INITIALIZED — before init. */
  getServletContext(): SipServletContext {
    return this.getServletConfig().getServletContext();
  }

  getServletName(): string {
    return this.getServletConfig().getServletName();
  }

  /** A parameter of this servlet. */
  getInitParameter(name: string): string | undefined {
    return this.getServletConfig().getInitParameter(name);
  }

  getInitParameterNames(): IterableIterator<string> {
    return this.getServletConfig().getInitParameterNames();
  }

  /** Writes to the application's log. */
  log(message: string, cause?: unknown): void {
    this.getServletContext().log(message, cause);
  }
}

/** Gives a servlet its configuration; the container calls it before `init(config)`. @internal */
export function bindServletConfig(servlet: GenericServlet, config: ServletConfig): void {
  bind(servlet, config);
}
