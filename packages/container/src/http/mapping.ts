// Servlet 3.0 §12: which servlet a path belongs to.

/** How a path was split by the mapping that matched it. */
export interface ServletPath {
  readonly servletPath: string;
  readonly pathInfo: string | undefined;
}

/** One URL pattern of @WebServlet, understood. */
export type UrlPattern =
  | { readonly kind: 'exact'; readonly path: string }
  | { readonly kind: 'prefix'; /** Without the final '/*'; '' maps everything. */ readonly path: string }
  | { readonly kind: 'extension'; /** With its dot. */ readonly extension: string }
  | { readonly kind: 'default' }
  | { readonly kind: 'root' };

/** Reads a URL pattern; undefined when it is none. */
export function parseUrlPattern(pattern: string): UrlPattern | undefined {
  if (pattern === '') return { kind: 'root' };
  if (pattern === '/') return { kind: 'default' };
  if (/^\*\.[^/*]+$/.test(pattern)) return { kind: 'extension', extension: pattern.slice(1) };
  if (!pattern.startsWith('/') || /[\s?#]/.test(pattern)) return undefined;
  if (pattern.endsWith('/*') && !pattern.slice(0, -1).includes('*'))
    return { kind: 'prefix', path: pattern.slice(0, -2) };
  return pattern.includes('*') ? undefined : { kind: 'exact', path: pattern };
}

/** The Fastify routes of a pattern; extension and default patterns have none, they take what no route took. */
export function routesOf(pattern: UrlPattern): readonly string[] {
  switch (pattern.kind) {
    case 'exact':
      return [escapeRoute(pattern.path)];
    case 'prefix':
      return pattern.path === '' ? ['/*'] : [escapeRoute(pattern.path), `${escapeRoute(pattern.path)}/*`];
    case 'root':
      return ['/'];
    case 'extension':
    case 'default':
      return [];
  }
}

/** Splits a path (without context path) by the pattern that matched. */
export function splitPath(pattern: UrlPattern, path: string): ServletPath {
  switch (pattern.kind) {
    case 'exact':
    case 'extension':
    case 'default':
      return { servletPath: path, pathInfo: undefined };
    case 'prefix': {
      const rest = path.slice(pattern.path.length);
      return { servletPath: pattern.path, pathInfo: rest === '' ? undefined : rest };
    }
    case 'root':
      return { servletPath: '', pathInfo: '/' };
  }
}

// A colon starts a parameter in Fastify's routes.
function escapeRoute(path: string): string {
  return path.replaceAll(':', '::');
}
