import { TestingError } from './errors.ts';

/** A span of time: milliseconds, or a text with a unit. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/**
 * Converts a duration to milliseconds.
 * @throws {TestingError} TST_ERR_DURATION
 */
export function toMs(duration: Duration): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return duration;
    throw new TestingError('TST_ERR_DURATION', String(duration));
  }
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  const factor = UNITS.get(match?.[2] ?? '');
  if (factor === undefined) throw new TestingError('TST_ERR_DURATION', String(duration));
  return Number(match?.[1]) * factor;
}
