import { getResourceInjections } from '@siplet/annotations';
import { constructorFailed, noOrm, noResource } from '../errors.ts';

/** A class that can be constructed with injected arguments. */
export type Constructor<T = object> = new (...args: never[]) => T;

/** What a `@Resource` asks for: a class, a text or a symbol. */
export type Token = unknown;

/** One object that an application offers to its classes, for `deploy(App, { providers })`. */
export interface Provider {
  readonly provide: Token;
  readonly useValue: unknown;
}

/** Finds the object for a token; undefined when it has none. */
export type ResourceFinder = (token: Token) => unknown;

/** Constructs the classes of one application and hands them what their `@Resource`s ask for. */
export class Injector {
  readonly #resources = new Map<Token, unknown>();
  readonly #finders: ResourceFinder[] = [];

  /** Registers an object under a token. */
  provide(token: Token, value: unknown): void {
    this.#resources.set(token, value);
  }

  /** Adds a source that is asked for tokens which nothing is registered for. */
  addFinder(finder: ResourceFinder): void {
    this.#finders.push(finder);
  }

  /**
   * Constructs a class: constructor parameters first, properties assigned after construction.
   * @throws {ContainerError} CTR_ERR_INJECT_NO_RESOURCE, CTR_ERR_INJECT_NO_ORM, CTR_ERR_DEPLOY_CONSTRUCTOR
   */
  construct<T extends object>(target: Constructor<T>): T {
    const injections = getResourceInjections(target);
    const args: unknown[] = [];
    for (const { parameterIndex, token, typeName } of injections)
      if (parameterIndex !== undefined)
        args[parameterIndex] = this.#resolve(target, `constructor parameter ${parameterIndex + 1}`, token, typeName);
    const properties: Record<string, unknown> = {};
    for (const { property, token, typeName } of injections)
      if (property !== undefined) properties[property] = this.#resolve(target, property, token, typeName);
    const instance = build(target, args);
    for (const [name, value] of Object.entries(properties))
      Object.defineProperty(instance, name, { value, writable: true, enumerable: false, configurable: true });
    return instance;
  }

  /** The object for a token, or undefined. */
  find(token: Token): unknown {
    if (this.#resources.has(token)) return this.#resources.get(token);
    for (const finder of this.#finders) {
      const value = finder(token);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #resolve(target: Constructor, place: string, token: Token, typeName: string): unknown {
    const value = this.find(token);
    if (value !== undefined || this.#resources.has(token)) return value;
    if (/EntityManager$|^MikroORM$/.test(typeName)) throw noOrm(target.name, place);
    const sameName = [...this.#resources.keys()].some((key) => tokenName(key) === typeName && key !== token);
    const hint = sameName
      ? ' Another class of this name is registered: check that both import it from the same copy of the package.'
      : '';
    throw noResource(target.name, place, typeName, hint);
  }
}

/** A token's name for messages. */
export function tokenName(token: Token): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'symbol' ? (token.description ?? 'symbol') : String(token);
}

function build<T extends object>(target: Constructor<T>, args: readonly unknown[]): T {
  try {
    return Reflect.construct(target, args);
  } catch (error) {
    throw constructorFailed.because(error, target.name, error instanceof Error ? error.message : String(error));
  }
}
