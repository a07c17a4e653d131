import { Parameterable } from '@siplet/api';
import { Parameters } from '@siplet/sip';
import { unparsableParameterable } from '../sip-errors.ts';
import { parseError } from '../message/illegal.ts';
import { ParameterView, sameParameters } from './address.ts';
import type { Observer } from './observer.ts';
import { toApplication, toCore } from './text.ts';

/** A header value of the form `value;name=value`. @throws {ServletParseError} CTR_ERR_PARAMETERABLE_UNPARSABLE */
export function parameterableFromText(text: string, observer?: Observer): Parameterable {
  const core = toCore(text.trim());
  const parts = splitOutsideQuotes(core, ';');
  const value = parts[0]?.trim() ?? '';
  if (value === '') throw parseError(unparsableParameterable, undefined, text);
  const params = new Parameters();
  for (let i = 1; i < parts.length; i++) readParameter(parts[i]?.trim() ?? '', params, text);
  return new ParameterableView(value, params, observer);
}

function readParameter(part: string, params: Parameters, text: string): void {
  if (part === '') throw parseError(unparsableParameterable, undefined, text);
  const equals = part.indexOf('=');
  if (equals === -1) params.set(part, '');
  else params.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let angle = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '<') angle++;
    else if (char === '>') angle--;
    else if (char === separator && angle === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

class ParameterableView extends Parameterable {
  #value: string;
  readonly #params: Parameters;
  readonly #view: ParameterView;
  readonly #observer: Observer | undefined;

  constructor(value: string, params: Parameters, observer: Observer | undefined) {
    super();
    this.#value = value;
    this.#params = params;
    this.#observer = observer;
    this.#view = new ParameterView(params, observer);
  }

  getValue(): string {
    return toApplication(this.#value);
  }

  setValue(value: string): void {
    this.#observer?.before('value');
    this.#value = toCore(value);
    this.#observer?.after();
  }

  getParameter(name: string): string | undefined {
    return this.#view.get(name);
  }

  setParameter(name: string, value: string | undefined): void {
    this.#view.set(name, value);
  }

  removeParameter(name: string): void {
    this.#view.set(name, undefined);
  }

  getParameterNames(): IterableIterator<string> {
    return this.#view.names();
  }

  getParameters(): IterableIterator<[name: string, value: string]> {
    return this.#view.entries();
  }

  clone(): Parameterable {
    return new ParameterableView(this.#value, this.#params.clone(), undefined);
  }

  equals(other: unknown): boolean {
    return other instanceof Parameterable && other.getValue() === this.getValue() && sameParameters(this, other);
  }

  toString(): string {
    return toApplication(this.#value + this.#params.toString());
  }
}
