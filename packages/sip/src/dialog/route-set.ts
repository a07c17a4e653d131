import { parseNameAddr } from '../header/name-addr.ts';
import type { SipMessage, SipRequest } from '../message/message.ts';
import { SipUri } from '../uri/sip-uri.ts';
import { parseUri, type Uri } from '../uri/uri.ts';

/** True for a router of RFC 3261 (`lr`). */
export function isLooseRouter(uri: Uri): boolean {
  return uri instanceof SipUri && uri.params.has('lr');
}

/** The Record-Route values as a route set: reversed for the UAC (RFC 3261 §12.1.2), in order for the UAS (§12.1.1). */
export function routeSetOf(message: SipMessage, role: 'uac' | 'uas'): string[] {
  const values = message.headers.getAll('Record-Route');
  return role === 'uac' ? values.reverse() : values;
}

/** Request-URI and Route values of a request inside a dialog (RFC 3261 §12.2.1.1). */
export function applyRouteSet(remoteTarget: string, routeSet: readonly string[]): { uri: string; routes: string[] } {
  const [first, ...rest] = routeSet;
  if (first === undefined) return { uri: remoteTarget, routes: [] };
  const router = parseNameAddr(first).uri;
  if (isLooseRouter(router)) return { uri: remoteTarget, routes: [...routeSet] };
  return { uri: asRequestUri(router).toString(), routes: [...rest, `<${remoteTarget}>`] };
}

// RFC 3261 §19.1.1 table 1: what may not stand in a Request-URI.
function asRequestUri(uri: Uri): Uri {
  if (!(uri instanceof SipUri)) return uri;
  const copy = new SipUri(uri.scheme, uri.user, uri.host, uri.port, uri.params.clone());
  copy.password = uri.password;
  copy.params.delete('method');
  return copy;
}

/** RFC 3261 §16.6 step 6: when the first Route is a strict router, it becomes the Request-URI. Changes the request. */
export function applyStrictRouting(request: SipRequest): void {
  const [first] = request.headers.addresses('Route');
  if (first === undefined || isLooseRouter(first.uri)) return;
  request.headers.removeFirst('Route');
  request.headers.setAll('Route', [...request.headers.getAll('Route'), `<${request.uriText}>`]);
  request.uri = asRequestUri(first.uri);
}

/** RFC 3261 §16.4: undoes what a strict router before us did, when the Request-URI is one we record-routed. Changes the request. */
export function undoStrictRouting(request: SipRequest): void {
  const routes = request.headers.getAll('Route');
  const last = routes.pop();
  if (last === undefined) return;
  request.uri = parseNameAddr(last).uri;
  if (routes.length === 0) request.headers.delete('Route');
  else request.headers.setAll('Route', routes);
}

/**
 * Where a request goes next (RFC 3261 §8.1.2): the top Route if it is a loose router, else the Request-URI; `maddr` takes
 * the place of the host. @throws SIP_ERR_URI, SIP_ERR_NAME_ADDR
 */
export function nextHop(request: SipRequest): Uri {
  const top = request.headers.getAll('Route')[0];
  const route = top === undefined ? undefined : parseNameAddr(top).uri;
  const uri = route !== undefined && isLooseRouter(route) ? route : parseUri(request.uriText);
  if (!(uri instanceof SipUri)) return uri;
  const maddr = uri.params.get('maddr');
  if (maddr === undefined || maddr === '') return uri;
  uri.host = maddr;
  return uri;
}
