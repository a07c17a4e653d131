import { SipError, URI } from '../errors.ts';
import { HEX, isClass, requireSafe, Scanner } from '../grammar/scanner.ts';
import { Parameters } from '../header/parameters.ts';

/** A `tel:` URI (RFC 3966). */
export class TelUri {
  readonly scheme = 'tel' as const;
  /** As written, with visual separators. */
  number: string;
  readonly params: Parameters;

  constructor(number: string, params: Parameters = new Parameters('uri')) {
    this.number = number;
    this.params = params;
  }

  /** True for a number that starts with `+`. */
  get isGlobal(): boolean {
    return this.number.charCodeAt(0) === 43;
  }

  clone(): TelUri {
    return new TelUri(this.number, this.params.clone());
  }

  /** Equality of RFC 3966 §4: separators do not count, parameters in any order. */
  equals(other: { toString(): string }): boolean {
    if (!(other instanceof TelUri) || this.params.size !== other.params.size) return false;
    if (digits(this.number) !== digits(other.number)) return false;
    for (const [name, value] of this.params) {
      const theirs = other.params.get(name);
      if (theirs === undefined || digits(theirs) !== digits(value)) return false;
    }
    return true;
  }

  /** The URI as it goes on the wire. @throws SIP_ERR_HEADER_INJECTION */
  toString(): string {
    requireSafe(this.number);
    return `tel:${this.number}${this.params.toString()}`;
  }
}

/** Reads what follows `tel:`. @throws SIP_ERR_URI */
export function parseTelUri(text: string, start: number): TelUri {
  const semicolon = text.indexOf(';', start);
  const end = semicolon < 0 ? text.length : semicolon;
  const plus = text.charCodeAt(start) === 43;
  let digit = false;
  for (let i = plus ? start + 1 : start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (isClass(code, HEX) || code === 42 || code === 35) digit = true;
    else if (!isSeparator(code)) throw new SipError(URI, 'bad telephone number');
  }
  if (!digit) throw new SipError(URI, 'empty telephone number');
  const uri = new TelUri(text.slice(start, end));
  if (semicolon >= 0) {
    const scanner = new Scanner(text, end + 1);
    scanner.uriParameters(59, uri.params);
    if (!scanner.done) throw new SipError(URI);
  }
  return uri;
}

function isSeparator(code: number): boolean {
  return code === 45 || code === 46 || code === 40 || code === 41; // - . ( )
}

function digits(number: string): string {
  let out = '';
  for (let i = 0; i < number.length; i++) if (!isSeparator(number.charCodeAt(i))) out += number.charAt(i);
  return out.toLowerCase();
}
