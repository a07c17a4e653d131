// The calls, drawn by the server for the first page and by the page for every change.
import { type Html, html } from './html.ts';
import { avatar } from './people-view.ts';

/** One leg as `GET /calls` tells it. */
export interface LegView {
  readonly name: string;
  readonly displayName: string;
  readonly state: string;
  readonly status?: number;
  readonly reason?: string;
}

/** A call as `GET /calls` tells it. */
export interface CallView {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly state: string;
  readonly reason?: string;
  readonly endedBy?: string;
  readonly startedAt: number;
  readonly connectedAt?: number;
  readonly endedAt?: number;
  readonly legs: readonly LegView[];
}

/** Whether a call goes on. */
export function isLive(call: CallView): boolean {
  return call.endedAt === undefined;
}

/** The calls as cards, newest first. */
export function callList(calls: readonly CallView[], me: string): Html {
  if (calls.length === 0)
    return html`<li class="none">
      No calls yet. Press <b>Call</b> beside a name: first your phone rings, then theirs.
    </li>`;
  return html`${calls.map((call) => card(call, me))}`;
}

function card(call: CallView, me: string): Html {
  const [first, second] = call.legs;
  if (first === undefined || second === undefined) return html``;
  const live = isLive(call);
  return html`<li class="call-card" data-call-id="${call.id}" data-state="${call.state}">
    ${legEnd(first, me)}
    <span class="wire" data-state="${first.state}"></span>
    <span class="hub" data-state="${call.state}" aria-hidden="true"><span class="icon ${hubIcon(call)}"></span></span>
    <span class="wire" data-state="${second.state}"></span>
    ${legEnd(second, me)}
    <div class="middle">
      <p class="sentence">${sentence(call, me)} ${times(call)}</p>
      ${live && endButton(call, me)}
    </div>
  </li>`;
}

function endButton(call: CallView, me: string): Html {
  return html`<form method="post" action="/calls/${call.id}" class="end">
    <input type="hidden" name="action" value="hangup" /><input type="hidden" name="as" value="${me}" />
    <button type="submit" class="danger small" data-end="${call.id}" data-focus="end-${call.id}">End call</button>
  </form>`;
}

function legEnd(leg: LegView, me: string): Html {
  return html`<div class="leg" data-leg="${leg.name}" data-state="${leg.state}">
    ${avatar(leg.name, leg.displayName)}
    <span class="leg-name">${leg.name === me ? 'You' : leg.displayName}</span>
    <span class="leg-state">${legWords(leg)}</span>
  </div>`;
}

function hubIcon(call: CallView): string {
  if (call.state === 'connected') return 'talk';
  if (call.state === 'failed') return 'cross';
  return isLive(call) ? 'dots' : 'phone-down';
}

const LEG_WORDS: Readonly<Record<string, string>> = {
  waiting: 'waiting',
  calling: 'calling',
  ringing: 'ringing',
  answered: 'picked up',
  connected: 'connected',
  ended: 'ended',
  failed: 'failed',
};

/** What one phone is doing, in a word or two. */
export function legWords(leg: LegView): string {
  const words = LEG_WORDS[leg.state] ?? leg.state;
  return leg.state === 'failed' && leg.status !== undefined ? `${words} (${leg.status})` : words;
}

/** What is going on, or why it ended, as a sentence. */
export function sentence(call: CallView, me: string): string {
  const [first, second] = call.legs;
  const own = call.from === me;
  const whose = own ? 'Your' : `${first?.displayName ?? ''}’s`;
  const callee = call.to === me ? 'Your' : `${second?.displayName ?? ''}’s`;
  switch (call.state) {
    case 'calling-first':
      return `Calling ${lower(whose)} phone …`;
    case 'ringing-first':
      return own
        ? `Your phone is ringing. Pick up, and ${second?.displayName ?? ''} will be called.`
        : `${whose} phone is ringing.`;
    case 'calling-second':
      return `Calling ${lower(callee)} phone …`;
    case 'ringing-second':
      return `${callee} phone is ringing …`;
    case 'connected':
      return 'Talking';
    default:
      return `${personally(call, me).replace(/\.$/, '')}.`;
  }
}

/** The reason, with "You" for oneself. */
function personally(call: CallView, me: string): string {
  const reason = call.reason ?? 'The call is over';
  const own = call.legs.find((leg) => leg.name === me)?.displayName;
  if (own === undefined || !reason.startsWith(`${own} `)) return reason;
  const rest = reason.slice(own.length + 1);
  return /^(?:hung up|ended|declined|did not)\b/.test(rest) ? `You ${rest}` : reason;
}

function times(call: CallView): Html {
  if (call.connectedAt === undefined) return html``;
  if (call.endedAt === undefined) return html`<time data-since="${call.connectedAt}"></time>`;
  return html`<span class="lasted">Talked for ${duration(call.endedAt - call.connectedAt)}.</span>`;
}

function lower(text: string): string {
  return text === 'Your' ? 'your' : text;
}

/** Milliseconds as `0:07`, `12:30` or `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.max(Math.floor(ms / 1000), 0);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((each, index) =>
    index > 0 ? pad(each) : String(each),
  );
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${pad(Number(parts[0]))}:${parts[1] ?? ''}` : parts.join(':');
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
