import { type Flow, type SipRequest, SipUri } from '@siplet/sip';
import type { EngineHost } from '@siplet/transport';
import { SESSION_PARAM } from '../dispatch/routes.ts';
import { localUri } from '../message/contact.ts';

/** Requests that may refresh a route set; they carry our Record-Route again (RFC 3261 §16.6 step 4). */
const CARRY = new Set(['INVITE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'UPDATE']);

/** Whether a request of this method gets a Record-Route. */
export function takesRecordRoute(method: string): boolean {
  return CARRY.has(method);
}

/**
 * Puts us on the path of a dialog: one Record-Route, or two when the request leaves another way than it came, each
 * side then talks to the address it can reach (RFC 5658).
 */
export function addRecordRoute(
  request: SipRequest,
  host: EngineHost,
  inbound: Flow,
  outbound: Flow,
  sessionId: string,
  parameters: SipUri | undefined,
): void {
  const facingCaller = routeUri(host, inbound, sessionId, parameters);
  const facingCallee = routeUri(host, outbound, sessionId, parameters);
  request.headers.prepend('Record-Route', `<${facingCaller}>`);
  if (facingCallee !== facingCaller) request.headers.prepend('Record-Route', `<${facingCallee}>`);
}

function routeUri(host: EngineHost, flow: Flow, sessionId: string, parameters: SipUri | undefined): string {
  const uri = localUri(host, flow);
  uri.params.set('lr', '');
  uri.params.set(SESSION_PARAM, sessionId);
  if (parameters !== undefined) {
    for (const [name, value] of parameters.params) if (!uri.params.has(name)) uri.params.set(name, value);
  }
  return uri.toString();
}
