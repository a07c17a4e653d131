import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

test('docs/reference/errors.md lists every error code of every package, and no other', () => {
  const run = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('../../tools/docs.mjs', import.meta.url)), '--check'],
    {
      encoding: 'utf8',
    },
  );
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
});
