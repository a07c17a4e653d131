import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { HttpServlet, type HttpServletRequest, type HttpServletResponse, Resource, WebServlet } from 'siplet';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The style sheet, the script and the icon, read once. */
export class Assets {
  readonly #files = new Map<string, { readonly text: string; readonly type: string }>();
  /** Changes when a file does. */
  readonly version: string;

  /** Reads the folder that `npm run bundle` fills; an absent folder leaves a page without style or phone. */
  constructor(folder: URL) {
    const hash = createHash('sha256');
    for (const name of list(folder)) {
      const type = TYPES[name.split('.').at(-1) ?? ''];
      if (type === undefined) continue;
      const text = readFileSync(new URL(name, folder), 'utf8');
      this.#files.set(name, { text, type });
      hash.update(text);
    }
    this.version = hash.digest('hex').slice(0, 12);
  }

  get(name: string): { readonly text: string; readonly type: string } | undefined {
    return this.#files.get(name);
  }
}

/** Serves {@link Assets}; no session is made for these. */
@WebServlet('/assets/*')
export class AssetsServlet extends HttpServlet {
  @Resource() declare readonly assets: Assets;

  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    const file = this.assets.get(request.getPathInfo()?.replace(/^\//, '') ?? '');
    if (file === undefined) return response.sendError(404);
    // The address carries the version, so a copy is good for ever.
    const current = request.getParameter('v') === this.assets.version;
    response.setHeader('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    response.setContentType(file.type);
    response.write(file.text);
  }
}

function list(folder: URL): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
