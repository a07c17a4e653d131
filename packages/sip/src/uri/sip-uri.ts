import { SipError, URI } from '../errors.ts';
import { HEX, isClass, isHexPair, requireSafe, Scanner, UNRESERVED, USER } from '../grammar/scanner.ts';
import { Parameters } from '../header/parameters.ts';

/** A `sip:` or `sips:` URI (RFC 3261 §19.1). */
export class SipUri {
  scheme: 'sip' | 'sips';
  /** In its escaped form, as it goes on the wire. */
  user: string | undefined;
  password: string | undefined;
  /** IPv6 addresses with brackets. */
  host: string;
  port: number | undefined;
  readonly params: Parameters;
  readonly headers: Parameters;

  constructor(
    scheme: 'sip' | 'sips',
    user: string | undefined,
    host: string,
    port?: number,
    params: Parameters = new Parameters('uri'),
    headers: Parameters = new Parameters('uri'),
  ) {
    this.scheme = scheme;
    this.user = user;
    this.password = undefined;
    this.host = host;
    this.port = port;
    this.params = params;
    this.headers = headers;
  }

  clone(): SipUri {
    const copy = new SipUri(this.scheme, this.user, this.host, this.port, this.params.clone(), this.headers.clone());
    copy.password = this.password;
    return copy;
  }

  /** Equality of RFC 3261 §19.1.4 (not transitive). */
  equals(other: { toString(): string }): boolean {
    return (
      other instanceof SipUri &&
      this.scheme === other.scheme &&
      sameEscaped(this.user, other.user) &&
      sameEscaped(this.password, other.password) &&
      this.host.toLowerCase() === other.host.toLowerCase() &&
      this.port === other.port &&
      sameParameters(this.params, other.params) &&
      sameHeaders(this.headers, other.headers)
    );
  }

  /** The URI as it goes on the wire. @throws SIP_ERR_HEADER_INJECTION */
  toString(): string {
    let out = `${this.scheme}:`;
    if (this.user !== undefined) {
      requireSafe(this.user);
      out += this.user;
      if (this.password !== undefined) {
        requireSafe(this.password);
        out += `:${this.password}`;
      }
      out += '@';
    }
    requireSafe(this.host);
    out += this.host;
    if (this.port !== undefined) out += `:${this.port}`;
    if (this.params.size > 0) out += this.params.toString();
    if (this.headers.size > 0) out += this.headers.format('?', '&');
    return out;
  }
}

/** Reads what follows `sip:` or `sips:`. @throws SIP_ERR_URI */
export function parseSipUri(scheme: 'sip' | 'sips', text: string, start: number): SipUri {
  const at = text.indexOf('@', start);
  let user: string | undefined;
  let password: string | undefined;
  let from = start;
  if (at >= 0) {
    const colon = text.indexOf(':', start);
    const userEnd = colon >= 0 && colon < at ? colon : at;
    user = requireUser(text, start, userEnd);
    if (userEnd === start) throw new SipError(URI, 'empty user');
    if (userEnd < at) password = requireUser(text, userEnd + 1, at);
    from = at + 1;
  }
  const scanner = new Scanner(text, from);
  const host = scanner.host();
  if (host === undefined) throw new SipError(URI, 'no host');
  let port: number | undefined;
  if (scanner.eat(58)) {
    port = scanner.port();
    if (port < 0) throw new SipError(URI, 'bad port');
  }
  const uri = new SipUri(scheme, user, host, port);
  uri.password = password;
  if (scanner.eat(59)) scanner.uriParameters(59, uri.params);
  if (scanner.eat(63)) scanner.uriParameters(38, uri.headers);
  if (!scanner.done) throw new SipError(URI);
  return uri;
}

function requireUser(text: string, start: number, end: number): string {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 37 && isHexPair(text, i, end)) i += 2;
    else if (!isClass(code, USER)) throw new SipError(URI, 'bad character in user');
  }
  return text.slice(start, end);
}

/** %-escapes what may not stand in the user part; takes binary text. */
export function escapeUser(text: string): string {
  requireSafe(text);
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    out += isClass(code, USER) && code !== 35 ? text.charAt(i) : `%${hex(code)}`;
  }
  return out;
}

/** Undoes %-escapes; the result is binary text. */
export function unescapeUser(text: string): string {
  if (!text.includes('%')) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) === 37 && isHexPair(text, i, text.length)) {
      out += String.fromCharCode(hexPair(text, i));
      i += 2;
    } else out += text.charAt(i);
  }
  return out;
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, '0');
}

function hexDigit(code: number): number {
  return isClass(code, HEX) ? (code <= 57 ? code - 48 : (code | 32) - 87) : 0;
}

function hexPair(text: string, at: number): number {
  return hexDigit(text.charCodeAt(at + 1)) * 16 + hexDigit(text.charCodeAt(at + 2));
}

// RFC 3261 §19.1.4: %HH equals the character unless that character is reserved.
function normalize(text: string): string {
  if (!text.includes('%')) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) === 37 && isHexPair(text, i, text.length)) {
      const code = hexPair(text, i);
      out += isClass(code, UNRESERVED) ? String.fromCharCode(code) : `%${hex(code)}`;
      i += 2;
    } else out += text.charAt(i);
  }
  return out;
}

function sameEscaped(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || normalize(a) === normalize(b);
}

// Alone on one side these never match; transport follows the examples of the clause.
const SIGNIFICANT = ['user', 'ttl', 'method', 'maddr', 'transport'];

function sameParameters(a: Parameters, b: Parameters): boolean {
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other !== undefined && normalize(other).toLowerCase() !== normalize(value).toLowerCase()) return false;
  }
  return SIGNIFICANT.every((name) => a.has(name) === b.has(name));
}

function sameHeaders(a: Parameters, b: Parameters): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other === undefined || !sameEscaped(other, value)) return false;
  }
  return true;
}
