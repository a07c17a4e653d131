import {
  isAll,
  isClass,
  isHexPair,
  quote,
  requireSafe,
  requireToken,
  URI_PARAMETER,
  VALUE,
} from '../grammar/scanner.ts';

/** How values are protected when they are set: quoted in headers, %-escaped in URIs. */
export type ParameterStyle = 'header' | 'uri';

/** An ordered parameter list whose names are case-insensitive. Values are kept as written (quoted or escaped form). */
export class Parameters implements Iterable<[string, string]> {
  readonly #style: ParameterStyle;
  #names: string[] = [];
  #keys: string[] = [];
  #values: string[] = [];

  constructor(style: ParameterStyle = 'header') {
    this.#style = style;
  }

  /** The value as written, `''` for a flag, undefined when absent. */
  get(name: string): string | undefined {
    const at = this.#keys.indexOf(name.toLowerCase());
    return at < 0 ? undefined : this.#values[at];
  }

  has(name: string): boolean {
    return this.#keys.includes(name.toLowerCase());
  }

  /** Sets or adds; `''` makes a flag. @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
  set(name: string, value: string): void {
    const safe = this.#protect(value);
    const at = this.#keys.indexOf(name.toLowerCase());
    if (at >= 0) {
      this.#values[at] = safe;
      return;
    }
    if (this.#style === 'header') requireToken(name);
    this.append(this.#style === 'header' ? name : this.#protect(name), safe);
  }

  delete(name: string): void {
    const at = this.#keys.indexOf(name.toLowerCase());
    if (at < 0) return;
    this.#names.splice(at, 1);
    this.#keys.splice(at, 1);
    this.#values.splice(at, 1);
  }

  get size(): number {
    return this.#names.length;
  }

  clone(): Parameters {
    const copy = new Parameters(this.#style);
    copy.#names = this.#names.slice();
    copy.#keys = this.#keys.slice();
    copy.#values = this.#values.slice();
    return copy;
  }

  /** `;a=b;c`. */
  toString(): string {
    return this.format(';', ';');
  }

  /** The list with another first and middle separator (`?a=b&c=d` in URIs). */
  format(first: string, between: string): string {
    let out = '';
    for (let i = 0; i < this.#names.length; i++) {
      const value = this.#values[i] ?? '';
      out += (i === 0 ? first : between) + (this.#names[i] ?? '');
      if (value !== '') out += `=${value}`;
    }
    return out;
  }

  /** Adds without checks what a parser read; false when the name is there already. @internal */
  append(name: string, value: string): boolean {
    const key = name.toLowerCase();
    if (this.#keys.includes(key)) return false;
    this.#names.push(name);
    this.#keys.push(key);
    this.#values.push(value);
    return true;
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i] ?? '', this.#values[i] ?? ''];
  }

  #protect(value: string): string {
    requireSafe(value);
    if (value === '') return value;
    if (this.#style === 'uri') return escapeParameter(value);
    return isAll(value, VALUE) || isQuoted(value) ? value : quote(value);
  }
}

function isQuoted(value: string): boolean {
  if (value.length < 2 || value.charCodeAt(0) !== 34) return false;
  for (let i = 1; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === 92) i++;
    else if (code === 34) return i === value.length - 1;
  }
  return false;
}

function escapeParameter(value: string): string {
  let out = '';
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    const plain =
      code === 37 ? isHexPair(value, i, value.length) : isClass(code, URI_PARAMETER) && code !== 38 && code !== 61;
    out += plain ? value.charAt(i) : `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}
