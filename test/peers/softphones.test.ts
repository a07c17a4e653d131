import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App } from './app.ts';
import { Baresip } from './baresip.ts';
import { pause } from './child.ts';
import { Linphone } from './linphone.ts';
import { describePeers } from './describe-peers.ts';

const TALK_MS = 4_000;
const MUST_HEAR_SECONDS = 2;

describePeers('baresip and linphone called by HTTP', ['baresip', 'linphonec'], () => {
  let app: App;
  beforeAll(async () => {
    app = await App.start();
  }, 30_000);
  afterAll(async () => {
    await app?.stop();
  }, 30_000);

  test.each(['udp', 'tcp'] as const)(
    'baresip calls linphone over %s and each hears the tone of the other',
    async (transport) => {
      const alice = await app.logIn('alice');
      await using baresip = await Baresip.start(app, 'alice', { tone: 440, transport });
      await using linphone = await Linphone.start(app, 'bob', { tone: 1000, transport });
      const call = await alice.call('bob');
      await alice.waitForState(call.id, 'connected');
      await pause(TALK_MS);
      baresip.command('hangup');
      expect((await alice.waitForEnd(call.id)).state).toBe('ended');
      expect(await linphone.secondsHeard(440)).toBeGreaterThan(MUST_HEAR_SECONDS);
      await pause(300);
      expect(baresip.secondsHeard(1000)).toBeGreaterThan(MUST_HEAR_SECONDS);
    },
    60_000,
  );

  test('linphone calls baresip, each hears the tone of the other, and linphone hangs up', async () => {
    const alice = await app.logIn('alice');
    await using linphone = await Linphone.start(app, 'alice', { tone: 1000 });
    await using baresip = await Baresip.start(app, 'bob', { tone: 440 });
    const call = await alice.call('bob');
    await alice.waitForState(call.id, 'connected');
    await pause(TALK_MS);
    linphone.command('terminate');
    expect((await alice.waitForEnd(call.id)).state).toBe('ended');
    await baresip.waitForEvent('CALL_CLOSED');
    expect(await linphone.secondsHeard(440)).toBeGreaterThan(MUST_HEAR_SECONDS);
    expect(baresip.secondsHeard(1000)).toBeGreaterThan(MUST_HEAR_SECONDS);
  }, 60_000);
});
