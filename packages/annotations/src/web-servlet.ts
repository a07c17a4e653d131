import type { HttpServlet } from '@siplet/api';
import { AnnotationError } from './errors.ts';
import { WEB_SERVLET, writeOnce, type InitParameters } from './metadata.ts';

/** Options of `@WebServlet`. */
export interface WebServletOptions {
  /** Default: the name of the class. */
  readonly name?: string;
  /** `/exact`, `/prefix/*`, `*.ext` or `/`. */
  readonly urlPatterns: string | readonly string[];
  /** Whether `startAsync` may be called; default false. */
  readonly asyncSupported?: boolean;
  readonly loadOnStartup?: number;
  readonly initParams?: InitParameters;
}

/** A class that extends the base class of HTTP servlets. */
export type HttpServletClass = abstract new (...parameters: never[]) => HttpServlet;

/** Makes a class an HTTP servlet under a path. @throws {AnnotationError} ANN_ERR_URL_PATTERN and others */
export function WebServlet(
  mapping: string | readonly string[] | WebServletOptions,
): (target: HttpServletClass) => void {
  return (target) => {
    const options = toOptions(mapping);
    const prototype = target.prototype as unknown as Partial<Record<'service' | 'getServletContext', unknown>>;
    if (typeof prototype.service !== 'function' || typeof prototype.getServletContext !== 'function') {
      throw new AnnotationError('ANN_ERR_BASE_CLASS', target.name, '@WebServlet', 'HttpServlet');
    }
    const name = options.name ?? target.name;
    if (name.trim() === '') throw new AnnotationError('ANN_ERR_NAME', target.name, '@WebServlet');
    const { urlPatterns } = options;
    writeOnce(WEB_SERVLET, target, {
      name,
      urlPatterns: checkPatterns(target.name, typeof urlPatterns === 'string' ? [urlPatterns] : urlPatterns),
      asyncSupported: options.asyncSupported ?? false,
      loadOnStartup: options.loadOnStartup ?? -1,
      initParams: { ...options.initParams },
    });
  };
}

function toOptions(mapping: string | readonly string[] | WebServletOptions): WebServletOptions {
  if (typeof mapping === 'string') return { urlPatterns: mapping };
  return isPatternList(mapping) ? { urlPatterns: mapping } : mapping;
}

function isPatternList(mapping: readonly string[] | WebServletOptions): mapping is readonly string[] {
  return Array.isArray(mapping);
}

function checkPatterns(className: string, patterns: readonly string[]): readonly string[] {
  if (patterns.length === 0) throw new AnnotationError('ANN_ERR_URL_PATTERN', className, '');
  for (const pattern of patterns) {
    // Servlet 3.0 §12.2: exact, prefix, extension and default mappings; a star has no other place.
    if (!/^(?:\/|\/[^*]*|(?:\/[^*]*)?\/\*|\*\.[^*/]+)$/u.test(pattern)) {
      throw new AnnotationError('ANN_ERR_URL_PATTERN', className, pattern);
    }
  }
  if (new Set(patterns).size < patterns.length) {
    throw new AnnotationError('ANN_ERR_DUPLICATE', className, 'a URL pattern');
  }
  return [...patterns];
}
