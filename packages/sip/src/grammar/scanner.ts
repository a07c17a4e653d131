import { HEADER_INJECTION, HEADER_NAME, LIMIT_VALUES, PARAMETER, SipError, URI } from '../errors.ts';

/** RFC 3261 §25.1 `token`. */
export const TOKEN = 1;
/** Letters, digits, `-`, `.` and (tolerated) `_`. */
export const HOST = 2;
/** 0-9. */
export const DIGIT = 4;
/** 0-9 a-f A-F. */
export const HEX = 8;
/** `user` without escapes: unreserved and user-unreserved. */
export const USER = 16;
/** What a URI parameter or header may hold, tolerantly: visible, none of `;?"<>%` or blank. */
export const URI_PARAMETER = 32;
/** What an unquoted header parameter value may hold, tolerantly: visible and 8-bit, none of `;,"<>` or blank. */
export const VALUE = 64;
/** `unreserved` of RFC 2396: alphanum and mark. */
export const UNRESERVED = 128;

/** Class bits of each of the 256 characters. */
export const CLASS = new Uint8Array(256);

function mark(bit: number, characters: string): void {
  for (let i = 0; i < characters.length; i++) {
    const code = characters.charCodeAt(i);
    CLASS[code] = (CLASS[code] ?? 0) | bit;
  }
}

const ALPHA = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ALPHANUM = `${ALPHA}0123456789`;
const MARK = "-_.!~*'()";
let visible = '';
for (let code = 0x21; code < 0x7f; code++) visible += String.fromCharCode(code);
let high = '';
for (let code = 0x80; code < 0x100; code++) high += String.fromCharCode(code);
const without = (text: string, removed: string): string =>
  Array.from(text)
    .filter((c) => !removed.includes(c))
    .join('');

mark(TOKEN, `${ALPHANUM}-.!%*_+\`'~`);
mark(HOST, `${ALPHANUM}-._`);
mark(DIGIT, '0123456789');
mark(HEX, '0123456789abcdefABCDEF');
mark(USER, `${ALPHANUM}${MARK}&=+$,;?/#`); // # is not in the grammar but phones dial it
mark(URI_PARAMETER, without(visible, ';?"<>%'));
mark(VALUE, without(visible, ';,"<>') + high);
mark(UNRESERVED, ALPHANUM + MARK);

/** True when the character code belongs to the class. */
export function isClass(code: number, bit: number): boolean {
  return code < 256 && ((CLASS[code] ?? 0) & bit) !== 0;
}

/** True when every character of `text` (at least one) belongs to the class. */
export function isAll(text: string, bit: number): boolean {
  for (let i = 0; i < text.length; i++) if (!isClass(text.charCodeAt(i), bit)) return false;
  return text.length > 0;
}

/** Throws unless `text` is binary text without CR, LF and NUL. @throws SIP_ERR_HEADER_INJECTION */
export function requireSafe(text: string): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || code === 13 || code === 10 || code === 0) throw new SipError(HEADER_INJECTION);
  }
}

/** Throws unless `text` is a token. @throws SIP_ERR_HEADER_NAME */
export function requireToken(text: string): void {
  if (!isAll(text, TOKEN)) throw new SipError(HEADER_NAME, JSON.stringify(text.slice(0, 40)));
}

/** True for `\t` and the blank. */
export function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** The number written in `text[start, end)`, or -1 when it is not all digits or exceeds `max`. */
export function decimal(text: string, start: number, end: number, max: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
    if (value > max) return -1;
  }
  return value;
}

/** `text` in double quotes, `"` and `\` escaped. */
export function quote(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34 || code === 92) out += '\\';
    out += text.charAt(i);
  }
  return `${out}"`;
}

/** The content of a quoted string; other text comes back as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== 34) return text;
  const inner = text.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  let out = '';
  for (let i = 0; i < inner.length; i++) {
    if (inner.charCodeAt(i) === 92 && i + 1 < inner.length) i++;
    out += inner.charAt(i);
  }
  return out;
}

const MAX_PARAMETERS = 64; // keeps the duplicate check of a hostile list short
const QUOTE = 34;
const BACKSLASH = 92;

/** A cursor over one unfolded value; every method is linear and never looks back. */
export class Scanner {
  readonly text: string;
  pos: number;
  readonly end: number;

  constructor(text: string, pos = 0, end = text.length) {
    this.text = text;
    this.pos = pos;
    this.end = end;
  }

  get done(): boolean {
    return this.pos >= this.end;
  }

  /** The code under the cursor, -1 at the end. */
  get code(): number {
    return this.pos < this.end ? this.text.charCodeAt(this.pos) : -1;
  }

  skipBlanks(): void {
    while (this.pos < this.end && isBlank(this.text.charCodeAt(this.pos))) this.pos++;
  }

  /** Moves over `code` and tells whether it was there. */
  eat(code: number): boolean {
    if (this.code !== code) return false;
    this.pos++;
    return true;
  }

  /** The longest run of the class from the cursor on, perhaps empty. */
  run(bit: number): string {
    const start = this.pos;
    while (this.pos < this.end && isClass(this.text.charCodeAt(this.pos), bit)) this.pos++;
    return this.text.slice(start, this.pos);
  }

  /** A quoted string with its quotes; undefined when it is not closed. */
  quoted(): string | undefined {
    const start = this.pos;
    for (let i = start + 1; i < this.end; i++) {
      const code = this.text.charCodeAt(i);
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) {
        this.pos = i + 1;
        return this.text.slice(start, this.pos);
      }
    }
    return undefined;
  }

  /** A host name, IPv4 address or IPv6 reference in brackets; undefined when there is none. */
  host(): string | undefined {
    if (this.code !== 91) {
      const name = this.run(HOST);
      return name === '' ? undefined : name;
    }
    const close = this.text.indexOf(']', this.pos);
    if (close < 0 || close >= this.end) return undefined;
    const reference = this.text.slice(this.pos, close + 1);
    if (!isIpv6(reference.slice(1, -1))) return undefined;
    this.pos = close + 1;
    return reference;
  }

  /** Digits from the cursor as a port 1-65535; -1 otherwise. */
  port(): number {
    const start = this.pos;
    while (this.pos < this.end && isClass(this.text.charCodeAt(this.pos), DIGIT)) this.pos++;
    const port = decimal(this.text, start, this.pos, 65_535);
    return port === 0 ? -1 : port;
  }

  /** Reads `;name=value` pairs of a header into `into` up to the end. @throws SIP_ERR_PARAMETER */
  headerParameters(into: { append(name: string, value: string): boolean }): void {
    for (let count = 0; ; count++) {
      this.skipBlanks();
      if (this.done) return;
      if (!this.eat(59)) throw new SipError(PARAMETER);
      if (count >= MAX_PARAMETERS) throw new SipError(LIMIT_VALUES);
      this.skipBlanks();
      const name = this.run(TOKEN);
      if (name === '') throw new SipError(PARAMETER);
      this.skipBlanks();
      let value: string | undefined = '';
      if (this.eat(61)) {
        this.skipBlanks();
        value = this.code === QUOTE ? this.quoted() : this.run(VALUE);
      }
      if (value === undefined || !into.append(name, value)) throw new SipError(PARAMETER, name);
    }
  }

  /** Reads `name=value` pairs of a URI, joined by `separator`, up to the end or `?`. @throws SIP_ERR_URI */
  uriParameters(separator: number, into: { append(name: string, value: string): boolean }): void {
    for (let count = 0; ; count++) {
      if (count >= MAX_PARAMETERS) throw new SipError(LIMIT_VALUES);
      const start = this.pos;
      let equals = -1;
      for (; this.pos < this.end; this.pos++) {
        const code = this.text.charCodeAt(this.pos);
        if (code === separator) break;
        if (code === 61 && equals < 0) equals = this.pos;
        else if (code === 37) this.#escape();
        else if (!isClass(code, URI_PARAMETER)) {
          if (code === 63 && separator === 59) break; // the URI headers begin
          if (code !== 63) throw new SipError(URI);
        }
      }
      const nameEnd = equals < 0 ? this.pos : equals;
      if (nameEnd === start) throw new SipError(URI, 'empty parameter name');
      const value = equals < 0 ? '' : this.text.slice(equals + 1, this.pos);
      if (!into.append(this.text.slice(start, nameEnd), value)) throw new SipError(URI, 'repeated parameter');
      if (!this.eat(separator)) return;
    }
  }

  #escape(): void {
    if (!isHexPair(this.text, this.pos, this.end)) throw new SipError(URI, 'bad % escape');
    this.pos += 2;
  }
}

/** True when `%HH` stands at `pos`. */
export function isHexPair(text: string, pos: number, end: number): boolean {
  return pos + 2 < end && isClass(text.charCodeAt(pos + 1), HEX) && isClass(text.charCodeAt(pos + 2), HEX);
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => part.length <= 3 && decimal(part, 0, part.length, 255) >= 0);
}

const MAX_IPV6 = 45; // eight groups with an IPv4 tail

/** True for an IPv6 address without brackets (RFC 3986 §3.2.2, no zone). */
export function isIpv6(text: string): boolean {
  if (text.length < 2 || text.length > MAX_IPV6) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === '') continue;
    const parts = half.split(':');
    for (const [at, part] of parts.entries()) {
      const last = index === halves.length - 1 && at === parts.length - 1;
      if (last && part.includes('.')) {
        if (!isIpv4(part)) return false;
        groups += 2;
      } else {
        if (part.length > 4 || !isAll(part, HEX)) return false;
        groups++;
      }
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

/** Splits at commas outside quotes and angle brackets; values are trimmed, empty ones left out. */
export function splitList(text: string): string[] {
  const values: string[] = [];
  let start = 0;
  let quotes = false;
  let angle = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quotes) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quotes = false;
    } else if (code === QUOTE) quotes = true;
    else if (code === 60) angle = true;
    else if (code === 62) angle = false;
    else if (code === 44 && !angle) {
      const value = text.slice(start, i).trim();
      if (value !== '') values.push(value);
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  if (last !== '') values.push(last);
  return values;
}

/** How many values splitList would find in `text[start, end)`. */
export function countList(text: string, start: number, end: number): number {
  let count = 0;
  let filled = false;
  let quotes = false;
  let angle = false;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (quotes) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quotes = false;
      continue;
    }
    if (code === 44 && !angle) {
      if (filled) count++;
      filled = false;
      continue;
    }
    filled ||= code > 32;
    if (code === QUOTE) quotes = true;
    else if (code === 60) angle = true;
    else if (code === 62) angle = false;
  }
  return filled ? count + 1 : count;
}
