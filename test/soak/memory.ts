// Memory over many click-to-dial calls between SIPp phones: `node test/soak/memory.ts [calls]` (default 10000).
// Prints what the process holds, after forced collections, after the first thousand calls and at the end.
import { App, type Vitals } from '../peers/app.ts';
import { until } from '../peers/child.ts';
import { CallLoad } from '../peers/load.ts';

export interface MemoryReport {
  readonly calls: number;
  readonly seconds: number;
  readonly afterThousand: Vitals;
  readonly atEnd: Vitals;
  /** Bytes held at the end (heap in use and memory outside it) less those held after the first thousand calls. */
  readonly growth: number;
}

const FIRST = 1_000;
const PAIRS = 20;

/** Bytes of live objects and of memory that they hold outside the heap. */
function held(vitals: Vitals): number {
  return vitals.heapUsed + vitals.external;
}

/** The process once every transaction of the calls has ended by itself (32 s after the last message). */
async function settled(app: App): Promise<Vitals> {
  let vitals: Vitals | undefined;
  await until(
    () => `all transactions to end; there are ${JSON.stringify(vitals?.engine)}`,
    async () => {
      vitals = await app.vitals(60_000);
      const { client, server, accepted } = vitals.engine;
      return client === 0 && server === 0 && accepted === 0;
    },
    90_000,
    2_000,
  );
  return app.vitals(60_000);
}

/** Places `calls` calls (the first thousand warm everything up) and compares what the process holds. */
export async function measureMemory(calls: number): Promise<MemoryReport> {
  await using app = await App.start();
  await using load = await CallLoad.prepare(app, PAIRS);
  const begun = performance.now();
  const runs = [await load.run(FIRST)];
  const afterThousand = await settled(app);
  runs.push(await load.run(calls - FIRST, 1_800));
  const seconds = (performance.now() - begun) / 1000;
  const atEnd = await settled(app);
  for (const run of runs)
    if (run.wrong.size > 0) throw new Error(`Calls went wrong: ${JSON.stringify([...run.wrong])}`);
  return { calls, seconds, afterThousand, atEnd, growth: held(atEnd) - held(afterThousand) };
}

/** The report in one line. */
export function inWords({ calls, seconds, afterThousand, atEnd, growth }: MemoryReport): string {
  const mb = (bytes: number): string => `${(bytes / 1_048_576).toFixed(2)} MB`;
  return (
    `${calls} calls in ${seconds.toFixed(0)} s: held ${mb(held(afterThousand))} after ${FIRST} calls and ` +
    `${mb(held(atEnd))} at the end (${growth >= 0 ? '+' : ''}${mb(growth)}); resident ${mb(afterThousand.rss)} and ${mb(atEnd.rss)}`
  );
}

if (process.argv[1] === import.meta.filename) {
  const report = await measureMemory(Number(process.argv[2] ?? 10_000));
  process.stdout.write(`${inWords(report)}\n`);
  process.exitCode = report.growth > 5 * 1_048_576 ? 1 : 0;
}
