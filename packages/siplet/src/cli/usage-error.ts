/** A mistake on the command line or in the configuration: one line, exit code 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
