#!/usr/bin/env node
// The compiled command; a checkout that is not built yet has none.
import { existsSync } from 'node:fs';

const compiled = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(compiled)) {
  const { main } = await import(compiled.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write('siplet: not built yet; run `npm run build` first\n');
  process.exitCode = 1;
}
