// A call as plain data, and the only functions that change one.

/** Where a call is, in the words of the page and of `GET /calls`. */
export type CallState =
  | 'calling-first'
  | 'ringing-first'
  | 'calling-second'
  | 'ringing-second'
  | 'connected'
  | 'ended'
  | 'failed';

/** Where one phone of a call is. */
export type LegState = 'waiting' | 'calling' | 'ringing' | 'answered' | 'connected' | 'ended' | 'failed';

/** Who ended a call: one of its two people, someone on the page, or nobody (a failure). */
export type EndedBy = 'first' | 'second' | 'page';

/** One phone of a call. */
export interface Leg {
  readonly name: string;
  readonly displayName: string;
  state: LegState;
  /** The last SIP status this phone sent. */
  status?: number;
  /** Why this leg failed or ended, in plain words. */
  reason?: string;
  /** The SIP session of the leg. */
  sessionId?: string;
  /** The flow the phone is reached on, when it is pinned to one. */
  flowToken?: string;
}

/** A click-to-dial call: `legs[0]` is the caller's phone, which rings first. */
export interface Call {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  state: CallState;
  reason?: string;
  endedBy?: EndedBy;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  connectedAt?: number;
  endedAt?: number;
  readonly legs: readonly [Leg, Leg];
}

/** The caller's leg or the callee's. */
export type Side = 'first' | 'second';

/** A call that has only been asked for. */
export function newCall(
  id: string,
  from: { readonly name: string; readonly displayName: string },
  to: { readonly name: string; readonly displayName: string },
  now: number,
): Call {
  return {
    id,
    from: from.name,
    to: to.name,
    state: 'calling-first',
    startedAt: now,
    legs: [
      { name: from.name, displayName: from.displayName, state: 'calling' },
      { name: to.name, displayName: to.displayName, state: 'waiting' },
    ],
  };
}

/** The leg of one side. */
export function legOf(call: Call, side: Side): Leg {
  return side === 'first' ? call.legs[0] : call.legs[1];
}

/** The other side. */
export function otherSide(side: Side): Side {
  return side === 'first' ? 'second' : 'first';
}

/** True once a call has ended or failed. */
export function isOver(call: Call): boolean {
  return call.state === 'ended' || call.state === 'failed';
}

/** A phone rings. Returns whether that is news. */
export function ringing(call: Call, side: Side, status: number): boolean {
  const leg = legOf(call, side);
  leg.status = status;
  if (leg.state !== 'calling') return false;
  leg.state = 'ringing';
  call.state = side === 'first' ? 'ringing-first' : 'ringing-second';
  return true;
}

/** The caller has picked up, so the callee is called. */
export function firstAnswered(call: Call, status: number): void {
  Object.assign(call.legs[0], { state: 'answered', status });
  call.legs[1].state = 'calling';
  call.state = 'calling-second';
}

/** Both have picked up. */
export function connected(call: Call, status: number, now: number): void {
  call.legs[1].status = status;
  for (const leg of call.legs) leg.state = 'connected';
  call.state = 'connected';
  call.connectedAt = now;
}

/** How a call came to its end. */
export interface Ending {
  /** `ended`: somebody hung up. `failed`: it never came about, or broke. */
  readonly state: 'ended' | 'failed';
  readonly reason: string;
  readonly endedBy?: EndedBy;
  /** The leg to blame, with the SIP status it sent. */
  readonly blame?: { readonly side: Side; readonly status?: number; readonly reason: string };
}

/** The call is over. Returns false when it was over before. */
export function finish(call: Call, ending: Ending, now: number): boolean {
  if (isOver(call)) return false;
  call.state = ending.state;
  call.reason = ending.reason;
  call.endedAt = now;
  if (ending.endedBy !== undefined) call.endedBy = ending.endedBy;
  for (const leg of call.legs) if (leg.state !== 'waiting') leg.state = 'ended';
  const { blame } = ending;
  if (blame === undefined) return true;
  const leg = legOf(call, blame.side);
  if (ending.state === 'failed') leg.state = 'failed';
  leg.reason = blame.reason;
  if (blame.status !== undefined) leg.status = blame.status;
  return true;
}
