import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeApplication } from './fixtures/describe-application.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function runWithTsc(): unknown {
  const project = `${root}packages/annotations/test/fixtures/tsconfig.json`;
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', project], { cwd: root });
  const compiled = `${root}.cache/annotations-fixture/packages/annotations/test/fixtures/print.js`;
  const options = ['--conditions=@siplet/source', '--disable-warning=ExperimentalWarning', compiled];
  return JSON.parse(execFileSync(process.execPath, options, { cwd: root, encoding: 'utf8' })) as unknown;
}

describe('the two compilers', () => {
  test('tsc and swc record the same metadata for the same sources', () => {
    const bySwc: unknown = JSON.parse(JSON.stringify(describeApplication()));
    expect(runWithTsc()).toEqual(bySwc);
  }, 60_000);
});
