import { SipError, URI } from '../errors.ts';
import { isClass, requireSafe, TOKEN } from '../grammar/scanner.ts';
import { parseSipUri, type SipUri } from './sip-uri.ts';
import { parseTelUri, type TelUri } from './tel-uri.ts';

/** A URI of another scheme, kept as it is. */
export class AbsoluteUri {
  readonly scheme: string;
  /** Everything after the first colon. */
  readonly opaque: string;

  constructor(scheme: string, opaque: string) {
    requireSafe(scheme);
    requireSafe(opaque);
    this.scheme = scheme;
    this.opaque = opaque;
  }

  clone(): AbsoluteUri {
    return new AbsoluteUri(this.scheme, this.opaque);
  }

  /** Same scheme, same text. */
  equals(other: Uri): boolean {
    return other instanceof AbsoluteUri && this.scheme === other.scheme && this.opaque === other.opaque;
  }

  toString(): string {
    return `${this.scheme}:${this.opaque}`;
  }
}

/** Any URI that SIP carries. */
export type Uri = SipUri | TelUri | AbsoluteUri;

/** Reads a URI. @throws SIP_ERR_URI */
export function parseUri(text: string): Uri {
  if (text.startsWith('sip:')) return parseSipUri('sip', text, 4);
  const colon = text.indexOf(':');
  const scheme = colon < 0 ? '' : text.slice(0, colon).toLowerCase();
  switch (scheme) {
    case 'sip':
      return parseSipUri('sip', text, 4);
    case 'sips':
      return parseSipUri('sips', text, 5);
    case 'tel':
      return parseTelUri(text, 4);
    default:
      return parseAbsolute(scheme, text, colon + 1);
  }
}

function parseAbsolute(scheme: string, text: string, start: number): AbsoluteUri {
  const first = scheme.charCodeAt(0);
  if (!(first >= 97 && first <= 122) || start >= text.length) throw new SipError(URI, 'no scheme');
  for (let i = 1; i < scheme.length; i++) {
    if (!isClass(scheme.charCodeAt(i), TOKEN)) throw new SipError(URI, 'bad scheme');
  }
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code >= 127 || code === 60 || code === 62 || code === 34) throw new SipError(URI);
  }
  return new AbsoluteUri(scheme, text.slice(start));
}
