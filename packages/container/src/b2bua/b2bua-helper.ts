import {
  B2buaHelper,
  type HeaderMap,
  SipServletRequest,
  type SipServletMessage,
  type SipServletResponse,
  type SipSession,
  type UAMode,
} from '@siplet/api';
import { parseAddressText } from '../address/address.ts';
import { toCore } from '../address/text.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import {
  alreadyAnswered,
  contactPart,
  foreignSession,
  hopsExhausted,
  linkImpossible,
  noOriginalRequest,
  sessionInvalid,
  systemHeader,
} from '../sip-errors.ts';
import { createInitialRequest } from '../factory/sip-factory.ts';
import { illegalArgument, illegalState, tooManyHops } from '../message/illegal.ts';
import { ContainerRequest } from '../message/request.ts';
import { headerRule } from '../message/system-headers.ts';
import { ContainerSession } from '../session/sip-session.ts';
import type { NameAddr } from '@siplet/sip';

/** Never copied to the other leg: each leg has its own. */
const OWN = new Set([
  'via',
  'record-route',
  'contact',
  'call-id',
  'cseq',
  'from',
  'to',
  'max-forwards',
  'content-length',
  'route',
  'rseq',
  'rack',
  'path',
  'authorization',
  'proxy-authorization',
]);

/** The container's `B2buaHelper` (JSR 289 §12). */
export class ContainerB2buaHelper extends B2buaHelper {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    super();
    this.#kernel = kernel;
  }

  createRequest(origRequest: SipServletRequest, linked?: boolean, headerMap?: HeaderMap): SipServletRequest;
  createRequest(session: SipSession, origRequest: SipServletRequest, headerMap?: HeaderMap): SipServletRequest;
  createRequest(
    first: SipServletRequest | SipSession,
    second?: boolean | SipServletRequest,
    headerMap?: HeaderMap,
  ): SipServletRequest {
    if (first instanceof SipServletRequest) return this.#initial(ours(first), second === true, headerMap);
    return this.#subsequent(ourSession(first), ours(second as SipServletRequest), headerMap);
  }

  createResponseToOriginalRequest(session: SipSession, status: number, reasonPhrase?: string): SipServletResponse {
    const leg = ourSession(session);
    if (!leg.isValid()) throw illegalState(sessionInvalid, 'createResponseToOriginalRequest', leg.data.id);
    const request = leg.initialRequest;
    if (request === undefined || !request.incoming) {
      throw illegalState(noOriginalRequest, 'createResponseToOriginalRequest', 'received initial request');
    }
    if (request.answered !== 0) throw illegalState(alreadyAnswered, request.getMethod(), request.answered);
    return this.#kernel.messages.response(request, status, reasonPhrase, leg);
  }

  createCancel(session: SipSession): SipServletRequest {
    const leg = ourSession(session);
    const open = leg.open.find((request) => !request.incoming && request.getMethod() === 'INVITE');
    const invite = open ?? leg.initialRequest;
    if (invite === undefined || invite.incoming)
      throw illegalState(noOriginalRequest, 'createCancel', 'INVITE that was sent');
    return invite.createCancel();
  }

  getLinkedSession(session: SipSession): SipSession | undefined {
    const leg = ourSession(session);
    if (!leg.isValid()) throw illegalArgument(sessionInvalid, 'getLinkedSession', leg.data.id);
    return this.#linked(leg);
  }

  getLinkedSipServletRequest(request: SipServletRequest): SipServletRequest | undefined {
    return ours(request).linked;
  }

  getPendingMessages(session: SipSession, mode: UAMode): SipServletMessage[] {
    const leg = ourSession(session);
    if (!leg.isValid()) throw illegalArgument(sessionInvalid, 'getPendingMessages', leg.data.id);
    const incoming = mode === 'UAS';
    const requests = leg.open.filter(
      (request) => request.incoming === incoming && (incoming || request.answered === 0),
    );
    if (incoming) return byCSeq(requests);
    // As a client: 2xx whose ACK is owed (delayed ACK relays use it)
    const owed = leg.unacknowledged.filter((response) => !response.done);
    return byCSeq([...owed]);
  }

  linkSipSessions(session1: SipSession, session2: SipSession): void {
    const a = ourSession(session1);
    const b = ourSession(session2);
    const reason = notLinkable(a, b);
    if (reason !== undefined) throw illegalArgument(linkImpossible, reason);
    a.data.linkedId = b.data.id;
    b.data.linkedId = a.data.id;
  }

  unlinkSipSessions(session: SipSession): void {
    const leg = ourSession(session);
    const other = this.#linked(leg);
    if (other === undefined) throw illegalArgument(linkImpossible, 'the session is not linked');
    leg.data.linkedId = undefined;
    other.data.linkedId = undefined;
    for (const request of [...leg.open, ...other.open]) request.linked = undefined;
    for (const request of [leg.initialRequest, other.initialRequest])
      if (request !== undefined) request.linked = undefined;
  }

  #linked(leg: ContainerSession): ContainerSession | undefined {
    return leg.data.linkedId === undefined ? undefined : this.#kernel.sessions.sipSession(leg.data.linkedId);
  }

  #initial(original: ContainerRequest, linked: boolean, headerMap: HeaderMap | undefined): SipServletRequest {
    const hops = original.getMaxForwards();
    if (hops === 0) throw tooManyHops(hopsExhausted, original.getMethod());
    const session = original.requireSession();
    if (linked && session.data.linkedId !== undefined)
      throw illegalState(linkImpossible, 'the session is linked already');
    const overrides = readOverrides(headerMap);
    const from = overrides.from ?? party(original, 'From');
    const to = overrides.to ?? party(original, 'To');
    const request = createInitialRequest(this.#kernel, session.parent, original.getMethod(), from, to);
    // JSR 289 §12: the Request-URI of the original, unless To was replaced
    if (overrides.to === undefined) request.message.uri = original.message.uri.clone();
    const { headers } = request.message;
    headers.set('Max-Forwards', String(original.incoming ? hops - 1 : hops));
    copyHeaders(original, request);
    if (original.message.headers.has('Route') && original.incoming)
      headers.setAll('Route', original.message.headers.getAll('Route'));
    applyOverrides(request, overrides);
    if (linked) {
      this.linkSipSessions(session, request.requireSession());
      request.linked = original;
      original.linked = request;
    }
    if (original.role === 'open') original.role = 'agent';
    return request;
  }

  #subsequent(
    session: ContainerSession,
    original: ContainerRequest,
    headerMap: HeaderMap | undefined,
  ): SipServletRequest {
    const overrides = readOverrides(headerMap);
    const request = ours(session.createRequest(original.getMethod()));
    copyHeaders(original, request);
    applyOverrides(request, overrides);
    request.linked = original;
    original.linked = request;
    return request;
  }
}

interface Overrides {
  from: NameAddr | undefined;
  to: NameAddr | undefined;
  routes: string[] | undefined;
  contact: string | undefined;
  readonly rest: [name: string, values: readonly string[]][];
}

function readOverrides(headerMap: HeaderMap | undefined): Overrides {
  const found: Overrides = { from: undefined, to: undefined, routes: undefined, contact: undefined, rest: [] };
  for (const [name, values] of headerMap ?? []) {
    const lower = name.toLowerCase();
    const first = values[0];
    if (first === undefined) continue;
    if (lower === 'from' || lower === 'f') found.from = parseAddressText(first);
    else if (lower === 'to' || lower === 't') found.to = parseAddressText(first);
    else if (lower === 'route') found.routes = values.map(toCore);
    else if (lower === 'contact' || lower === 'm') found.contact = first;
    else if (headerRule(name) === 'system') throw illegalArgument(systemHeader, name, 'replace');
    else found.rest.push([name, values]);
  }
  return found;
}

function applyOverrides(request: ContainerRequest, overrides: Overrides): void {
  const { headers } = request.message;
  if (overrides.routes !== undefined) headers.setAll('Route', overrides.routes);
  for (const [name, values] of overrides.rest) headers.setAll(name, values.map(toCore));
  if (overrides.contact === undefined) return;
  // Only user part, display name and parameters survive: the container writes the rest when it sends (JSR 289 §4.1.3).
  const contact = parseAddressText(overrides.contact);
  if (request.getMethod() !== 'REGISTER' && !('host' in contact.uri)) throw illegalArgument(contactPart, 'URI');
  headers.set('Contact', contact.toString());
}

function copyHeaders(original: ContainerRequest, request: ContainerRequest): void {
  const { headers } = original.message;
  for (const name of headers.names()) {
    const lower = name.toLowerCase();
    if (OWN.has(lower) && !(lower === 'contact' && original.getMethod() === 'REGISTER')) continue;
    if (lower === 'content-type') continue; // with the body
    request.message.headers.setAll(name, headers.getAll(name));
  }
  if (original.message.body.length === 0) return;
  request.message.body = original.message.body;
  const type = headers.get('Content-Type');
  if (type !== undefined) request.message.headers.set('Content-Type', type);
}

function party(request: ContainerRequest, name: 'From' | 'To'): NameAddr {
  const { from, to } = request.message.headers;
  const found = (name === 'From' ? from : to)?.clone() ?? parseAddressText(request.message.headers.get(name) ?? '');
  found.tag = undefined;
  return found;
}

function notLinkable(a: ContainerSession, b: ContainerSession): string | undefined {
  if (a === b) return 'it is one session';
  if (!a.isValid() || !b.isValid()) return 'one of them is invalid';
  if (a.parent !== b.parent) return 'they belong to different application sessions';
  if (a.data.state === 'TERMINATED' || b.data.state === 'TERMINATED') return 'one of them is TERMINATED';
  if (a.data.linkedId === b.data.id && b.data.linkedId === a.data.id) return undefined;
  if (a.data.linkedId !== undefined || b.data.linkedId !== undefined) return 'one of them is linked already';
  return undefined;
}

function byCSeq(messages: SipServletMessage[]): SipServletMessage[] {
  const number = (message: SipServletMessage): number => Number.parseInt(message.getHeader('CSeq') ?? '0', 10);
  return messages.sort((a, b) => number(a) - number(b));
}

function ours(request: SipServletRequest): ContainerRequest {
  if (!(request instanceof ContainerRequest)) throw illegalArgument(foreignSession, 'request');
  return request;
}

function ourSession(session: SipSession): ContainerSession {
  if (!(session instanceof ContainerSession)) throw illegalArgument(foreignSession, 'session');
  return session;
}
