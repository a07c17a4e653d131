import { attributeNull } from '../sip-errors.ts';
import { illegalArgument } from '../message/illegal.ts';

/** Hears about changes of an {@link AttributeStore}. */
export interface AttributeHooks {
  changed(method: 'attributeAdded' | 'attributeReplaced' | 'attributeRemoved', name: string): void;
}

/** The attributes of a session; names are arbitrary text, so never object keys. */
export class AttributeStore {
  readonly #hooks: AttributeHooks;
  #values: Map<string, unknown> | undefined = undefined;

  constructor(hooks: AttributeHooks) {
    this.#hooks = hooks;
  }

  get(name: string): unknown {
    return this.#values?.get(name);
  }

  /** @throws {IllegalArgumentError} CTR_ERR_ATTRIBUTE for undefined */
  set(name: string, value: unknown): void {
    if (value === undefined) throw illegalArgument(attributeNull, name);
    this.#values ??= new Map();
    const replaced = this.#values.has(name);
    this.#values.set(name, value);
    this.#hooks.changed(replaced ? 'attributeReplaced' : 'attributeAdded', name);
  }

  remove(name: string): void {
    if (this.#values?.delete(name) === true) this.#hooks.changed('attributeRemoved', name);
  }

  /** Removes everything; listeners hear of each. */
  clear(): void {
    for (const name of this.names()) this.remove(name);
  }

  /** The names at this moment. */
  names(): string[] {
    return this.#values === undefined ? [] : [...this.#values.keys()];
  }

  /** A derived session starts with the same attributes (JSR 289 §6.2.3); listeners do not hear of it. */
  copyFrom(other: AttributeStore): void {
    if (other.#values !== undefined) this.#values = new Map(other.#values);
  }
}
