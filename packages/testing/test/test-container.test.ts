import { describe, expect, test } from '@jest/globals';
import { createTestContainer, expectLadder, expectNoLeaks } from '@siplet/testing';
import type { PhoneOptions, TestContainer } from '@siplet/testing';
import { Tiny } from './support/tiny-app.ts';

const start = async (seed: number | string = 1): Promise<TestContainer> => createTestContainer({ apps: [Tiny], seed });

async function pair(t: TestContainer, options: PhoneOptions = {}) {
  const alice = t.phone('sip:alice@example.com', { password: 'wonderland', ...options });
  const bob = t.phone('sip:bob@example.com', { password: 'builder', ...options });
  expect((await alice.register()).status).toBe(200);
  expect((await bob.register()).status).toBe(200);
  return { alice, bob };
}

describe('a container in virtual time', () => {
  test('registers a phone by digest, and refuses a wrong password', async () => {
    await using t = await start();
    const alice = t.phone('sip:alice@example.com', { password: 'wonderland' });
    const mallory = t.phone('sip:bob@example.com', { password: 'wrong', name: 'mallory' });
    expect((await alice.register()).status).toBe(200);
    expect((await mallory.register()).status).toBe(401);
    expectLadder(
      t,
      `alice -> siplet: REGISTER
       siplet -> alice: 401 Unauthorized
       alice -> siplet: REGISTER
       siplet -> alice: 200 OK
       ...`,
    );
    const contacts = await t.browser().get('/contacts', { acceptJson: true });
    expect(contacts.json()).toEqual(['alice']);
    await alice.unregister();
    expect((await t.browser().get('/contacts')).json()).toEqual([]);
    await expectNoLeaks(t, { after: '4m' });
  });

  test('answers a call by itself', async () => {
    await using t = await start();
    const alice = t.phone('sip:alice@example.com');
    const call = await alice.call('sip:echo@example.com').connected();
    expect(call.media.remote).toBe(call.media.local);
    await call.hangUp();
    await expectNoLeaks(t, { after: '4m' });
  });

  test.each(['udp', 'tcp', 'ws'] as const)(
    'joins two phones through a back-to-back user agent over %s',
    async (transport) => {
      await using t = await start();
      const { alice, bob } = await pair(t, { transport });
      t.net.traffic.clear();
      const call = alice.call('sip:bob@example.com');
      const answered = await bob.answerNext({ ringFor: '2s' });
      await call.connected();
      expect(answered.media.remote).toBe(call.media.local);
      expect(call.media.remote).toBe(answered.media.local);
      await answered.hangUp();
      await call.ended();
      await t.settled();
      expectLadder(
        t,
        `alice -> siplet: INVITE (SDP)
       ...
       siplet -> bob: INVITE (SDP)
       ...
       bob -> siplet: 180 Ringing
       siplet -> alice: 180 Ringing
       ...
       bob -> siplet: 200 OK (SDP)
       siplet -> alice: 200 OK (SDP)
       alice -> siplet: ACK
       siplet -> bob: ACK
       bob -> siplet: BYE
       ...
       siplet -> alice: BYE
       ...`,
      );
      await expectNoLeaks(t, { after: '4m' });
    },
  );

  test('relays an offer made in the 200 and its answer in the ACK', async () => {
    await using t = await start();
    const { alice, bob } = await pair(t);
    bob.onInvite({ act: 'answer' });
    const call = await alice.call('sip:bob@example.com', { lateOffer: true }).connected();
    const incoming = await (await bob.nextCall()).connected();
    expect(incoming.isLateOffer).toBe(true);
    expect(incoming.media.remote).toBe(call.media.local);
  });

  test('passes on a refusal and a CANCEL', async () => {
    await using t = await start();
    const { alice, bob } = await pair(t);
    bob.onInvite({ act: 'reject', status: 603 });
    const refused = await alice.call('sip:bob@example.com').ended();
    expect([refused.state, refused.status]).toEqual(['failed', 603]);
    bob.onInvite({ act: 'ring' });
    const call = alice.call('sip:bob@example.com');
    await call.ringing();
    await call.cancel();
    await t.settled();
    expect([call.status, bob.calls.at(-1)?.reason]).toEqual([487, 'CANCEL']);
    await expectNoLeaks(t, { after: '4m' });
  });

  test.each([1, 2, 3])('joins two phones although 20 %% of the packets get lost (seed %i)', async (seed) => {
    await using t = await start(seed);
    t.net.lose(0.2);
    t.net.delay(10, 20);
    const { alice, bob } = await pair(t);
    bob.onInvite({ act: 'answer', ringFor: '1s' });
    const call = await alice.call('sip:bob@example.com').connected();
    const incoming = await (await bob.nextCall()).connected();
    await call.hangUp();
    await incoming.ended();
    await expectNoLeaks(t, { after: '5m' });
  });

  test('the same seed gives the same run, byte for byte', async () => {
    const run = async (seed: string): Promise<string> => {
      await using t = await start(seed);
      t.net.delay(5, 10);
      const { alice, bob } = await pair(t);
      bob.onInvite({ act: 'answer', ringFor: '1s' });
      await (await alice.call('sip:bob@example.com').connected()).hangUp();
      await t.settled();
      return t.ladder() + alice.messages.map((message) => message.text).join('');
    };
    expect(await run('one')).toBe(await run('one'));
    expect(await run('one')).not.toBe(await run('two'));
  });

  test('a browser keeps its cookies', async () => {
    await using t = await start();
    const browser = t.browser();
    expect((await browser.get('/me', { acceptJson: true })).json()).toEqual({ name: 'nobody' });
    expect((await browser.login('alice')).statusCode).toBe(303);
    expect(browser.cookies.size).toBe(1);
    expect((await browser.get('/me')).json()).toEqual({ name: 'alice' });
    expect((await t.browser().get('/me')).json()).toEqual({ name: 'nobody' });
  });

  test('reports what is left over', async () => {
    await using t = await start();
    const { alice, bob } = await pair(t);
    bob.onInvite({ act: 'answer' });
    await alice.call('sip:bob@example.com').connected();
    expect(t.leaks()).toEqual(expect.arrayContaining([expect.stringMatching(/^sipSessions: \d+$/)]));
    await expect(expectNoLeaks(t)).rejects.toMatchObject({ code: 'TST_ERR_LEAK' });
  });
});
