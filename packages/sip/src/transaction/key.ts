import type { Via } from '../header/via.ts';
import { MAGIC_COOKIE } from '../ids.ts';
import type { Headers } from '../message/headers.ts';
import type { SipMessage, SipRequest } from '../message/message.ts';
import type { Flow } from '../out.ts';

/** True for a branch made by an RFC 3261 element. */
export function isUniqueBranch(branch: string | undefined): branch is string {
  return branch !== undefined && branch.length > MAGIC_COOKIE.length && branch.startsWith(MAGIC_COOKIE);
}

/** RFC 3261 §17.1.3: branch and CSeq method. */
export function clientKey(branch: string, method: string): string {
  return `${method} ${branch}`;
}

/** RFC 3261 §17.2.3: branch, sent-by and method; ACK and CANCEL look up the INVITE's. */
export function serverKey(request: SipRequest, via: Via, method: string): string {
  const { branch } = via;
  if (!isUniqueBranch(branch)) return rfc2543Key(request, method);
  return `${method} ${branch} ${via.host.toLowerCase()}:${via.port ?? ''}`;
}

// RFC 3261 §17.2.3, last part: Request-URI, tags, Call-ID, CSeq number and top Via. The To tag of an ACK is the
// response's, so for INVITE it is compared by the layer.
function rfc2543Key(request: SipRequest, method: string): string {
  const { headers } = request;
  const toTag = method === 'INVITE' ? '' : (headers.to?.tag ?? '');
  const parts = [method, request.uriText, headers.from?.tag, toTag, headers.callId, headers.cseq?.number];
  return `2543 ${parts.join(' ')} ${headers.getAll('Via')[0] ?? ''}`;
}

/** What an ACK to a 2xx has in common with it (RFC 3261 §13.3.1.4): the dialog and the CSeq number. */
export function ackKey(message: SipMessage): string {
  const { headers } = message;
  return [headers.callId, headers.from?.tag, headers.to?.tag, headers.cseq?.number].join(' ');
}

const DEFAULT_PORT = 5060;
const DEFAULT_TLS_PORT = 5061;

/** The port a Via means when it names none (RFC 3261 §18.2.2). */
export function sentByPort(via: Via): number {
  return via.port ?? (via.protocol === 'TLS' ? DEFAULT_TLS_PORT : DEFAULT_PORT);
}

/** RFC 3261 §18.1.2: the top Via of a response must be the one written for `flow`. */
export function isSentBy(via: Via, flow: Flow): boolean {
  if (via.host.toLowerCase() !== flow.sentByHost.toLowerCase()) return false;
  const fallback = via.protocol === 'TLS' ? DEFAULT_TLS_PORT : DEFAULT_PORT;
  return (via.port ?? fallback) === (flow.sentByPort ?? fallback);
}

// FNV-1a over the text, twice with different offsets: not secret, only the same for a retransmission.
function fingerprint(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995);
    b ^= b >>> 13;
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}

/** RFC 3261 §16.11: a branch that a retransmission, an ACK and a CANCEL get as well. */
export function statelessBranch(request: SipRequest): string {
  const { headers } = request;
  const branch = headers.via?.branch;
  if (isUniqueBranch(branch)) return MAGIC_COOKIE + fingerprint(branch);
  return MAGIC_COOKIE + fingerprint(`${identity(headers)} ${request.uriText} ${headers.get('Via') ?? ''}`);
}

/** RFC 3261 §8.2.7: the To tag of a stateless answer, the same for every retransmission. */
export function statelessTag(request: SipRequest): string {
  return fingerprint(`${identity(request.headers)} ${request.headers.via?.branch ?? ''}`);
}

function identity(headers: Headers): string {
  return [headers.callId, headers.from?.tag, headers.to?.tag, headers.cseq?.number].join(' ');
}
