import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App, freePort } from './app.ts';
import { describePeers } from './describe-peers.ts';
import { phone, registerPhones, Sipp, type Transport } from './sipp.ts';

describePeers('phones that call each other without the page', ['sipp'], () => {
  let app: App;
  beforeAll(async () => {
    app = await App.start();
  }, 30_000);
  afterAll(async () => {
    await app?.stop();
  }, 30_000);

  test.each<[Transport, Transport]>([
    ['udp', 'udp'],
    ['tcp', 'udp'],
    ['udp', 'tcp'],
  ])(
    "alice's %s phone calls bob's %s phone through the proxy and hangs up",
    async (from, to) => {
      const port = await freePort();
      await registerPhones(app, ['alice'], port, { transport: from });
      await using bob = await phone(app, 'bob', 'answer', { transport: to, values: { ring: 100 } });
      await using alice = await Sipp.start('call', {
        port,
        transport: from,
        remote: `127.0.0.1:${app.sipPort}`,
        values: { caller: 'alice', talk: 300 },
        args: ['-s', 'bob'],
      });
      await alice.succeeded(20_000);
      await bob.succeeded();
      expect(app.errors).toEqual([]);
    },
    30_000,
  );

  test('a stranger who claims to be alice is asked for a password and gets nowhere', async () => {
    await using bob = await phone(app, 'bob', 'mute');
    await using stranger = await Sipp.start('call', {
      remote: `127.0.0.1:${app.sipPort}`,
      values: { caller: 'mallory', talk: 100 },
      args: ['-s', 'bob'],
      timeoutSeconds: 8,
    });
    await stranger.child.exited;
    expect(stranger.log.filter((m) => !m.sent).every((m) => /^SIP\/2\.0 (100|40[37])/.test(m.firstLine))).toBe(true);
    expect(bob.log).toEqual([]);
  }, 30_000);
});
