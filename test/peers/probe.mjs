// Loaded into the application by the end-to-end tests (node --expose-gc --import probe.mjs): on request it forces a
// collection and reports memory, live objects of the classes that hold calls, and the counters of each SIP engine.
// It looks from outside, through the inspector, so that a leak shows even where the application's own books are wrong.
import { Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const WATCHED = {
  '@siplet/sip': ['SipEngine', 'ClientTransaction', 'ServerTransaction'],
  '@siplet/api': ['SipApplicationSession', 'SipSession', 'HttpSession'],
};

const inspector = new Session();
let classes;

const post = (method, params) =>
  new Promise((resolve, reject) =>
    inspector.post(method, params, (error, result) => (error ? reject(error) : resolve(result))),
  );

/** Finds the modules as the application itself sees them, so that the classes are the same ones. */
async function load() {
  inspector.connect();
  classes = new Map();
  const require = createRequire(pathToFileURL(process.argv[1] ?? import.meta.filename));
  for (const [name, exported] of Object.entries(WATCHED)) {
    const module = await import(name).catch(() => import(pathToFileURL(require.resolve(name)).href)).catch(() => ({}));
    for (const key of exported) if (typeof module[key] === 'function') classes.set(key, module[key]);
  }
}

/** Calls `report` (source text of a function of the array) with all live instances of a class. */
async function withInstances(key, report) {
  globalThis.__sipletProbe = classes.get(key).prototype;
  const { result } = await post('Runtime.evaluate', { expression: 'globalThis.__sipletProbe' });
  const { objects } = await post('Runtime.queryObjects', { prototypeObjectId: result.objectId });
  const answer = await post('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: report,
    returnByValue: true,
  });
  await post('Runtime.releaseObject', { objectId: objects.objectId });
  await post('Runtime.releaseObject', { objectId: result.objectId });
  delete globalThis.__sipletProbe;
  return answer.result.value;
}

async function vitals() {
  if (classes === undefined) await load();
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const live = {};
  let engine = {};
  for (const key of classes.keys()) {
    if (key === 'SipEngine') {
      engine = await withInstances(
        key,
        'function () { const sum = {}; for (const e of this) { if (!Object.hasOwn(e, "constructor") && e.counts) for (const [k, v] of Object.entries(e.counts())) sum[k] = (sum[k] ?? 0) + v; } return sum; }',
      );
    } else {
      // Prototypes of subclasses are instances too as far as the heap goes: they own a `constructor`.
      live[key] = await withInstances(
        key,
        'function () { let n = 0; for (const o of this) if (!Object.hasOwn(o, "constructor")) n++; return n; }',
      );
    }
  }
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapUsed, external, rss, live, engine };
}

if (process.send) {
  process.on('message', (message) => {
    if (message !== 'vitals') return;
    vitals().then(
      (result) => process.send(result),
      (error) => process.send({ error: String(error?.stack ?? error) }),
    );
  });
  process.channel?.unref();
}
