import {
  IllegalArgumentError,
  IllegalStateError,
  ServletError,
  ServletParseError,
  TooManyHopsError,
} from '@siplet/api';
import type { ErrorFactory } from '../errors.ts';

/** An {@link IllegalStateError} with a code of the container's catalogue. */
export function illegalState(error: ErrorFactory, ...args: readonly unknown[]): IllegalStateError {
  return new IllegalStateError(error.code, error.text(...args));
}

/** An {@link IllegalArgumentError} with a code of the container's catalogue. */
export function illegalArgument(error: ErrorFactory, ...args: readonly unknown[]): IllegalArgumentError {
  return new IllegalArgumentError(error.code, error.text(...args));
}

/** A {@link ServletParseError} with a code of the container's catalogue. */
export function parseError(error: ErrorFactory, cause: unknown, ...args: readonly unknown[]): ServletParseError {
  return new ServletParseError(error.code, error.text(...args), { cause });
}

/** A {@link ServletError} with a code of the container's catalogue. */
export function servletError(error: ErrorFactory, ...args: readonly unknown[]): ServletError {
  return new ServletError(error.code, error.text(...args));
}

/** A {@link TooManyHopsError} with a code of the container's catalogue. */
export function tooManyHops(error: ErrorFactory, ...args: readonly unknown[]): TooManyHopsError {
  return new TooManyHopsError(error.code, error.text(...args), { status: 483 });
}
