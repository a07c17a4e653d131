/** Writes one line: fields and text, or text alone (pino's shape). */
export interface LogFunction {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** What the container writes to, and what `@Resource() logger: Logger` injects; a pino logger fits. */
export abstract class Logger {
  abstract level: string;
  abstract trace: LogFunction;
  abstract debug: LogFunction;
  abstract info: LogFunction;
  abstract warn: LogFunction;
  abstract error: LogFunction;
  abstract fatal: LogFunction;
  /** A logger that adds these fields to each line. */
  abstract child(bindings: Record<string, unknown>): Logger;
}
