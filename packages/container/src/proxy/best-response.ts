import type { SipResponse } from '@siplet/sip';

/** One branch's final response; `local` when it was made here (408, 503). */
export interface Candidate {
  readonly message: SipResponse;
  readonly local: boolean;
}

/** 4xx responses that tell the caller how to do better come first (RFC 3261 §16.7 step 6). */
const HELPFUL = [401, 407, 415, 420, 484];
const CHALLENGES = ['WWW-Authenticate', 'Proxy-Authenticate'];

/** The best final response (RFC 3261 §16.7 step 6): any 6xx, else the lowest class, in it the helpful ones. */
export function bestOf<C extends Candidate>(candidates: readonly C[]): C | undefined {
  let best: C | undefined;
  for (const candidate of candidates) {
    if (best === undefined || rank(candidate.message.status) < rank(best.message.status)) best = candidate;
  }
  return best;
}

function rank(status: number): number {
  if (status >= 600) return 0;
  const klass = Math.floor(status / 100) * 1000;
  const helpful = HELPFUL.indexOf(status);
  if (helpful !== -1) return klass + helpful;
  if (status === 503) return klass + 900; // another 5xx says more
  return klass + 100 + (status % 100);
}

/** Adds the challenges of all 401 and 407 to the chosen one (RFC 3261 §16.7 step 7). */
export function mergeChallenges(best: SipResponse, all: readonly Candidate[]): void {
  if (best.status !== 401 && best.status !== 407) return;
  for (const { message } of all) {
    if (message === best || (message.status !== 401 && message.status !== 407)) continue;
    for (const name of CHALLENGES) for (const value of message.headers.getAll(name)) best.headers.add(name, value);
  }
}
