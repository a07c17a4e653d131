import { type NameAddr, type SipRequest, SipUri } from '@siplet/sip';
import type { EngineHost } from '@siplet/transport';
import type { SessionManager } from '../session/manager.ts';

/** Name of the parameter that marks our Record-Route and names the session. */
export const SESSION_PARAM = 'sid';

/** What was taken off a request on its way in. */
export interface PoppedRoute {
  /** The first Route value that pointed here, as text. */
  readonly text: string;
  /** The session that a Record-Route of ours names. */
  readonly sessionId: string | undefined;
}

/** Removes the Routes that point here (RFC 3261 §16.4); two when transports differ (RFC 5658). */
export function popRoutes(request: SipRequest, host: EngineHost, sessions: SessionManager): PoppedRoute | undefined {
  fixStrictRouting(request, host);
  if (!request.headers.has('Route')) return undefined;
  let popped: PoppedRoute | undefined;
  for (const route of request.headers.addresses('Route')) {
    if (!isOurs(route, host) && !namesSession(route, request, sessions)) break;
    request.headers.removeFirst('Route');
    popped = { text: popped?.text ?? route.toString(), sessionId: popped?.sessionId ?? sessionIdOf(route) };
  }
  return popped;
}

function isOurs(route: NameAddr, host: EngineHost): boolean {
  return route.uri instanceof SipUri && host.isLocal(route.uri);
}

// Ours too when it names a session of this call: an address in front of us (a port mapping) may have another name.
function namesSession(route: NameAddr, request: SipRequest, sessions: SessionManager): boolean {
  const id = sessionIdOf(route);
  const session = id === undefined ? undefined : sessions.sipSession(id);
  return session !== undefined && session.data.callId === request.headers.callId;
}

function sessionIdOf(route: NameAddr): string | undefined {
  return route.uri instanceof SipUri ? route.uri.params.get(SESSION_PARAM) : undefined;
}

// RFC 3261 §16.4: a strict router put our Record-Route into the Request-URI and the target into the last Route.
function fixStrictRouting(request: SipRequest, host: EngineHost): void {
  if (!request.uriText.includes(SESSION_PARAM)) return;
  const { uri } = request;
  if (!(uri instanceof SipUri) || !uri.params.has('lr') || !uri.params.has(SESSION_PARAM) || !host.isLocal(uri)) return;
  const routes = request.headers.addresses('Route');
  const last = routes.pop();
  if (last === undefined) return;
  request.uri = last.uri;
  if (routes.length === 0) request.headers.delete('Route');
  else
    request.headers.setAll(
      'Route',
      routes.map((route) => route.toString()),
    );
}
