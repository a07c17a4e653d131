import type { Ms } from '../codec.ts';
import { ARGUMENT, SipError } from '../errors.ts';

/** The base timers of RFC 3261 §17.1.1.1; per engine, never global. */
export interface TimerConfig {
  /** Round-trip estimate, 500 ms. */
  readonly t1: Ms;
  /** Longest interval between retransmissions, 4 s. */
  readonly t2: Ms;
  /** Life of a message in the network, 5 s. */
  readonly t4: Ms;
  /** Wait for retransmitted final responses, at least 32 s. */
  readonly timerD: Ms;
}

/** RFC 3261 table 4 and RFC 6026, derived once. */
export interface Timers extends TimerConfig {
  /** Timers B, F, H, J, L, M and the wait for ACK. */
  readonly t64: Ms;
  /** RFC 3261 §17.2.1: 100 by ourselves after this time. */
  readonly tryingInvite: Ms;
  /** RFC 4320 §4.1: 100 to a non-INVITE once its Timer E has reached T2. */
  readonly tryingOther: Ms;
}

const TRYING_INVITE = 200; // RFC 3261 §17.2.1

/** Fills in the defaults. @throws SIP_ERR_ARGUMENT unless every timer is above 0 */
export function deriveTimers(config: Partial<TimerConfig> = {}): Timers {
  const t1 = config.t1 ?? 500;
  const t2 = config.t2 ?? 4000;
  const t4 = config.t4 ?? 5000;
  const timerD = config.timerD ?? 32_000;
  for (const value of [t1, t2, t4, timerD]) {
    if (!(value > 0) || !Number.isFinite(value)) throw new SipError(ARGUMENT, 'timers are above 0 ms');
  }
  let tryingOther = 0;
  for (let interval = t1; interval < t2; interval *= 2) tryingOther += interval;
  return { t1, t2, t4, timerD, t64: 64 * t1, tryingInvite: TRYING_INVITE, tryingOther: Math.max(tryingOther, t1) };
}
