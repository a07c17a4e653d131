import { SipServlet as SipServletBase } from '@siplet/api';
import { AnnotationError } from './errors.ts';
import { SIP_SERVLET, writeOnce, type Class, type InitParameters } from './metadata.ts';

/** Options of `@SipServlet`. */
export interface SipServletOptions {
  /** Default: the name of the class. */
  readonly name?: string;
  readonly description?: string;
  /** The order of initialisation at start; negative (the default) means when first needed. */
  readonly loadOnStartup?: number;
  readonly initParams?: InitParameters;
  /** Only needed when the servlet is deployed without being listed by its application. */
  readonly applicationName?: string;
}

/** A class that extends the base class of SIP servlets. */
export type SipServletClass = abstract new (...parameters: never[]) => SipServletBase;

/** The decorator side of {@link SipServlet}: `@SipServlet({...})`, or `@SipServlet` alone. */
export interface SipServletDecorator {
  (options?: SipServletOptions): (target: SipServletClass) => void;
  (target: SipServletClass): void;
}

/** An instance of a SIP servlet; the type that belongs to the value {@link SipServlet}. */
export type SipServlet = SipServletBase;

/** Both the base class of SIP servlets and their decorator: `@SipServlet({ name: 'Call' }) class Call extends SipServlet`. */
export const SipServlet: typeof SipServletBase & SipServletDecorator = makeDual();

function makeDual(): typeof SipServletBase & SipServletDecorator {
  // A class cannot be called without `new`, but a function can be extended: new.target tells the two uses apart.
  function SipServlet(options?: SipServletOptions | SipServletClass): unknown {
    if (new.target !== undefined) return Reflect.construct(SipServletBase, [], new.target) as unknown;
    if (typeof options === 'function') return decorate(options, {});
    return (target: SipServletClass) => decorate(target, options ?? {});
  }
  Object.setPrototypeOf(SipServlet, SipServletBase);
  Object.defineProperty(SipServlet, 'prototype', { value: SipServletBase.prototype, writable: false });
  return SipServlet as unknown as typeof SipServletBase & SipServletDecorator;
}

function decorate(target: Class, options: SipServletOptions): void {
  const prototype = target.prototype as Partial<SipServletBase>;
  if (typeof prototype.service !== 'function' || typeof prototype.getServletContext !== 'function') {
    throw new AnnotationError('ANN_ERR_BASE_CLASS', target.name, '@SipServlet', 'SipServlet');
  }
  const name = options.name ?? target.name;
  if (name.trim() === '') throw new AnnotationError('ANN_ERR_NAME', target.name, '@SipServlet');
  writeOnce(SIP_SERVLET, target, {
    name,
    description: options.description,
    loadOnStartup: options.loadOnStartup ?? -1,
    initParams: { ...options.initParams },
    applicationName: options.applicationName,
  });
}
