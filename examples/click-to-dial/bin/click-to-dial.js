#!/usr/bin/env node
import { existsSync } from 'node:fs';

const compiled = new URL('../dist/main.js', import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 17))
  refuse(
    `needs Node 22.17 or newer, and this is ${process.versions.node}; in the repository "npm start" brings its own`,
  );
else if (!existsSync(compiled)) refuse('is not built yet: run "npm run build" in the repository');
else await (await import(compiled.href)).main();

function refuse(why) {
  process.stderr.write(`click-to-dial ${why}\n`);
  process.exitCode = 1;
}
