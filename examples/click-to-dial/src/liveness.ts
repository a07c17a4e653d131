// A phone that loses its power says nothing. During a call each phone is asked from time to time whether it is still there.
import type { SipApplicationSession, SipServletResponse, SipSession } from 'siplet';
import { type Call, legOf, type Side } from './call.ts';

/** How often, in milliseconds. */
export const PROBE_MS = 60_000;

const GONE = new Set([408, 481, 503]);

/** Asks both phones of a call with OPTIONS (RFC 3261 §11), each one unless its last answer is still missing. */
export function probe(session: SipApplicationSession, call: Call): void {
  for (const side of ['first', 'second'] as const) {
    const leg = session.getSipSession(legOf(call, side).sessionId ?? '');
    if (leg !== undefined) ask(leg);
  }
}

function ask(leg: SipSession): void {
  // The connection of a browser tells by itself when it ends.
  const transport = leg.getFlow()?.getTransport() ?? '';
  if (transport.startsWith('WS') || !leg.isValid() || leg.getState() !== 'CONFIRMED') return;
  if (leg.getAttribute('asked') === true) return;
  leg.setAttribute('asked', true);
  void leg.createRequest('OPTIONS').send();
}

/** The leg that an answer shows to be gone, `undefined` when its phone is still there. */
export function goneSide(response: SipServletResponse): Side | undefined {
  const leg = response.getSession();
  if (!leg.isValid()) return undefined;
  leg.removeAttribute('asked');
  // Any answer of the phone's own will do, even one that says it does not know OPTIONS.
  return GONE.has(response.getStatus()) ? (leg.getAttribute('side') as Side | undefined) : undefined;
}
