import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App } from './app.ts';
import { describePeers } from './describe-peers.ts';
import { phone, type Transport } from './sipp.ts';

describePeers('SIPp phones called by HTTP', ['sipp'], () => {
  let app: App;
  beforeAll(async () => {
    app = await App.start();
  }, 30_000);
  afterAll(async () => {
    await app?.stop();
  }, 30_000);

  test.each<[Transport, Transport]>([
    ['udp', 'udp'],
    ['tcp', 'tcp'],
    ['udp', 'tcp'],
    ['tcp', 'udp'],
  ])(
    'a %s phone calls a %s phone, both answer, the callee hangs up, both are free',
    async (first, second) => {
      const alice = await app.logIn('alice');
      await using caller = await phone(app, 'alice', 'answer', { transport: first });
      await using callee = await phone(app, 'bob', 'hang-up', {
        transport: second,
        values: { ring: 100, talk: 2_000 },
      });
      const events = await alice.events();
      const call = await alice.call('bob');
      expect(call).toMatchObject({ from: 'alice', to: 'bob' });
      await alice.waitForState(call.id, 'connected');
      const ended = await alice.waitForEnd(call.id);
      expect(ended.state).toBe('ended');
      await Promise.all([caller.succeeded(), callee.succeeded()]);
      await events.close();
      expect(events.statesOf(call.id).map((s) => s.state)).toEqual([
        'calling-first',
        'ringing-first',
        'calling-second',
        'ringing-second',
        'connected',
        'ended',
      ]);
    },
    30_000,
  );
});
