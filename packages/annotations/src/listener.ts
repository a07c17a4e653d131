import { LISTENER_KINDS, type ListenerKind, type ListenerKindInfo, type ListenerToken } from '@siplet/api';
import { AnnotationError } from './errors.ts';
import { LISTENERS, read, write, type Class } from './metadata.ts';

type UnionToIntersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never;

/** A class decorator for classes that have all methods of the given listener nouns. */
export type ListenerDecorator<Kinds extends readonly ListenerToken[]> = (
  target: abstract new (
    ...parameters: never[]
  ) => Kinds extends readonly [] ? unknown : UnionToIntersection<InstanceType<Kinds[number]>>,
) => void;

/** Says which listeners a class is; without arguments they are inferred when its methods allow it. @throws {AnnotationError} ANN_ERR_LISTENER_INFERENCE and others */
export function SipListener<const Kinds extends readonly ListenerToken[]>(...kinds: Kinds): ListenerDecorator<Kinds> {
  return (target) => declare(target, 'sip', kinds);
}

/** Says which web listeners a class is; without arguments they are inferred when its methods allow it. @throws {AnnotationError} ANN_ERR_LISTENER_INFERENCE and others */
export function WebListener<const Kinds extends readonly ListenerToken[]>(...kinds: Kinds): ListenerDecorator<Kinds> {
  return (target) => declare(target, 'web', kinds);
}

type Side = ListenerKindInfo['side'];

const KIND_NAMES = Object.keys(LISTENER_KINDS) as ListenerKind[];

function declare(target: Class, side: Side, tokens: readonly ListenerToken[]): void {
  const kinds = tokens.length === 0 ? infer(target, side) : tokens.map((token) => kindOf(target, token));
  const before = read(LISTENERS, target) ?? [];
  for (const [index, kind] of kinds.entries()) {
    if (before.includes(kind) || kinds.indexOf(kind) !== index) {
      throw new AnnotationError('ANN_ERR_DUPLICATE', target.name, kind);
    }
    const missing = LISTENER_KINDS[kind].methods.find((method) => !hasMethod(target, method));
    if (missing !== undefined) throw new AnnotationError('ANN_ERR_LISTENER_METHOD', target.name, kind, missing);
  }
  write(LISTENERS, target, [...before, ...kinds]);
}

function kindOf(target: Class, token: ListenerToken): ListenerKind {
  const kind = KIND_NAMES.find((name) => LISTENER_KINDS[name].token === token);
  if (kind === undefined) {
    const name = typeof token === 'function' ? (token as Class).name : String(token);
    throw new AnnotationError('ANN_ERR_LISTENER_KIND', target.name, name);
  }
  return kind;
}

function infer(target: Class, side: Side): readonly ListenerKind[] {
  const possible = KIND_NAMES.filter((kind) => LISTENER_KINDS[kind].methods.every((name) => hasMethod(target, name)));
  const ours = possible.filter((kind) => LISTENER_KINDS[kind].side === side);
  const rivals = new Set(ours.flatMap((kind) => possible.filter((other) => rival(kind, other)).concat(kind)));
  if (ours.length === 0) throw new AnnotationError('ANN_ERR_LISTENER_INFERENCE', target.name, 'none fits');
  if (ours.some((kind) => possible.some((other) => rival(kind, other)))) {
    throw new AnnotationError('ANN_ERR_LISTENER_INFERENCE', target.name, [...rivals].join(' or '));
  }
  return ours;
}

// Two kinds that fit are rivals when they share a method, except that a SIP listener is not mistaken for the smaller web one.
function rival(kind: ListenerKind, other: ListenerKind): boolean {
  if (kind === other) return false;
  const a = LISTENER_KINDS[kind];
  const b = LISTENER_KINDS[other];
  if (!a.methods.some((method) => b.methods.includes(method))) return false;
  return a.side === b.side || a.methods.every((method) => b.methods.includes(method));
}

function hasMethod(target: Class, name: string): boolean {
  return typeof (target.prototype as Record<string, unknown>)[name] === 'function';
}
