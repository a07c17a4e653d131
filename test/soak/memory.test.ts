import { expect, test } from '@jest/globals';
import { describePeers } from '../peers/describe-peers.ts';
import { inWords, measureMemory } from './memory.ts';

// SIPLET_SOAK_CALLS=10000 runs it in full; `node test/soak/memory.ts` does the same without jest.
const CALLS = Number(process.env['SIPLET_SOAK_CALLS'] ?? 3_000);
const LIMIT_BYTES = 5 * 1_048_576;

describePeers('memory over many calls', ['sipp'], () => {
  test(`after ${CALLS} calls and a forced collection the process holds at most 5 MB more than after 1000`, async () => {
    const report = await measureMemory(CALLS);
    process.stderr.write(`      ${inWords(report)}\n`);
    expect(report.growth).toBeLessThan(LIMIT_BYTES);
  }, 1_800_000);
});
