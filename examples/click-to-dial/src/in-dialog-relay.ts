// Requests within a connected call go from one phone to the other: hold, codec changes, DTMF digits.
import type { SipServletRequest, SipServletResponse, SipSession } from 'siplet';
import { callOf } from './call-control.ts';
import { legOf, otherSide, type Side } from './call.ts';

const COPIED = ['Content-Disposition', 'Info-Package', 'Subject', 'Require', 'Supported', 'Allow'];

/** Sends a request on to the other phone of the call. */
export async function relay(request: SipServletRequest): Promise<void> {
  const session = request.getSession();
  const peer = peerOf(session);
  if (peer === undefined) return request.createResponse(481).send();
  const invite = request.getMethod() === 'INVITE';
  // RFC 3261 §14.2: one change of the session at a time.
  if (invite && (isBusy(session) || isBusy(peer))) return request.createResponse(491).send();
  const copy = peer.createRequest(request.getMethod());
  for (const name of COPIED) for (const value of request.getHeaders(name)) copy.addHeader(name, value);
  copyContent(request, copy);
  copy.setAttribute('original', request);
  if (invite) peer.setAttribute('relaying', copy);
  await copy.send();
}

/** Whether a response answers a request that was relayed. */
export function isRelayed(response: SipServletResponse): boolean {
  return response.getRequest().getAttribute('original') !== undefined;
}

/** Sends the response of the other phone back. */
export async function relayResponse(response: SipServletResponse): Promise<void> {
  const original = response.getRequest().getAttribute('original') as SipServletRequest;
  const status = response.getStatus();
  const final = status >= 200;
  const invite = original.getMethod() === 'INVITE';
  if (status === 100) return;
  const session = response.getSession();
  if (invite && final) session.removeAttribute('relaying');
  if (!original.getSession().isValid() || original.isCommitted()) {
    if (invite && final && status < 300) void response.createAck().send();
    return;
  }
  const copy = original.createResponse(status, response.getReasonPhrase());
  copyContent(response, copy);
  if (invite && final && status < 300) original.getSession().setAttribute('unacknowledged', response);
  await copy.send();
}

/** The ACK for a relayed 2xx goes on with its body. */
export function acknowledgeRelayed(request: SipServletRequest): void {
  const session = request.getSession();
  const answered = session.getAttribute('unacknowledged') as SipServletResponse | undefined;
  if (answered === undefined) return;
  session.removeAttribute('unacknowledged');
  const ack = answered.createAck();
  copyContent(request, ack);
  void ack.send();
}

/** A re-INVITE was cancelled: so is its copy. */
export function cancelRelayed(request: SipServletRequest): void {
  const copy = peerOf(request.getSession())?.getAttribute('relaying') as SipServletRequest | undefined;
  if (copy?.getAttribute('original') === request) void copy.createCancel().send();
}

function peerOf(session: SipSession): SipSession | undefined {
  const application = session.getApplicationSession();
  const call = callOf(application);
  const side = session.getAttribute('side') as Side | undefined;
  if (call?.state !== 'connected' || side === undefined) return undefined;
  const peer = application.getSipSession(legOf(call, otherSide(side)).sessionId ?? '');
  return peer?.isValid() === true && peer.getState() === 'CONFIRMED' ? peer : undefined;
}

function isBusy(session: SipSession): boolean {
  return session.getAttribute('relaying') !== undefined || session.getAttribute('unacknowledged') !== undefined;
}

function copyContent(from: SipServletRequest | SipServletResponse, to: SipServletRequest | SipServletResponse): void {
  const content = from.getRawContent();
  const type = from.getContentType();
  if (content !== undefined && type !== undefined) to.setContent(content, type);
}
