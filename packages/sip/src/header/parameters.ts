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

const NAME = 0;
const VALUE_AT = 1;
const KEY = 2;
const WIDTH = 3;

/** An ordered parameter list whose names are case-insensitive. Values are kept as written (quoted or escaped form). */
export class Parameters implements Iterable<[string, string]> {
  readonly #style: ParameterStyle;
  // Name, value, lower-case name, name, value … in one array, none while empty: most lists are short or empty.
  #items: string[] | undefined = undefined;

  constructor(style: ParameterStyle = 'header') {
    this.#style = style;
  }

  /** The value as written, `''` for a flag, undefined when absent. */
  get(name: string): string | undefined {
    const at = this.#find(name);
    return at < 0 ? undefined : this.#items?.[at + VALUE_AT];
  }

  has(name: string): boolean {
    return this.#find(name) >= 0;
  }

  /** Sets or adds; `''` makes a flag. @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
  set(name: string, value: string): void {
    const safe = this.#protect(value);
    const at = this.#find(name);
    if (at >= 0 && this.#items !== undefined) {
      this.#items[at + VALUE_AT] = safe;
      return;
    }
    if (this.#style === 'header') requireToken(name);
    this.append(this.#style === 'header' ? name : this.#protect(name), safe);
  }

  delete(name: string): void {
    const at = this.#find(name);
    if (at >= 0) this.#items?.splice(at, WIDTH);
  }

  get size(): number {
    return this.#items === undefined ? 0 : this.#items.length / WIDTH;
  }

  clone(): Parameters {
    const copy = new Parameters(this.#style);
    if (this.#items !== undefined) copy.#items = this.#items.slice();
    return copy;
  }

  /** `;a=b;c`. */
  toString(): string {
    return this.format(';', ';');
  }

  /** The list with another first and middle separator (`?a=b&c=d` in URIs). */
  format(first: string, between: string): string {
    const items = this.#items;
    if (items === undefined) return '';
    let out = '';
    for (let i = 0; i < items.length; i += WIDTH) {
      const value = items[i + VALUE_AT] ?? '';
      out += (i === 0 ? first : between) + (items[i + NAME] ?? '');
      if (value !== '') out += `=${value}`;
    }
    return out;
  }

  /** Adds without checks what a parser read; false when the name is there already. @internal */
  append(name: string, value: string): boolean {
    if (this.#items === undefined) {
      this.#items = [name, value, name.toLowerCase()];
      return true;
    }
    if (this.#find(name) >= 0) return false;
    this.#items.push(name, value, name.toLowerCase());
    return true;
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    const items = this.#items ?? [];
    for (let i = 0; i < items.length; i += WIDTH) yield [items[i + NAME] ?? '', items[i + VALUE_AT] ?? ''];
  }

  #find(name: string): number {
    const items = this.#items;
    if (items === undefined) return -1;
    const key = name.toLowerCase();
    for (let i = 0; i < items.length; i += WIDTH) if (items[i + KEY] === key) return i;
    return -1;
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
