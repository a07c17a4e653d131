/** Whether a handler's result has to be waited for. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Calls `next` with the value, at once when it is not a promise; so that synchronous handlers cost no promise. */
export function chain<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPromise(value) ? (value as Promise<T>).then(next) : next(value as T);
}

/** Runs the steps one after another; a promise only when a step returns one. */
export function sequence(steps: readonly (() => void | Promise<void>)[], from = 0): void | Promise<void> {
  for (let i = from; i < steps.length; i++) {
    const result = steps[i]?.();
    if (isPromise(result)) return result.then(() => sequence(steps, i + 1));
  }
}
