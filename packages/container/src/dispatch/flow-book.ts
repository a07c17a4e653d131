import { type Flow, SipUri, type SipMessage } from '@siplet/sip';

/** Names that one connection may claim; a browser needs one or two. */
const MAX_NAMES = 8;

/**
 * Which connection stands behind a `.invalid` host of a browser's Contact (RFC 7118 §5.2): learned from what came over
 * it, forgotten when it closes. A name that a living connection holds cannot be taken over.
 */
export class FlowBook {
  readonly #flows = new Map<string, string>();
  readonly #names = new Map<string, string[]>();

  /** Notes the Contact hosts of a message that came over a connection. */
  learn(message: SipMessage, flow: Flow): void {
    if (flow.protocol !== 'WS' && flow.protocol !== 'WSS') return;
    if (message.headers.contactIsWildcard) return;
    for (const { uri } of message.headers.addresses('Contact')) {
      if (uri instanceof SipUri && isInvalidName(uri.host)) this.#note(uri.host.toLowerCase(), flow.id);
    }
  }

  /** The token of the connection behind a host. */
  tokenOf(host: string): string | undefined {
    return this.#flows.get(host.toLowerCase());
  }

  /** The connection is closed. */
  forget(flow: Flow): void {
    for (const name of this.#names.get(flow.id) ?? []) this.#flows.delete(name);
    this.#names.delete(flow.id);
  }

  #note(name: string, id: string): void {
    if (this.#flows.has(name)) return;
    const names = this.#names.get(id) ?? [];
    if (names.length >= MAX_NAMES) return;
    names.push(name);
    this.#names.set(id, names);
    this.#flows.set(name, id);
  }
}

/** A name that DNS never resolves (RFC 2606 §2). */
export function isInvalidName(host: string): boolean {
  return host.toLowerCase().endsWith('.invalid');
}
