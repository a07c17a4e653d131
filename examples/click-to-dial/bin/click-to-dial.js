#!/usr/bin/env node
import { existsSync } from 'node:fs';

const compiled = new URL('../dist/main.js', import.meta.url);
if (existsSync(compiled)) await (await import(compiled.href)).main();
else {
  process.stderr.write('click-to-dial: not built yet; run `npm run build` in the repository\n');
  process.exitCode = 1;
}
