import { type Flow, NameAddr, parseNameAddr, SipError, type SipMessage, SipUri } from '@siplet/sip';
import type { EngineHost } from '@siplet/transport';

/** The URI under which peers reach this container over a flow; never a wildcard address. */
export function localUri(host: EngineHost, flow: Flow): SipUri {
  const own = host.advertisedFor(flow);
  const uri = new SipUri('sip', undefined, own.host, own.port);
  const named = own.transport.toLowerCase();
  const transport = named === 'wss' ? 'ws' : named; // RFC 7118 §5.2: the parameter of both is ws
  // RFC 3263 §4.1: without the parameter it is UDP
  if (transport !== 'udp' && transport !== 'tls') uri.params.set('transport', transport);
  if (transport === 'tls') uri.scheme = 'sips';
  return uri;
}

/** A Contact for a request whose flow is not known yet, so that the application can set its user part (JSR 289 §4.1.3). */
export function addProvisionalContact(message: SipMessage, host: EngineHost): void {
  const point = host.listeningPoints[0];
  if (point === undefined) return;
  const uri = new SipUri('sip', undefined, point.advertisedHost, point.advertisedPort);
  message.headers.set('Contact', `<${uri.toString()}>`);
}

/** Writes our Contact into a message that leaves on `flow`, keeping user part, display name and parameters (JSR 289 §4.1.3). */
export function setContact(message: SipMessage, host: EngineHost, flow: Flow): void {
  const uri = localUri(host, flow);
  const present = currentContact(message);
  if (present === undefined) {
    message.headers.set('Contact', `<${uri.toString()}>`);
    return;
  }
  if (present.uri instanceof SipUri) {
    uri.user = present.uri.user;
    for (const [name, value] of present.uri.params) if (!uri.params.has(name)) uri.params.set(name, value);
  }
  present.uri = uri;
  message.headers.setAll('Contact', [present.toString()]);
}

function currentContact(message: SipMessage): NameAddr | undefined {
  const text = message.headers.getAll('Contact')[0];
  if (text === undefined || text.trim() === '*') return undefined;
  try {
    return parseNameAddr(text);
  } catch (error) {
    if (error instanceof SipError) return undefined;
    throw error;
  }
}
