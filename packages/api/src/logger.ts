/** The application's log, shaped like pino's; inject it with `@Resource() declare readonly logger: Logger`. */
export abstract class Logger {
  /** Writes one line; the first form adds fields to it. */
  abstract trace(fields: object, message?: string): void;
  abstract trace(message: string): void;
  abstract debug(fields: object, message?: string): void;
  abstract debug(message: string): void;
  abstract info(fields: object, message?: string): void;
  abstract info(message: string): void;
  abstract warn(fields: object, message?: string): void;
  abstract warn(message: string): void;
  abstract error(fields: object, message?: string): void;
  abstract error(message: string): void;
  abstract fatal(fields: object, message?: string): void;
  abstract fatal(message: string): void;
  /** A log that adds these fields to every line. */
  abstract child(fields: Readonly<Record<string, unknown>>): Logger;
}
