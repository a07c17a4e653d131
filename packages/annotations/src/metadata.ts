import 'reflect-metadata';
import type { ListenerKind, Minutes, Seconds, SipServletRequest } from '@siplet/api';
import { AnnotationError } from './errors.ts';

/** Any class, abstract or not. */
export type Class = abstract new (...parameters: never[]) => unknown;

/** What `@Resource` accepts: a class, or a name for user providers. */
export type ResourceToken = Class | string | symbol;

/** Initial parameters by name. */
export type InitParameters = Readonly<Record<string, string>>;

/** How messages of an application are serialised. */
export type Concurrency = 'applicationSession' | 'sipSession' | 'none';

/** What `@SipApplication` says, with the defaults of JSR 289 filled in. */
export interface SipApplicationMetadata {
  readonly name: string;
  readonly displayName: string | undefined;
  readonly description: string | undefined;
  readonly mainServlet: Class | undefined;
  /** In the order of declaration, the main servlet included. */
  readonly servlets: readonly Class[];
  readonly listeners: readonly Class[];
  /** Minutes; default 3. */
  readonly sessionTimeout: Minutes;
  /** Seconds; default 180. */
  readonly proxyTimeout: Seconds;
  readonly distributable: boolean;
  readonly concurrency: Concurrency;
  readonly contextParams: InitParameters;
  readonly initParams: InitParameters;
  /** `undefined` lets the container choose. */
  readonly contextPath: string | undefined;
}

/** What `@SipServlet` says, with defaults filled in. */
export interface SipServletMetadata {
  /** Default: the name of the class. */
  readonly name: string;
  readonly description: string | undefined;
  /** The order of initialisation at start; negative (the default) means when first needed. */
  readonly loadOnStartup: number;
  readonly initParams: InitParameters;
  readonly applicationName: string | undefined;
}

/** What `@WebServlet` says, with defaults filled in. */
export interface WebServletMetadata {
  /** Default: the name of the class. */
  readonly name: string;
  readonly urlPatterns: readonly string[];
  readonly asyncSupported: boolean;
  readonly loadOnStartup: number;
  readonly initParams: InitParameters;
}

/** One place of a class that wants a resource: a property or a constructor parameter. */
export interface ResourceInjection {
  readonly property?: string;
  readonly parameterIndex?: number;
  readonly token: ResourceToken;
  /** The token's name, for messages. */
  readonly typeName: string;
}

/** A {@link ResourceInjection} as recorded, its token not yet resolved. */
export interface RecordedInjection {
  readonly property?: string;
  readonly parameterIndex?: number;
  readonly token: () => ResourceToken;
}

/** The function of `@SipApplicationKey`. */
export type ApplicationKeyFunction = (request: SipServletRequest) => string | undefined;

/** The `@SipApplication` of a class, not inherited. */
export function getSipApplicationMetadata(target: Class): SipApplicationMetadata | undefined {
  return read(APPLICATION, target);
}

/** The `@SipServlet` of a class, not inherited. */
export function getSipServletMetadata(target: Class): SipServletMetadata | undefined {
  return read(SIP_SERVLET, target);
}

/** The `@WebServlet` of a class, not inherited. */
export function getWebServletMetadata(target: Class): WebServletMetadata | undefined {
  return read(WEB_SERVLET, target);
}

/** The listener nouns of a class by `@SipListener` and `@WebListener`, not inherited; empty when there are none. */
export function getListenerKinds(target: Class): readonly ListenerKind[] {
  return read(LISTENERS, target) ?? [];
}

/** The `@SipApplicationKey` method of a class, bound to it. */
export function getApplicationKeyMethod(target: Class): ApplicationKeyFunction | undefined {
  return read(APPLICATION_KEY, target);
}

/** What a class wants injected, inherited properties first. @throws {AnnotationError} ANN_ERR_PARAMETER, ANN_ERR_NO_TYPE */
export function getResourceInjections(target: Class): readonly ResourceInjection[] {
  const properties = new Map<string, RecordedInjection>();
  let parameters: readonly RecordedInjection[] | undefined;
  for (const link of [...prototypeChain(target)].reverse()) {
    const own = read(RESOURCES, link) ?? [];
    for (const injection of own) if (injection.property !== undefined) properties.set(injection.property, injection);
    const ownParameters = own.filter((injection) => injection.parameterIndex !== undefined);
    // A class without a constructor of its own (length 0) inherits the parameters of its parent.
    if (ownParameters.length > 0 || link.length > 0) parameters = ownParameters;
  }
  const sorted = (parameters ?? []).toSorted((a, b) => (a.parameterIndex ?? 0) - (b.parameterIndex ?? 0));
  if (sorted.length > 0) checkParameters(target, sorted);
  return [...properties.values(), ...sorted].map(resolve);
}

function resolve(recorded: RecordedInjection): ResourceInjection {
  const { token: makeToken, ...place } = recorded;
  const token = makeToken();
  return { ...place, token, typeName: typeof token === 'function' ? token.name : String(token) };
}

function checkParameters(target: Class, sorted: readonly RecordedInjection[]): void {
  const indexes = new Set(sorted.map((injection) => injection.parameterIndex));
  for (let index = 0; index < target.length; index += 1) {
    if (!indexes.has(index)) throw new AnnotationError('ANN_ERR_PARAMETER', target.name, index);
  }
}

function* prototypeChain(target: Class): IterableIterator<Class> {
  let link: unknown = target;
  while (typeof link === 'function' && link !== Function.prototype) {
    yield link as Class;
    link = Object.getPrototypeOf(link);
  }
}

/** A metadata key with the type of its value. @internal */
export interface MetadataKey<Value> {
  readonly key: symbol;
  readonly decorator: string;
  readonly type?: Value;
}

/** Where `@SipApplication` keeps its data. @internal */
export const APPLICATION: MetadataKey<SipApplicationMetadata> = key('SipApplication');
/** Where `@SipServlet` keeps its data. @internal */
export const SIP_SERVLET: MetadataKey<SipServletMetadata> = key('SipServlet');
/** Where `@WebServlet` keeps its data. @internal */
export const WEB_SERVLET: MetadataKey<WebServletMetadata> = key('WebServlet');
/** Where `@SipListener` keeps its data. @internal */
export const LISTENERS: MetadataKey<readonly ListenerKind[]> = key('SipListener');
/** Where `@SipApplicationKey` keeps its data. @internal */
export const APPLICATION_KEY: MetadataKey<ApplicationKeyFunction> = key('SipApplicationKey');
/** Where `@Resource` keeps its data. @internal */
export const RESOURCES: MetadataKey<readonly RecordedInjection[]> = key('Resource');

function key<Value>(decorator: string): MetadataKey<Value> {
  return { key: Symbol.for(`siplet:${decorator}`), decorator };
}

/** The value that a decorator has left on this very class. @internal */
export function read<Value>(metadataKey: MetadataKey<Value>, target: Class): Value | undefined {
  return Reflect.getOwnMetadata(metadataKey.key, target) as Value | undefined;
}

/** Leaves a value on a class, replacing what was there. @internal */
export function write<Value>(metadataKey: MetadataKey<Value>, target: Class, value: Value): void {
  Reflect.defineMetadata(metadataKey.key, value, target);
}

/** Leaves a value on a class that has none. @throws {AnnotationError} ANN_ERR_DUPLICATE @internal */
export function writeOnce<Value>(metadataKey: MetadataKey<Value>, target: Class, value: Value): void {
  if (read(metadataKey, target) !== undefined) {
    throw new AnnotationError('ANN_ERR_DUPLICATE', target.name, `@${metadataKey.decorator}`);
  }
  write(metadataKey, target, value);
}
