import 'reflect-metadata';
import { AnnotationError } from './errors.ts';
import { APPLICATION_KEY, writeOnce, type ApplicationKeyFunction, type Class } from './metadata.ts';

/** Marks the static method that says which application session an initial request belongs to. @throws {AnnotationError} ANN_ERR_APPLICATION_KEY */
export function SipApplicationKey<Method extends ApplicationKeyFunction>(
  target: Class,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
): void {
  // Plain JavaScript may put it on an instance method; then the target is a prototype.
  const owner = typeof target === 'function' ? target.name : (target as object).constructor.name;
  const where = `${owner}.${String(property)}`;
  if (typeof target !== 'function')
    throw new AnnotationError('ANN_ERR_APPLICATION_KEY', where, 'is not on a static method');
  const method = descriptor.value;
  if (typeof method !== 'function') throw new AnnotationError('ANN_ERR_APPLICATION_KEY', where, 'is not on a method');
  if (method.length > 1) {
    throw new AnnotationError('ANN_ERR_APPLICATION_KEY', where, `is on a method with ${method.length} parameters`);
  }
  const returns: unknown = Reflect.getOwnMetadata('design:returntype', target, property);
  if (returns === Promise || method.constructor.name === 'AsyncFunction') {
    throw new AnnotationError('ANN_ERR_APPLICATION_KEY', where, 'is on an async method');
  }
  writeOnce(APPLICATION_KEY, target, (request) => Reflect.apply(method, target, [request]));
}
