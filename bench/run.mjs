// npm run bench -- NAME [options]: runs bench/calls/NAME.mjs or bench/micro/NAME.mjs.
import { existsSync } from 'node:fs';

const [name, ...rest] = process.argv.slice(2);
const found = ['calls', 'micro']
  .map((folder) => new URL(`./${folder}/${name}.mjs`, import.meta.url))
  .find((url) => name && existsSync(url));
if (!found) {
  process.stderr.write('usage: npm run bench -- click-to-dial | codec | npm-sip-limits  [options]\n');
  process.exit(1);
}
process.argv.splice(2, process.argv.length, ...rest);
await import(found.href);
