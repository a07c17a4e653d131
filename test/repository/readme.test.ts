import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';
import { expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? '');

/** Runs TypeScript as a program beside this file, against the built packages, and gives its output. */
function run(code: string): { status: number | null; output: string } {
  const swcrc = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8')) as object;
  const folder = mkdtempSync(join(root, 'test', '.readme-'));
  try {
    writeFileSync(join(folder, 'readme.mjs'), transformSync(code, { ...swcrc, swcrc: false, sourceMaps: false }).code);
    const child = spawnSync(process.execPath, [join(folder, 'readme.mjs')], { encoding: 'utf8', timeout: 20_000 });
    return { status: child.status, output: child.stdout + child.stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the README's servlet answers SIP and dials from the web as printed", () => {
  const [application] = blocks;
  const started = application?.replace('127.0.0.1:5060', '127.0.0.1:0').replace('port: 8080', 'port: 0');
  const { status, output } = run(`${started}
    const answer = await container.inject({ method: 'POST', url: '/dial' });
    console.log(answer.statusCode, answer.body);
    await container.stop({ drain: 0 });`);
  expect(output).toContain('202 {"calling":"bob"}');
  expect(status).toBe(0);
});

test("the README's test passes as printed", () => {
  const [application, example] = blocks;
  const hello = application?.slice(0, application.indexOf('const container'));
  const { status, output } = run(`import { expect } from 'expect';\n${hello}\n${example}\nconsole.log('passed');`);
  expect(output).toBe('passed\n');
  expect(status).toBe(0);
});
