import {
  type Address,
  Address as AddressNoun,
  type AuthInfo,
  type Parameterable,
  type SipApplicationSession,
  SipFactory,
  type SipServletRequest,
  type SipURI,
  URI,
} from '@siplet/api';
import { Headers, NameAddr, SipRequest, SipUri } from '@siplet/sip';
import { addressFromText, addressView, coreAddress, parseAddressText } from '../address/address.ts';
import { parameterableFromText } from '../address/parameterable.ts';
import { toCore } from '../address/text.ts';
import { coreUri, parseUriText, uriView } from '../address/uri.ts';
import type { Application } from '../application/application.ts';
import { ContainerAuthInfo } from '../auth/client-auth.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { addressWithoutUri, foreignSession, methodNotAllowed, sessionInvalid } from '../sip-errors.ts';
import { addProvisionalContact } from '../message/contact.ts';
import { illegalArgument, illegalState } from '../message/illegal.ts';
import { ContainerRequest } from '../message/request.ts';
import { ApplicationSession } from '../session/application-session.ts';
import { traitsOf } from '../session/methods.ts';
import type { ContainerSession } from '../session/sip-session.ts';

/** The container's `SipFactory` of one application. */
export class ContainerSipFactory extends SipFactory {
  readonly #kernel: Kernel;
  readonly #app: Application;

  constructor(kernel: Kernel, app: Application) {
    super();
    this.#kernel = kernel;
    this.#app = app;
  }

  createAddress(address: string | URI, displayName?: string): Address {
    if (typeof address === 'string') {
      const parsed = addressFromText(address);
      if (displayName !== undefined) parsed.setDisplayName(displayName);
      return parsed;
    }
    const name = displayName === undefined ? undefined : toCore(displayName);
    return addressView(new NameAddr(coreUri(address), name));
  }

  createURI(uri: string): URI {
    return uriView(parseUriText(uri));
  }

  createSipURI(user: string | undefined, host: string): SipURI {
    const uri = uriView(new SipUri('sip', undefined, host)) as SipURI;
    uri.setUser(user);
    return uri;
  }

  createParameterable(value: string): Parameterable {
    return parameterableFromText(value);
  }

  createAuthInfo(): AuthInfo {
    return new ContainerAuthInfo();
  }

  createRequest(
    appSession: SipApplicationSession,
    method: string,
    from: string | Address | URI,
    to: string | Address | URI,
  ): SipServletRequest {
    if (!(appSession instanceof ApplicationSession)) throw illegalArgument(foreignSession, 'application session');
    if (!appSession.isValid()) throw illegalState(sessionInvalid, 'createRequest', appSession.getId());
    const traits = traitsOf(method);
    // JSR 289 §6.2.2; a BYE or UPDATE outside a dialog would be answered 481
    if (!traits.creatable) throw illegalArgument(methodNotAllowed, method);
    return createInitialRequest(this.#kernel, appSession, method, asAddress(from, 'from'), asAddress(to, 'to'));
  }

  createApplicationSession(): SipApplicationSession {
    return this.#kernel.sessions.createApplicationSession(this.#app);
  }

  createApplicationSessionByKey(applicationSessionKey: string): Promise<SipApplicationSession> {
    return Promise.resolve(this.#kernel.sessions.createApplicationSession(this.#app, applicationSessionKey));
  }
}

/** A new initial request in a new SIP session: fresh Call-ID and From tag, no To tag, Request-URI := To URI. */
export function createInitialRequest(
  kernel: Kernel,
  parent: ApplicationSession,
  method: string,
  from: NameAddr,
  to: NameAddr,
): ContainerRequest {
  const { ids } = kernel.host;
  from.tag = ids.tag();
  to.tag = undefined;
  const callId = ids.callId();
  const uri = requestUri(to);
  const headers = new Headers();
  headers.set('From', from.toString());
  headers.set('To', to.toString());
  headers.set('Call-ID', callId);
  headers.set('CSeq', `1 ${method}`);
  headers.set('Max-Forwards', '70');
  const message = new SipRequest(method, uri, headers);
  if (traitsOf(method).hasContact) addProvisionalContact(message, kernel.host);
  const session = newClientSession(kernel, parent, method, callId, from, to, message.uriText);
  const request = new ContainerRequest({ kernel, message, session, incoming: false, initial: true });
  session.initialRequest = request;
  return request;
}

function newClientSession(
  kernel: Kernel,
  parent: ApplicationSession,
  method: string,
  callId: string,
  from: NameAddr,
  to: NameAddr,
  uri: string,
): ContainerSession {
  const now = kernel.clock.wallTime();
  return kernel.sessions.createSipSession(parent, {
    id: kernel.sessions.newId(),
    parentId: undefined,
    method,
    role: 'uac',
    state: 'INITIAL',
    callId,
    localTag: from.tag ?? '',
    localParty: from.toString(),
    remoteParty: to.toString(),
    requestUri: uri,
    routes: [],
    dialog: undefined,
    proxied: undefined,
    localCSeq: 1,
    inviteUsage: false,
    subscriptions: 0,
    handler: undefined,
    linkedId: undefined,
    flow: undefined,
    flowPinned: false,
    region: undefined,
    subscriberUri: undefined,
    createdAt: now,
    accessedAt: now,
    invalidateWhenReady: true,
    lastFinal: 0,
  });
}

// Text without brackets is a URI here, so that sip:bob@example.com;transport=tcp keeps its transport; as a header value
// its parameters would be the header's (RFC 3261 §20).
function fromText(text: string): NameAddr {
  if (text.includes('<')) return parseAddressText(text);
  const uri = parseAddressable(text);
  if (uri instanceof SipUri) uri.params.delete('tag');
  return new NameAddr(uri);
}

function parseAddressable(text: string): NameAddr['uri'] {
  try {
    return parseUriText(text);
  } catch {
    return parseAddressText(text).uri; // names the mistake as one of an address
  }
}

// RFC 3261 §19.1.5: header components and method are no part of a Request-URI
function requestUri(to: NameAddr): NameAddr['uri'] {
  const uri = to.uri.clone();
  if (!(uri instanceof SipUri)) return uri;
  uri.params.delete('method');
  for (const name of headerNames(uri)) uri.headers.delete(name);
  return uri;
}

function asAddress(value: string | Address | URI, name: string): NameAddr {
  if (typeof value === 'string') return fromText(value);
  if (value instanceof URI) return new NameAddr(coreUri(value));
  if (!(value instanceof AddressNoun) || value.isWildcard()) throw illegalArgument(addressWithoutUri, name);
  return coreAddress(value);
}

function headerNames(uri: SipUri): string[] {
  return Array.from(uri.headers, ([name]) => name);
}
