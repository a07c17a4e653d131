// Why calls end, in words that need no SIP.
import type { Call, Ending, Leg, Side } from './call.ts';
import { legOf } from './call.ts';

/** What the page says when one phone speaks WebRTC and the other plain RTP. */
export const MEDIA_NOT_COMPATIBLE = 'media not compatible: both phones in browsers, or both ordinary softphones';

const MEDIA_STATUSES = new Set([415, 488, 606]);

/** How a refusal by one phone ends the call. */
export function refused(call: Call, side: Side, status: number, phrase: string, mixedMedia: boolean): Ending {
  const leg = legOf(call, side);
  // SIP.js answers an offer it cannot use with 480, so that one counts when the two phones are of different kinds.
  const media = MEDIA_STATUSES.has(status) || (mixedMedia && status === 480);
  // 503 is our own word for a connection that has closed.
  const gone = status === 503 && leg.state === 'ringing';
  const reason = media ? sentence(MEDIA_NOT_COMPATIBLE) : gone ? wentAway(leg) : refusal(leg, status, phrase);
  return { state: 'failed', reason, blame: { side, status, reason } };
}

function refusal({ displayName: who }: Leg, status: number, phrase: string): string {
  const known: Readonly<Record<number, string>> = {
    401: `${who}’s phone asks for a password`,
    404: `${who}’s phone does not know its own name any more`,
    407: `${who}’s phone asks for a password`,
    408: `${who}’s phone did not react`,
    480: `${who} is not available at the moment`,
    486: `${who} is busy`,
    487: `${who}’s phone stopped ringing`,
    503: `${who}’s phone cannot be reached`,
    600: `${who} is busy`,
    603: `${who} declined the call`,
  };
  const words = known[status];
  if (words !== undefined) return words;
  if (status < 400) return `${who}’s phone wants to be called elsewhere (${status} ${phrase})`;
  return `${who}’s phone refused the call (${status} ${phrase})`;
}

/** A phone that rang for too long. */
export function noAnswer(call: Call, side: Side, seconds: number): Ending {
  const reason = `${legOf(call, side).displayName} did not answer within ${seconds} seconds`;
  return { state: 'failed', reason, blame: { side, reason } };
}

/** One of the two hung up. */
export function hungUp(call: Call, side: Side): Ending {
  const who = legOf(call, side).displayName;
  const early = call.connectedAt === undefined;
  const reason = early ? `${who} hung up before ${call.legs[1].displayName} answered` : `${who} hung up`;
  return { state: 'ended', reason, endedBy: side, blame: { side, reason: `${who} hung up` } };
}

/** Somebody ended the call on the page. */
export function endedOnPage(who: string): Ending {
  return { state: 'ended', reason: `${who} ended the call on the page`, endedBy: 'page' };
}

/** The connection to a phone closed: a closed tab, a lost network. */
export function vanished(call: Call, side: Side): Ending {
  const reason = wentAway(legOf(call, side));
  return { state: call.connectedAt === undefined ? 'failed' : 'ended', reason, blame: { side, reason } };
}

/** The browser's answer to media that it cannot use is a BYE with a Reason header (RFC 3326). */
export function badMedia(side: Side): Ending {
  const reason = sentence(MEDIA_NOT_COMPATIBLE);
  return { state: 'failed', reason, blame: { side, status: 488, reason } };
}

/** A phone picked up without saying what media it has. */
export function noMedia(call: Call, side: Side, status: number): Ending {
  const reason = `${legOf(call, side).displayName}’s phone answered without saying which media it can use`;
  return { state: 'failed', reason, blame: { side, status, reason } };
}

/** Something of ours went wrong. */
export function broken(): Ending {
  return { state: 'failed', reason: 'The call failed because of an error in the application' };
}

/** Calls do not last for ever. */
export function tooLong(hours: number): Ending {
  return { state: 'ended', reason: `The call reached the limit of ${hours} hours` };
}

function wentAway(leg: Leg): string {
  return `${leg.displayName}’s phone went away`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
