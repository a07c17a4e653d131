import { decimal, requireSafe, requireToken, splitList } from '../grammar/scanner.ts';
import { parseCSeq, type CSeq } from '../header/cseq.ts';
import { headerInfo, headerKey, type HeaderInfo } from '../header/names.ts';
import { parseNameAddr, type NameAddr } from '../header/name-addr.ts';
import { parseVia, type Via } from '../header/via.ts';

/** One header line. Immutable, so that messages share lines; a change replaces it. @internal */
export class HeaderField {
  readonly key: string;
  readonly list: boolean;
  /** The message the line stands in, `''` for a line made here. */
  readonly source: string;
  readonly start: number;
  readonly end: number;
  readonly #nameEnd: number;
  readonly #valueStart: number;
  readonly #valueEnd: number;
  #name: string | undefined;
  #text: string | undefined;

  constructor(
    key: string,
    name: string | undefined,
    list: boolean,
    source: string,
    start: number,
    end: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    text: string | undefined,
  ) {
    this.key = key;
    this.list = list;
    this.source = source;
    this.start = start;
    this.end = end;
    this.#nameEnd = nameEnd;
    this.#valueStart = valueStart;
    this.#valueEnd = valueEnd;
    this.#name = name;
    this.#text = text;
  }

  /** The name as written. */
  get name(): string {
    return (this.#name ??= this.source.slice(this.start, this.#nameEnd));
  }

  /** The value, trimmed and unfolded. */
  get text(): string {
    return (this.#text ??= this.source.slice(this.#valueStart, this.#valueEnd));
  }
}

function makeField(name: string, value: string): HeaderField {
  const info = headerInfo(name);
  if (info === undefined) requireToken(name);
  requireSafe(value);
  return field(info, name, value);
}

function field(info: HeaderInfo | undefined, name: string, value: string): HeaderField {
  const written = info?.name ?? name;
  return new HeaderField(info?.name ?? name.toLowerCase(), written, info?.list ?? false, '', -1, -1, 0, 0, 0, value);
}

/** The values of one line: several only for a list header. */
function valuesOf(line: HeaderField): string[] {
  return line.list && line.text.includes(',') ? splitList(line.text) : [line.text];
}

/**
 * The headers of a message, in order. Lines keep their raw text until they are changed. Typed values (`via`, `from` …)
 * are parsed on first read and are not live: change a `clone()` and `set()` its text.
 */
export class Headers {
  #fields: HeaderField[] = [];
  #viaField: HeaderField | undefined;
  #via: Via | undefined;
  #fromField: HeaderField | undefined;
  #from: NameAddr | undefined;
  #toField: HeaderField | undefined;
  #to: NameAddr | undefined;
  #cseqField: HeaderField | undefined;
  #cseq: CSeq | undefined;

  /** The value of the first line, with its commas; undefined when absent. */
  get(name: string): string | undefined {
    return this.#find(headerKey(name))?.text;
  }

  /** All values in order; comma lists are split for list headers. */
  getAll(name: string): string[] {
    const key = headerKey(name);
    const values: string[] = [];
    for (const line of this.#fields) if (line.key === key) values.push(...valuesOf(line));
    return values;
  }

  has(name: string): boolean {
    return this.#find(headerKey(name)) !== undefined;
  }

  /** Each header once, in canonical spelling and order of first appearance. */
  names(): string[] {
    const names = new Map<string, string>();
    for (const line of this.#fields) {
      if (!names.has(line.key)) names.set(line.key, headerInfo(line.name)?.name ?? line.name);
    }
    return [...names.values()];
  }

  /** Replaces every line of this name by one. @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
  set(name: string, value: string): void {
    this.#replace(headerKey(name), [makeField(name, value)]);
  }

  /** Replaces every line of this name by one line per value. @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
  setAll(name: string, values: string[]): void {
    this.#replace(
      headerKey(name),
      values.map((value) => makeField(name, value)),
    );
  }

  /** Adds a line after the last one of this name. @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
  add(name: string, value: string): void {
    const line = makeField(name, value);
    let at = this.#fields.length;
    for (let i = at - 1; i >= 0; i--) {
      if (this.#fields[i]?.key !== line.key) continue;
      at = i + 1;
      break;
    }
    this.#fields.splice(at, 0, line);
  }

  /** Adds a line before the first one of this name, at the top when there is none. @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
  prepend(name: string, value: string): void {
    const line = makeField(name, value);
    const first = this.#fields.findIndex((other) => other.key === line.key);
    if (first <= 0) this.#fields.unshift(line);
    else this.#fields.splice(first, 0, line);
  }

  delete(name: string): void {
    const key = headerKey(name);
    if (this.#find(key) !== undefined) this.#fields = this.#fields.filter((line) => line.key !== key);
  }

  /** Takes the first value off (one of a comma list, else the line) and returns it. */
  removeFirst(name: string): string | undefined {
    return this.#takeFirst(headerKey(name), undefined);
  }

  /** Puts `value` in the place of the first value. @internal */
  replaceFirst(name: string, value: string): void {
    this.#takeFirst(headerKey(name), makeField(name, value));
  }

  /** The topmost Via; undefined when absent or malformed. */
  get via(): Via | undefined {
    const line = this.#find('Via');
    if (line !== this.#viaField) {
      this.#viaField = line;
      this.#via = line && attempt(parseVia, valuesOf(line)[0] ?? '');
    }
    return this.#via;
  }

  get from(): NameAddr | undefined {
    const line = this.#find('From');
    if (line !== this.#fromField) {
      this.#fromField = line;
      this.#from = line && attempt(parseNameAddr, line.text);
    }
    return this.#from;
  }

  get to(): NameAddr | undefined {
    const line = this.#find('To');
    if (line !== this.#toField) {
      this.#toField = line;
      this.#to = line && attempt(parseNameAddr, line.text);
    }
    return this.#to;
  }

  get callId(): string | undefined {
    return this.#find('Call-ID')?.text;
  }

  get cseq(): CSeq | undefined {
    const line = this.#find('CSeq');
    if (line !== this.#cseqField) {
      this.#cseqField = line;
      this.#cseq = line && attempt(parseCSeq, line.text);
    }
    return this.#cseq;
  }

  /** 0-255; undefined when absent or malformed. */
  get maxForwards(): number | undefined {
    return this.#number('Max-Forwards', 255);
  }

  /** Bytes; undefined when absent or malformed. */
  get contentLength(): number | undefined {
    return this.#number('Content-Length', Number.MAX_SAFE_INTEGER);
  }

  /**
   * The values of an address header, parsed anew at each call; the wildcard `*` is left out.
   * @throws SIP_ERR_NAME_ADDR (fault remote) for a malformed value; the engine has checked Contact, Route and Record-Route
   */
  addresses(name: string): NameAddr[] {
    const key = headerKey(name);
    const out: NameAddr[] = [];
    for (const line of this.#fields) {
      if (line.key !== key) continue;
      for (const value of valuesOf(line)) if (value !== '*') out.push(parseNameAddr(value));
    }
    return out;
  }

  /** True for `Contact: *` (RFC 3261 §10.2.2). */
  get contactIsWildcard(): boolean {
    return this.get('Contact') === '*';
  }

  /** A copy that shares the unchanged lines. */
  clone(): Headers {
    const copy = new Headers();
    copy.#fields = this.#fields.slice();
    return copy;
  }

  /** Every line: name as written, raw value. */
  *entries(): IterableIterator<[string, string]> {
    for (const line of this.#fields) yield [line.name, line.text];
  }

  /** The lines themselves, for the serializer. @internal */
  get fields(): readonly HeaderField[] {
    return this.#fields;
  }

  /** Forgets the parsed values; they are parsed again when asked for. Saves memory in waiting transactions. @internal */
  release(): void {
    this.#viaField = this.#fromField = this.#toField = this.#cseqField = undefined;
    this.#via = this.#cseq = undefined;
    this.#from = this.#to = undefined;
  }

  /** Adds a parsed or shared line at the end. @internal */
  push(line: HeaderField): void {
    this.#fields.push(line);
  }

  /** Appends every line of `key` found in `other`. @internal */
  copyFrom(other: Headers, key: string): void {
    for (const line of other.#fields) if (line.key === key) this.#fields.push(line);
  }

  #find(key: string): HeaderField | undefined {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i++) {
      const line = fields[i];
      if (line !== undefined && line.key === key) return line;
    }
    return undefined;
  }

  #number(key: string, max: number): number | undefined {
    const text = this.#find(key)?.text;
    if (text === undefined) return undefined;
    const value = decimal(text, 0, text.length, max);
    return value < 0 ? undefined : value;
  }

  #replace(key: string, lines: HeaderField[]): void {
    const first = this.#fields.findIndex((line) => line.key === key);
    if (first < 0) {
      this.#fields.push(...lines);
      return;
    }
    const [only] = lines;
    if (lines.length === 1 && only !== undefined && this.#isLast(first, key)) {
      this.#fields[first] = only; // the common case: one line for one line
      return;
    }
    const rest = this.#fields.slice(first + 1).filter((line) => line.key !== key);
    this.#fields = [...this.#fields.slice(0, first), ...lines, ...rest];
  }

  #isLast(at: number, key: string): boolean {
    for (let i = at + 1; i < this.#fields.length; i++) if (this.#fields[i]?.key === key) return false;
    return true;
  }

  #takeFirst(key: string, replacement: HeaderField | undefined): string | undefined {
    const at = this.#fields.findIndex((line) => line.key === key);
    const line = this.#fields[at];
    if (line === undefined) return undefined;
    const [first, ...rest] = valuesOf(line);
    const lines = replacement === undefined ? [] : [replacement];
    if (rest.length > 0) lines.push(field(headerInfo(key), line.name, rest.join(', ')));
    this.#fields.splice(at, 1, ...lines);
    return first;
  }
}

// Values come from the network: a malformed one reads as absent.
function attempt<T>(parse: (text: string) => T, text: string): T | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
