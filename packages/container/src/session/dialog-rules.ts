// The state machine of SipSession (JSR 289 §6.2.1). A row per event; anything unlisted leaves the state alone.
//
//            1xx with tag          2xx
//   INITIAL ───────────────► EARLY ─────► CONFIRMED ──BYE answered──► TERMINATED
//      ▲  └──────────────────2xx────────────▲
//      └── ≥ 300 received (client, proxy)        ≥ 300 sent (server) ─► TERMINATED
import type { SipSessionState } from '@siplet/api';
import {
  dialogFromRequest,
  dialogFromResponse,
  type SipRequest,
  type SipResponse,
  updateDialogFromResponse,
  updateDialogFromSentResponse,
} from '@siplet/sip';
import { traitsOf } from './methods.ts';
import { hasUsage, type SessionData } from './session-data.ts';

/** A challenge keeps a session for the next attempt (RFC 3261 §22). */
function isChallenge(status: number): boolean {
  return status === 401 || status === 407;
}

function enter(data: SessionData, state: SipSessionState): void {
  data.state = state;
  if (data.dialog === undefined) return;
  if (state === 'CONFIRMED') data.dialog.state = 'confirmed';
  if (state === 'TERMINATED') data.dialog.state = 'terminated';
}

function addUsage(data: SessionData, method: string): void {
  if (method === 'INVITE') data.inviteUsage = true;
  else data.subscriptions++;
}

function endUsage(data: SessionData, method: string): void {
  if (method === 'BYE') data.inviteUsage = false;
  else if (data.subscriptions > 0) data.subscriptions--;
  if (!hasUsage(data)) enter(data, 'TERMINATED');
}

/** This side sent a response to a request that `initial` says made (or would make) the dialog. */
export function afterSentResponse(data: SessionData, request: SipRequest, status: number, initial: boolean): void {
  if (status === 100) return;
  if (!initial) {
    afterSubsequent(data, request.method, status);
    if (data.dialog !== undefined) updateDialogFromSentResponse(data.dialog, request, status);
    if (request.method === 'NOTIFY' && status >= 200 && endsSubscription(request)) endUsage(data, 'NOTIFY');
    return;
  }
  if (!traitsOf(request.method).createsDialog) {
    if (status >= 200) data.lastFinal = status;
    return;
  }
  if (status >= 300) {
    if (data.state === 'INITIAL' || data.state === 'EARLY') enter(data, 'TERMINATED');
    return;
  }
  data.dialog ??= dialogFromRequest(request, data.localTag);
  if (status < 200) {
    if (data.state === 'INITIAL') enter(data, 'EARLY');
    return;
  }
  if (data.state === 'CONFIRMED') return;
  enter(data, 'CONFIRMED');
  addUsage(data, request.method);
}

/** This side received a response to a request that it sent; `initial` as above. */
export function afterReceivedResponse(
  data: SessionData,
  request: SipRequest,
  response: SipResponse,
  initial: boolean,
): void {
  const { status } = response;
  if (!initial) {
    afterSubsequent(data, request.method, status);
    if (data.dialog !== undefined && data.state !== 'TERMINATED' && status < 300) {
      updateDialogFromResponse(data.dialog, request, response);
    }
    if (request.method === 'NOTIFY' && status >= 200 && endsSubscription(request)) endUsage(data, 'NOTIFY');
    return;
  }
  if (status >= 300) {
    data.lastFinal = status;
    fallBack(data);
    return;
  }
  if (!traitsOf(request.method).createsDialog) {
    if (status >= 200) data.lastFinal = status;
    return;
  }
  if (response.headers.to?.tag === undefined) return; // RFC 3261 §12.1.2: no tag, no dialog
  if (data.dialog === undefined) data.dialog = dialogFromResponse(request, response);
  else updateDialogFromResponse(data.dialog, request, response);
  if (status < 200) {
    if (data.state === 'INITIAL') enter(data, 'EARLY');
    return;
  }
  if (data.state === 'CONFIRMED') return;
  enter(data, 'CONFIRMED');
  addUsage(data, request.method);
}

/** A failed attempt: the original session may try again, a derived one is over. */
export function fallBack(data: SessionData): void {
  if (data.state !== 'INITIAL' && data.state !== 'EARLY') return;
  if (data.parentId !== undefined) {
    enter(data, 'TERMINATED');
    return;
  }
  if (data.dialog !== undefined) data.localCSeq = Math.max(data.localCSeq, data.dialog.localCSeq);
  data.dialog = undefined;
  data.proxied = undefined;
  data.state = 'INITIAL';
}

function afterSubsequent(data: SessionData, method: string, status: number): void {
  if (method === 'BYE' && status >= 200 && !isChallenge(status)) endUsage(data, 'BYE');
  if (method === 'SUBSCRIBE' || method === 'REFER') return; // a second subscription in the dialog is not kept apart
}

function endsSubscription(notify: SipRequest): boolean {
  return /^\s*terminated\b/i.test(notify.headers.get('Subscription-State') ?? '');
}

/** Ends a session that can have no dialog any more (CANCELled, lost its fork). */
export function terminate(data: SessionData): void {
  enter(data, 'TERMINATED');
}

/** Whether a session can be invalidated without loss; `open` counts its unfinished transactions. */
export function isReady(data: SessionData, open: number): boolean {
  if (open > 0) return false;
  if (data.state === 'TERMINATED') return true;
  if (data.state === 'CONFIRMED') return data.role === 'proxy' && data.proxied?.recordRoute !== true;
  if (data.state === 'EARLY') return false;
  if (data.lastFinal === 0) return false; // nothing has finished yet
  // A client answers a challenge in the same session; a server that sent one gets a new session with the answer.
  return data.method === 'INVITE' || data.role !== 'uac' || !isChallenge(data.lastFinal);
}
