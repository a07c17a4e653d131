// Puts the page together: one script (JsSIP included), the style sheet and the pictures, into dist/page.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const from = new URL('../page/', import.meta.url);
const to = new URL('../dist/page/', import.meta.url);

mkdirSync(to, { recursive: true });
for (const name of readdirSync(from))
  if (/\.(?:svg|css)$/.test(name)) copyFileSync(new URL(name, from), new URL(name, to));
await build({
  entryPoints: [fileURLToPath(new URL('page.ts', from))],
  outfile: fileURLToPath(new URL('page.js', to)),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'linked',
  define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  logLevel: 'warning',
});
