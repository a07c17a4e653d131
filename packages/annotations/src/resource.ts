import 'reflect-metadata';
import { AnnotationError } from './errors.ts';
import { read, RESOURCES, write, type Class, type RecordedInjection, type ResourceToken } from './metadata.ts';

/** What `@Resource(...)` returns: works on properties and on constructor parameters. */
export type ResourceDecorator = (target: object, property: string | symbol | undefined, index?: unknown) => void;

/**
 * Asks the container for an object: by the declared class, by an explicit token, or by `() => Token` when the class is
 * defined later. @throws {AnnotationError} ANN_ERR_NO_TYPE and others, naming class, property and remedy.
 */
export function Resource(token?: ResourceToken | (() => ResourceToken)): ResourceDecorator {
  const given = arguments.length > 0;
  return (target, property, index) => {
    if (typeof index === 'number') {
      recordParameter(target, property, index, given, token);
    } else {
      recordProperty(target, property, index, given, token);
    }
  };
}

function recordParameter(
  target: object,
  method: string | symbol | undefined,
  index: number,
  given: boolean,
  token: ResourceToken | (() => ResourceToken) | undefined,
): void {
  if (typeof target !== 'function' || method !== undefined) {
    throw new AnnotationError('ANN_ERR_RESOURCE_TARGET', place(target, method), 'a method parameter');
  }
  const where = `${target.name}, constructor parameter ${index}`;
  const types = Reflect.getOwnMetadata('design:paramtypes', target) as readonly unknown[] | undefined;
  const makeToken = given ? explicit(token, where) : declared(types !== undefined, types?.[index], where);
  record(target as Class, { parameterIndex: index, token: makeToken });
}

function recordProperty(
  target: object,
  property: string | symbol | undefined,
  descriptor: unknown,
  given: boolean,
  token: ResourceToken | (() => ResourceToken) | undefined,
): void {
  const where = place(target, property);
  const wrong = wrongTarget(target, property, descriptor);
  if (wrong !== undefined) throw new AnnotationError('ANN_ERR_RESOURCE_TARGET', where, wrong);
  const name = property as string;
  const recorded = Reflect.hasOwnMetadata('design:type', target, name);
  const type: unknown = Reflect.getOwnMetadata('design:type', target, name);
  const makeToken = given ? explicit(token, where) : declared(recorded, type, where);
  record(target.constructor as unknown as Class, { property: name, token: makeToken });
}

function wrongTarget(target: object, property: string | symbol | undefined, descriptor: unknown): string | undefined {
  if (property === undefined) return 'a class';
  if (typeof target === 'function') return 'a static member';
  if (typeof property === 'symbol') return 'a symbol property';
  if (descriptor !== undefined) return 'a method or accessor';
  return undefined;
}

function explicit(token: unknown, where: string): () => ResourceToken {
  // Classes and classic functions have a prototype; an arrow function does not and is taken for a lazy token.
  if (typeof token === 'function' && token.prototype === undefined) {
    return () => checkToken((token as () => unknown)(), where);
  }
  const checked = checkToken(token, where);
  return () => checked;
}

function checkToken(token: unknown, where: string): ResourceToken {
  if (NO_TOKENS.has(token)) throw new AnnotationError('ANN_ERR_NO_TYPE', where, nameOf(token));
  const named = (typeof token === 'string' && token !== '') || typeof token === 'symbol';
  if (!named && (typeof token !== 'function' || token.prototype === undefined)) {
    throw new AnnotationError('ANN_ERR_TOKEN', where, nameOf(token));
  }
  return token as ResourceToken;
}

function declared(recorded: boolean, type: unknown, where: string): () => ResourceToken {
  if (!recorded) throw new AnnotationError('ANN_ERR_NO_METADATA', where);
  const token = checkToken(type, where);
  return () => token;
}

function record(target: Class, injection: RecordedInjection): void {
  const own = read(RESOURCES, target) ?? [];
  const twice = own.some(
    (other) => other.property === injection.property && other.parameterIndex === injection.parameterIndex,
  );
  if (twice) {
    const member = injection.property ?? `constructor parameter ${injection.parameterIndex}`;
    throw new AnnotationError('ANN_ERR_DUPLICATE', `${target.name}, ${member}`, '@Resource');
  }
  write(RESOURCES, target, [...own, injection]);
}

function place(target: object, property: string | symbol | undefined): string {
  const owner = typeof target === 'function' ? target.name : target.constructor.name;
  return property === undefined ? owner : `${owner}.${String(property)}`;
}

function nameOf(value: unknown): string {
  if (typeof value === 'function' && value.name !== '') return value.name;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

// What the compilers write for types that do not exist at run time; tsc and swc differ in some of them.
const NO_TOKENS: ReadonlySet<unknown> = new Set([
  Object,
  Function,
  Array,
  Promise,
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  undefined,
  null,
]);
