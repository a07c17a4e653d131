import { App, type EventReader, freePort, type Person } from './app.ts';
import { listening, registerPhones, Sipp, type SippOptions, type Transport } from './sipp.ts';

/** One pair of people of a {@link CallLoad} and the page the first of them watches. */
interface Pair {
  readonly from: Person;
  readonly to: string;
  readonly events: EventReader;
}

export interface LoadResult {
  readonly calls: number;
  readonly seconds: number;
  /** Endings other than a hang-up, in words, and how often. */
  readonly wrong: ReadonlyMap<string, number>;
}

const CALL_TIMEOUT_MS = 30_000;

/** Many calls placed by HTTP between SIPp phones, several pairs of people side by side, each pair one call after the other. */
export class CallLoad implements AsyncDisposable {
  readonly #app: App;
  readonly #pairs: Pair[];
  readonly #callerPort: number;
  readonly #calleePort: number;
  readonly #transport: Transport;

  private constructor(app: App, pairs: Pair[], callerPort: number, calleePort: number, transport: Transport) {
    this.#app = app;
    this.#pairs = pairs;
    this.#callerPort = callerPort;
    this.#calleePort = calleePort;
    this.#transport = transport;
  }

  /** Signs people up, registers their phones (all callers on one port, all callees on another) and opens their pages. */
  static async prepare(app: App, pairCount: number, transport: Transport = 'udp'): Promise<CallLoad> {
    const pairs: Pair[] = [];
    const [callerPort, calleePort] = [await freePort(), await freePort()];
    const prefix = `${transport}${callerPort}x`;
    for (let i = 0; i < pairCount; i++) {
      const from = await app.signUp(`${prefix}a${i}`);
      const to = await app.signUp(`${prefix}b${i}`);
      pairs.push({ from, to: to.name, events: await from.events() });
    }
    const expires = 3_600;
    await registerPhones(
      app,
      pairs.map((pair) => pair.from.name),
      callerPort,
      { transport, expires },
    );
    await registerPhones(
      app,
      pairs.map((pair) => pair.to),
      calleePort,
      { transport, expires },
    );
    return new CallLoad(app, pairs, callerPort, calleePort, transport);
  }

  /** Places `count` calls; each is answered by both phones and ended by the callee's. */
  async run(count: number, timeoutSeconds = 600): Promise<LoadResult> {
    const options: SippOptions = {
      transport: this.#transport,
      calls: count,
      values: { ring: 0, talk: 0 },
      timeoutSeconds,
    };
    await using callers = await listening(await Sipp.start('answer', { ...options, port: this.#callerPort }));
    await using callees = await listening(await Sipp.start('hang-up', { ...options, port: this.#calleePort }));
    const wrong = new Map<string, number>();
    let left = count;
    const begun = performance.now();
    await Promise.all(
      this.#pairs.map(async (pair) => {
        while (left > 0) {
          left--;
          const ending = await this.#one(pair);
          if (!/^ended: .* hung up$/.test(ending)) wrong.set(ending, (wrong.get(ending) ?? 0) + 1);
        }
      }),
    );
    const seconds = (performance.now() - begun) / 1000;
    if (wrong.size === 0) await Promise.all([callers.succeeded(40_000), callees.succeeded(40_000)]);
    return { calls: count, seconds, wrong };
  }

  /** How many people have a phone: as many bindings stay when all calls are over. */
  get people(): number {
    return this.#pairs.length * 2;
  }

  get app(): App {
    return this.#app;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pairs.map((pair) => pair.events.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #one({ from, to, events }: Pair): Promise<string> {
    const response = await from.request('POST', '/calls', { to });
    if (response.status !== 202) return `POST /calls: ${response.status} ${response.text}`;
    const { id } = response.json as { id: string };
    const over = await events.ended(id, CALL_TIMEOUT_MS);
    events.events.length = 0;
    return over === undefined ? 'no end' : `${over.state}: ${over.reason ?? ''}`;
  }
}
