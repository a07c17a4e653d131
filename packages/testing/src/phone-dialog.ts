import { hostPortOf, isRequest } from './npm-sip.ts';
import type { WireAddress, WireMessage } from './npm-sip.ts';
import { rawHeader, splitList } from './wire-text.ts';

/** The state of one dialog of a phone (RFC 3261 §12); URIs and routes are raw text. */
export interface PhoneDialog {
  readonly callId: string;
  readonly local: WireAddress;
  remote: WireAddress;
  remoteTarget: string;
  routes: readonly string[];
  localCSeq: number;
  remoteCSeq: number;
}

/** The dialog of the side that was called. */
export function dialogAsCallee(invite: WireMessage, text: string, tag: string): PhoneDialog {
  const { headers } = invite;
  return {
    callId: headers['call-id'],
    local: { ...headers.to, params: { ...headers.to.params, tag } },
    remote: headers.from,
    remoteTarget: contactOf(text) ?? headers.from.uri,
    routes: rawHeader(text, 'record-route').flatMap(splitList),
    localCSeq: 0,
    remoteCSeq: headers.cseq.seq,
  };
}

/** Completes the dialog of the side that called from a response with a To tag. */
export function confirmAsCaller(dialog: PhoneDialog, response: WireMessage, text: string): void {
  dialog.remote = response.headers.to;
  dialog.remoteTarget = contactOf(text) ?? dialog.remoteTarget;
  // RFC 3261 §12.1.2: the caller's route set is the Record-Route list backwards
  dialog.routes = rawHeader(text, 'record-route').flatMap(splitList).toReversed();
}

/** The target that a request or 2xx in a dialog moves to (RFC 3261 §12.2). */
export function refreshTarget(dialog: PhoneDialog, message: WireMessage, text: string): void {
  if (isRequest(message) && !['INVITE', 'UPDATE'].includes(message.method)) return;
  dialog.remoteTarget = contactOf(text) ?? dialog.remoteTarget;
}

/** The URI of the first Contact, raw. */
export function contactOf(text: string): string | undefined {
  const first = rawHeader(text, 'contact', 'm').flatMap(splitList)[0];
  if (first === undefined) return undefined;
  return /<([^>]*)>/.exec(first)?.[1] ?? first.split(';')[0];
}

/** Where requests of the dialog go: the first route, or the remote target. */
export function nextHopOf(dialog: Pick<PhoneDialog, 'routes' | 'remoteTarget'>): string {
  const [route] = dialog.routes;
  return route === undefined ? dialog.remoteTarget : (/<([^>]*)>/.exec(route)?.[1] ?? route);
}

/** Address and port of a URI with a literal IPv4 address; undefined for names, which only a server resolves. */
export function literalTarget(uri: string): { address: string; port: number } | undefined {
  const target = hostPortOf(uri);
  if (target === undefined || !/^\d+\.\d+\.\d+\.\d+$/.test(target.host)) return undefined;
  return { address: target.host, port: target.port ?? 5060 };
}
