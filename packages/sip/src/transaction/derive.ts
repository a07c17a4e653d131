import { SipRequest, type SipResponse } from '../message/message.ts';

/** The ACK to a 3xx-6xx: the INVITE's top Via and Route, the response's To (RFC 3261 §17.1.1.3). */
export function ackFor(invite: SipRequest, response: SipResponse): SipRequest {
  const ack = derive(invite, 'ACK');
  const to = response.headers.get('To');
  if (to !== undefined) ack.headers.set('To', to);
  return ack;
}

/** The CANCEL of a request (RFC 3261 §9.1), perhaps with a Reason (RFC 3326). */
export function cancelFor(invite: SipRequest, reason: string | undefined): SipRequest {
  const cancel = derive(invite, 'CANCEL');
  if (reason !== undefined) cancel.headers.set('Reason', reason);
  return cancel;
}

function derive(invite: SipRequest, method: string): SipRequest {
  const request = new SipRequest(method, invite.uriText);
  const { headers } = request;
  const [via] = invite.headers.getAll('Via');
  if (via !== undefined) headers.set('Via', via);
  headers.copyFrom(invite.headers, 'Route');
  headers.set('Max-Forwards', '70');
  headers.copyFrom(invite.headers, 'From');
  headers.copyFrom(invite.headers, 'To');
  headers.copyFrom(invite.headers, 'Call-ID');
  headers.set('CSeq', `${invite.headers.cseq?.number ?? 0} ${method}`);
  return request;
}
