import { NAME_ADDR, SipError } from '../errors.ts';
import { isAll, isBlank, quote, requireSafe, Scanner, TOKEN, unquote } from '../grammar/scanner.ts';
import { parseUri, type Uri } from '../uri/uri.ts';
import { Parameters } from './parameters.ts';

/** The value of From, To, Contact, Route, Record-Route and their like (RFC 3261 §20.10). */
export class NameAddr {
  /** Without quotes and escapes. */
  displayName: string | undefined;
  uri: Uri;
  readonly params: Parameters;

  constructor(uri: Uri, displayName?: string, params: Parameters = new Parameters()) {
    this.displayName = displayName;
    this.uri = uri;
    this.params = params;
  }

  /** The `tag` parameter; an empty one counts as absent. */
  get tag(): string | undefined {
    const tag = this.params.get('tag');
    return tag === '' ? undefined : tag;
  }

  set tag(value: string | undefined) {
    if (value === undefined) this.params.delete('tag');
    else this.params.set('tag', value);
  }

  clone(): NameAddr {
    return new NameAddr(this.uri.clone(), this.displayName, this.params.clone());
  }

  /** `"Name" <uri>;params`, always with angle brackets. @throws SIP_ERR_HEADER_INJECTION */
  toString(): string {
    let out = '';
    if (this.displayName !== undefined && this.displayName !== '') {
      requireSafe(this.displayName);
      out = `${isAll(this.displayName, TOKEN) ? this.displayName : quote(this.displayName)} `;
    }
    return `${out}<${this.uri.toString()}>${this.params.toString()}`;
  }
}

/** Reads one address. @throws SIP_ERR_NAME_ADDR, SIP_ERR_URI, SIP_ERR_PARAMETER */
export function parseNameAddr(text: string): NameAddr {
  const scanner = new Scanner(text);
  scanner.skipBlanks();
  const displayName = scanner.code === 34 ? quotedName(scanner) : plainName(scanner);
  const uri = scanner.eat(60) ? bracketed(scanner) : bare(scanner);
  const value = new NameAddr(parseUri(uri), displayName);
  scanner.headerParameters(value.params);
  return value;
}

function quotedName(scanner: Scanner): string {
  const name = scanner.quoted();
  if (name === undefined) throw new SipError(NAME_ADDR, 'quote not closed');
  scanner.skipBlanks();
  if (scanner.code !== 60) throw new SipError(NAME_ADDR, 'no <');
  return unquote(name);
}

// A display name ends at <, and holds no colon; so whichever comes first tells the two forms apart.
function plainName(scanner: Scanner): string | undefined {
  const { text, end } = scanner;
  for (let i = scanner.pos; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 58) return undefined;
    if (code === 60) {
      const name = text.slice(scanner.pos, i).trim();
      scanner.pos = i;
      return name === '' ? undefined : name;
    }
    if (code === 34 || code === 44 || code === 59 || code === 92) break;
  }
  throw new SipError(NAME_ADDR);
}

function bracketed(scanner: Scanner): string {
  const { text, pos } = scanner;
  const close = text.indexOf('>', pos);
  if (close < 0) throw new SipError(NAME_ADDR, 'no >');
  scanner.pos = close + 1;
  return text.slice(pos, close);
}

// RFC 3261 §20: without brackets, everything from the first ; on belongs to the header.
function bare(scanner: Scanner): string {
  const start = scanner.pos;
  for (; scanner.pos < scanner.end; scanner.pos++) {
    const code = scanner.code;
    if (code === 59 || isBlank(code)) break;
    if (code === 44 || code === 63) throw new SipError(NAME_ADDR, 'comma or ? outside <>');
  }
  return scanner.text.slice(start, scanner.pos);
}
