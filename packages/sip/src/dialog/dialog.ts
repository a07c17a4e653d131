import { DIALOG_STATE, HEADER_MISSING, METHOD, NAME_ADDR, SipError } from '../errors.ts';
import { METHODS } from '../header/names.ts';
import { SipRequest, type SipMessage, type SipResponse } from '../message/message.ts';
import { applyRouteSet, routeSetOf } from './route-set.ts';

/** A dialog (RFC 3261 §12) as plain data: it survives JSON, and every text is wire text. */
export interface DialogState {
  callId: string;
  localTag: string;
  remoteTag: string | undefined;
  /** name-addr text with tag. */
  localParty: string;
  remoteParty: string;
  /** URI text of the peer's Contact. */
  remoteTarget: string | undefined;
  /** Route values in the order a request of this side carries them. */
  routeSet: string[];
  localCSeq: number;
  remoteCSeq: number | undefined;
  secure: boolean;
  state: 'early' | 'confirmed' | 'terminated';
  role: 'uac' | 'uas';
}

const isSecure = (request: SipRequest): boolean => request.uriText.slice(0, 5).toLowerCase() === 'sips:';
const contactOf = (message: SipMessage): string | undefined => message.headers.addresses('Contact')[0]?.uri.toString();

function need<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new SipError(HEADER_MISSING, name);
  return value;
}

/** The dialog of a UAC after a 101-299 (RFC 3261 §12.1.2). @throws SIP_ERR_HEADER_MISSING, SIP_ERR_NAME_ADDR */
export function dialogFromResponse(request: SipRequest, response: SipResponse): DialogState {
  const { headers } = request;
  return {
    callId: need(headers.callId, 'Call-ID'),
    localTag: need(headers.from?.tag, 'From tag'),
    remoteTag: response.headers.to?.tag,
    localParty: need(headers.get('From'), 'From'),
    remoteParty: need(response.headers.get('To'), 'To'),
    remoteTarget: contactOf(response),
    routeSet: routeSetOf(response, 'uac'),
    localCSeq: need(headers.cseq, 'CSeq').number,
    remoteCSeq: undefined,
    secure: isSecure(request),
    state: response.status < 200 ? 'early' : 'confirmed',
    role: 'uac',
  };
}

/** The dialog of a UAS that answers with `localTag` (RFC 3261 §12.1.1). @throws SIP_ERR_HEADER_MISSING, SIP_ERR_NAME_ADDR */
export function dialogFromRequest(request: SipRequest, localTag: string): DialogState {
  const { headers } = request;
  const to = headers.to;
  if (to === undefined) throw new SipError(NAME_ADDR, 'To');
  const text = need(headers.get('To'), 'To');
  return {
    callId: need(headers.callId, 'Call-ID'),
    localTag,
    remoteTag: headers.from?.tag, // absent: an RFC 2543 peer
    localParty: to.tag === undefined ? `${text};tag=${localTag}` : text,
    remoteParty: need(headers.get('From'), 'From'),
    remoteTarget: contactOf(request),
    routeSet: routeSetOf(request, 'uas'),
    localCSeq: 0,
    remoteCSeq: headers.cseq?.number,
    secure: isSecure(request),
    state: 'early',
    role: 'uas',
  };
}

const ENDS_DIALOG = new Set([404, 408, 410, 416, 480, 481, 482, 483, 484, 485, 502, 604]); // RFC 5057 §5.1
const ASKS_AGAIN = new Set([401, 407]); // to a BYE these ask for another try

/**
 * A response came to `request`, sent inside this dialog or creating it: tag, route set (until confirmed, §13.2.2.4),
 * target refresh (§12.2.1.2) and state. Changes `dialog`. @throws SIP_ERR_NAME_ADDR (fault remote) for a malformed Contact
 */
export function updateDialogFromResponse(dialog: DialogState, request: SipRequest, response: SipResponse): void {
  const { status } = response;
  if (dialog.state === 'terminated' || status === 100) return;
  const info = METHODS.get(request.method);
  const creating = dialog.state === 'early' && info?.createsDialog === true;
  if (status >= 300) {
    const byeDone = request.method === 'BYE' && !ASKS_AGAIN.has(status);
    if (creating || byeDone || ENDS_DIALOG.has(status)) dialog.state = 'terminated';
    return;
  }
  if (creating) adopt(dialog, response);
  if (creating || (info?.isTargetRefresh === true && status >= 200)) {
    dialog.remoteTarget = contactOf(response) ?? dialog.remoteTarget;
  }
  if (status >= 200 && request.method === 'BYE') dialog.state = 'terminated';
  else if (creating && status >= 200) dialog.state = 'confirmed';
}

function adopt(dialog: DialogState, response: SipResponse): void {
  const tag = response.headers.to?.tag;
  if (dialog.remoteTag === undefined && tag !== undefined) {
    dialog.remoteTag = tag;
    dialog.remoteParty = response.headers.get('To') ?? dialog.remoteParty;
  }
  if (response.status >= 200) dialog.routeSet = routeSetOf(response, 'uac'); // RFC 3261 §13.2.2.4
}

/**
 * A request came inside this dialog and was found in order: records its CSeq and refreshes the target (§12.2.2).
 * Changes `dialog`. @throws SIP_ERR_NAME_ADDR (fault remote) for a malformed Contact
 */
export function updateDialogFromRequest(dialog: DialogState, request: SipRequest): void {
  const cseq = request.headers.cseq;
  if (cseq !== undefined && cseq.method !== 'ACK' && cseq.method !== 'CANCEL') dialog.remoteCSeq = cseq.number;
  if (METHODS.get(request.method)?.isTargetRefresh !== true) return;
  dialog.remoteTarget = contactOf(request) ?? dialog.remoteTarget;
}

/** This side answered `request` with `status`: early → confirmed → terminated. Changes `dialog`. */
export function updateDialogFromSentResponse(dialog: DialogState, request: SipRequest, status: number): void {
  if (dialog.state === 'terminated' || status < 200) return;
  const success = status < 300;
  if (request.method === 'BYE') {
    if (success) dialog.state = 'terminated';
  } else if (dialog.state === 'early' && METHODS.get(request.method)?.createsDialog === true) {
    dialog.state = success ? 'confirmed' : 'terminated';
  }
}

/** RFC 3261 §12.2.2: `stale` when the CSeq is lower than one seen (answer 500). Does not record it. */
export function checkRemoteCSeq(dialog: DialogState, request: SipRequest): 'ok' | 'stale' {
  const cseq = request.headers.cseq;
  if (cseq === undefined || cseq.method === 'ACK' || cseq.method === 'CANCEL') return 'ok';
  return dialog.remoteCSeq !== undefined && cseq.number < dialog.remoteCSeq ? 'stale' : 'ok';
}

/**
 * A request inside the dialog (RFC 3261 §12.2.1.1), with the next CSeq (counted in `dialog`), Route and Max-Forwards.
 * @throws SIP_ERR_METHOD for ACK (see createAck) and CANCEL, SIP_ERR_DIALOG_STATE without target or after the end
 */
export function createDialogRequest(dialog: DialogState, method: string): SipRequest {
  if (method === 'ACK' || method === 'CANCEL') throw new SipError(METHOD, method);
  if (dialog.state === 'terminated') throw new SipError(DIALOG_STATE, 'it has ended');
  const request = build(dialog, method, dialog.remoteParty, dialog.localCSeq + 1);
  dialog.localCSeq++;
  return request;
}

/** The ACK of a 2xx (RFC 3261 §13.2.2.4): CSeq of the INVITE, its credentials, route set of the dialog. @throws SIP_ERR_DIALOG_STATE */
export function createAck(invite: SipRequest, response: SipResponse, dialog: DialogState): SipRequest {
  const number = invite.headers.cseq?.number ?? dialog.localCSeq;
  const ack = build(dialog, 'ACK', response.headers.get('To') ?? dialog.remoteParty, number);
  for (const name of ['Authorization', 'Proxy-Authorization']) ack.headers.copyFrom(invite.headers, name); // §22.1
  return ack;
}

function build(dialog: DialogState, method: string, to: string, cseq: number): SipRequest {
  if (dialog.remoteTarget === undefined) throw new SipError(DIALOG_STATE, 'the peer gave no Contact');
  const { uri, routes } = applyRouteSet(dialog.remoteTarget, dialog.routeSet);
  const request = new SipRequest(method, uri);
  const { headers } = request;
  headers.setAll('Route', routes);
  headers.set('Max-Forwards', '70');
  headers.set('From', dialog.localParty);
  headers.set('To', to);
  headers.set('Call-ID', dialog.callId);
  headers.set('CSeq', `${cseq} ${method}`);
  return request;
}
