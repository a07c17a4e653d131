import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App, type Vitals } from './app.ts';
import { until } from './child.ts';
import { CallLoad } from './load.ts';
import { describePeers } from './describe-peers.ts';
import { phone, type Transport } from './sipp.ts';

const LATENCY_CALLS = 20;
const LATENCY_LIMIT_MS = 200;

describePeers('a thousand calls and how fast the page learns of them', ['sipp'], () => {
  let app: App;
  let people = 2; // alice and bob
  beforeAll(async () => {
    app = await App.start();
  }, 30_000);
  afterAll(async () => {
    await app?.stop();
  }, 30_000);

  test('SSE shows each state within 200 ms of the SIP message that caused it', async () => {
    const alice = await app.logIn('alice');
    const events = await alice.events();
    const delays: { state: string; ms: number }[] = [];
    await using first = await phone(app, 'alice', 'answer', { calls: LATENCY_CALLS, values: { ring: 60 } });
    await using second = await phone(app, 'bob', 'hang-up', { calls: LATENCY_CALLS, values: { ring: 60, talk: 60 } });
    const posted = new Map<string, number>();
    for (let i = 0; i < LATENCY_CALLS; i++) {
      const at = performance.timeOrigin + performance.now();
      const { id } = await alice.call('bob');
      posted.set(id, at);
      await alice.waitForEnd(id);
    }
    await Promise.all([first.succeeded(), second.succeeded()]);
    await events.close();

    // The messages of the phones in their order: the n-th call is the n-th group of each.
    const causes: Record<string, number[]> = {
      'ringing-first': firstOfEachCall(first, 'SIP/2.0 180', /INVITE/),
      'ringing-second': firstOfEachCall(second, 'SIP/2.0 180', /INVITE/),
      'calling-second': firstOfEachCall(first, 'SIP/2.0 200', /INVITE/),
      connected: firstOfEachCall(second, 'SIP/2.0 200', /INVITE/),
      ended: firstOfEachCall(second, 'BYE', /BYE/),
    };
    for (const [index, id] of [...posted.keys()].entries()) {
      const states = events.statesOf(id);
      expect(states.map((s) => s.state)).toEqual([
        'calling-first',
        'ringing-first',
        'calling-second',
        'ringing-second',
        'connected',
        'ended',
      ]);
      for (const { state, at } of states) {
        const cause = state === 'calling-first' ? posted.get(id) : causes[state]?.[index];
        expect(cause).toBeDefined();
        delays.push({ state, ms: at - (cause ?? 0) });
      }
    }
    const slowest = delays.toSorted((a, b) => b.ms - a.ms)[0];
    process.stderr.write(`      slowest state on the page: ${slowest?.state} after ${slowest?.ms.toFixed(1)} ms\n`);
    expect(slowest?.ms).toBeLessThan(LATENCY_LIMIT_MS);
    // Clocks of two processes may differ by the resolution of the log, not by more.
    expect(Math.min(...delays.map((d) => d.ms))).toBeGreaterThan(-2);
  }, 60_000);

  test.each<[number, Transport]>([
    [1_000, 'udp'],
    [200, 'tcp'],
  ])(
    '%i calls in a row over %s: none is lost and nothing is left over',
    async (count, transport) => {
      await using load = await CallLoad.prepare(app, 10, transport);
      const result = await load.run(count, 170);
      expect([...result.wrong]).toEqual([]);
      process.stderr.write(`      ${count} calls over ${transport} in ${result.seconds.toFixed(1)} s\n`);
      let after: Vitals | undefined;
      await until(
        'all of it to go',
        async () => {
          after = await app.vitals();
          const { client, server, accepted } = after.engine;
          return client === 0 && server === 0 && accepted === 0 && after.live['SipSession'] === 0;
        },
        60_000,
        2_000,
      ).catch(() => undefined);
      expect(after?.engine).toMatchObject({ client: 0, server: 0, accepted: 0 });
      expect(after?.live).toMatchObject({ SipSession: 0, ClientTransaction: 0, ServerTransaction: 0 });
      // One application session for each registered address of record, and perhaps the one of the last turn.
      people += load.people;
      expect(after?.live['SipApplicationSession']).toBeLessThanOrEqual(people + 1);
      expect(app.errors).toEqual([]);
    },
    240_000,
  );
});

/** The first such message of each call, without its retransmissions. */
function firstOfEachCall(
  sipp: { log: readonly { at: number; sent: boolean; callId: string; cseq: string; firstLine: string }[] },
  start: string,
  cseq: RegExp,
): number[] {
  const first = new Map<string, number>();
  for (const m of sipp.log)
    if (m.sent && m.firstLine.startsWith(start) && cseq.test(m.cseq) && !first.has(m.callId)) first.set(m.callId, m.at);
  return [...first.values()];
}
