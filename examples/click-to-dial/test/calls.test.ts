import { describe, expect, test } from '@jest/globals';
import { expectLadder, type Phone } from '@siplet/testing';
import { MEDIA_NOT_COMPATIBLE } from '../src/call-words.ts';
import { type App, callOf, peopleOf, place, startApp } from './app.ts';

const PAIRS = [
  ['udp', 'udp'],
  ['tcp', 'tcp'],
  ['ws', 'ws'],
  ['udp', 'ws'],
] as const;

/** Alice's browser and both phones, Alice's answering at once. */
async function setUp(app: App): Promise<{ browser: Awaited<ReturnType<App['browser']>>; alice: Phone; bob: Phone }> {
  const alice = await app.phone('alice');
  const bob = await app.phone('bob');
  alice.onInvite({ act: 'answer', ringFor: '1s' });
  bob.onInvite({ act: 'answer', ringFor: '2s' });
  return { browser: await app.browser('alice'), alice, bob };
}

const REFUSED_ACK = /^m=audio 0 RTP\/AVP 0 8 101\r$/m;

describe('a call from the page', () => {
  test.each(PAIRS)(
    'rings %s then %s, carries the bodies byte for byte, and ends on both sides (RFC 3725 flow I)',
    async (a, b) => {
      await using app = await startApp();
      const alice = await app.phone('alice', { transport: a });
      const bob = await app.phone('bob', { transport: b });
      const browser = await app.browser('alice');
      const events = await browser.events('/events');
      const call = await place(browser, 'bob');
      expect(call).toMatchObject({ from: 'alice', to: 'bob' });

      const atAlice = await alice.nextCall();
      expect(atAlice.isLateOffer).toBe(true);
      expect(atAlice.remoteUri).toBe('sip:bob@example.com');
      await app.t.settled();
      expect(await callOf(browser, call.id)).toMatchObject({
        state: 'ringing-first',
        legs: [
          { name: 'alice', state: 'ringing', status: 180 },
          { name: 'bob', state: 'waiting' },
        ],
      });
      atAlice.pickUp();

      const atBob = await bob.nextCall();
      expect(atBob.isLateOffer).toBe(false);
      expect(atBob.remoteUri).toBe('sip:alice@example.com');
      await app.t.clock.advance('3s');
      expect(await callOf(browser, call.id)).toMatchObject({ state: 'ringing-second' });
      expect(atAlice.state).toBe('answered');
      await atBob.answer();
      await atAlice.connected();
      expect(bob.media.remote).toBe(alice.media.local);
      expect(alice.media.remote).toBe(bob.media.local);
      expect(await callOf(browser, call.id)).toMatchObject({
        state: 'connected',
        legs: [
          { state: 'connected', status: 200 },
          { state: 'connected', status: 200 },
        ],
      });
      expect((await peopleOf(browser)).get('bob')).toMatchObject({ busy: true });

      await app.t.clock.advance('36s');
      await atBob.hangUp();
      await atAlice.ended();
      const ended = await callOf(browser, call.id);
      expect(ended).toMatchObject({ state: 'ended', reason: 'Bob hung up', endedBy: 'second' });
      expect((ended.endedAt ?? 0) - (ended.connectedAt ?? 0)).toBeGreaterThanOrEqual(36_000);
      expect(
        events.received.filter((each) => each.event === 'call').map((each) => (each.json() as { state: string }).state),
      ).toEqual(['calling-first', 'ringing-first', 'calling-second', 'ringing-second', 'connected', 'ended']);
      events.close();
      await app.expectClean();
    },
  );

  test('is one INVITE without SDP, one with it, and two ACKs', async () => {
    await using app = await startApp();
    const { browser, alice } = await setUp(app);
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('4s');
    await alice.calls[0]?.hangUp();
    await app.t.settled();
    expectLadder(
      app.t,
      `siplet -> alice: INVITE
       alice -> siplet: 180 Ringing
       alice -> siplet: 200 OK (SDP) ×*
       siplet -> bob: INVITE (SDP)
       bob -> siplet: 180 Ringing
       bob -> siplet: 200 OK (SDP)
       siplet -> bob: ACK
       siplet -> alice: ACK (SDP)
       alice -> siplet: BYE
       siplet -> alice: 200 OK
       siplet -> bob: BYE
       bob -> siplet: 200 OK`,
      { without: ['REGISTER'] },
    );
    expect(await callOf(browser, id)).toMatchObject({ state: 'ended', reason: 'Alice hung up', endedBy: 'first' });
    await app.expectClean();
  });

  test('reaches the page within 200 ms of the SIP message, at each step', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    const events = await browser.events('/events');
    await place(browser, 'bob');
    await app.t.clock.advance('10s');
    await bob.calls[0]?.hangUp();
    await app.t.settled();
    const at = (state: string): number =>
      events.received.find((each) => each.event === 'call' && (each.json() as { state: string }).state === state)?.at ??
      Infinity;
    const heard = (phone: Phone, index: number): number => phone.calls[0]?.history[index]?.at ?? 0;
    for (const [state, sent] of [
      ['ringing-first', heard(alice, 0)],
      ['calling-second', heard(alice, 1)],
      ['ringing-second', heard(bob, 0)],
      ['connected', heard(bob, 1)],
    ] as const) {
      expect(at(state) - sent).toBeGreaterThanOrEqual(0);
      expect(at(state) - sent).toBeLessThan(200);
    }
    events.close();
    await app.expectClean();
  });

  test('passes a re-INVITE (hold) and DTMF from one phone to the other', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    await place(browser, 'bob');
    await app.t.clock.advance('4s');
    const hold = `${alice.media.local ?? ''}a=sendonly\r\n`;
    const answer = await alice.calls[0]?.reinvite({ sdp: hold });
    expect(answer?.status).toBe(200);
    expect(bob.media.remote).toBe(hold);
    expect(alice.media.remote).toBe(bob.media.local);
    const info = await bob.calls[0]?.request('INFO', {
      headers: { 'content-type': 'application/dtmf-relay' },
      content: 'Signal=5\r\n',
    });
    expect(info?.status).toBe(200);
    expect(alice.heard.some((each) => each.text.includes('Signal=5'))).toBe(true);
    await bob.calls[0]?.hangUp();
    await app.expectClean();
  });

  test('survives ten per cent loss in both directions', async () => {
    await using app = await startApp({ seed: 'lossy' });
    const { browser, alice } = await setUp(app);
    app.t.net.lose(0.1);
    for (let round = 0; round < 5; round += 1) {
      const { id } = await place(browser, 'bob');
      await app.t.clock.advance('12s');
      expect(await callOf(browser, id)).toMatchObject({ state: 'connected' });
      await alice.calls.at(-1)?.hangUp();
      await app.t.clock.advance('40s');
      expect(await callOf(browser, id)).toMatchObject({ state: 'ended' });
    }
    app.t.net.lose(0);
    await app.expectClean();
  });
});

describe('when the first phone does not take the call', () => {
  test.each([
    ['declines', 603, 'Alice declined the call'],
    ['is busy', 486, 'Alice is busy'],
    ['is not there', 480, 'Alice is not available at the moment'],
  ])('because it %s, the call fails and the callee is left alone', async (_what, status, reason) => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    alice.onInvite({ act: 'reject', status, ringFor: '1s' });
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('2s');
    expect(await callOf(browser, id)).toMatchObject({
      state: 'failed',
      reason,
      legs: [{ state: 'failed', status, reason }, { state: 'waiting' }],
    });
    expect(bob.calls).toHaveLength(0);
    await app.expectClean();
  });

  test('because nobody picks up, ringing ends after 45 seconds', async () => {
    await using app = await startApp();
    const { browser, alice } = await setUp(app);
    alice.onInvite({ act: 'ring' });
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('44s');
    expect(await callOf(browser, id)).toMatchObject({ state: 'ringing-first' });
    await app.t.clock.advance('2s');
    expect(await callOf(browser, id)).toMatchObject({
      state: 'failed',
      reason: 'Alice did not answer within 45 seconds',
    });
    expect(alice.calls[0]).toMatchObject({ state: 'failed', status: 487 });
    await app.expectClean();
  });

  test('because it has vanished, the call fails after 32 seconds (RFC 3261 §17.1.1.2, Timer B)', async () => {
    await using app = await startApp();
    const { browser, alice } = await setUp(app);
    alice.goSilent();
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('33s');
    expect(await callOf(browser, id)).toMatchObject({
      state: 'failed',
      reason: 'Alice’s phone did not react',
      legs: [{ state: 'failed', status: 408 }, { state: 'waiting' }],
    });
    await app.t.clock.advance('1m');
  });

  test('and offers no media in its 200, it is acknowledged and hung up', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    alice.onInvite({ act: 'answer', sdp: '' });
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('2s');
    expect(await callOf(browser, id)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('without saying which media'),
    });
    expect(bob.calls).toHaveLength(0);
    expect(alice.calls[0]?.isOver).toBe(true);
    await app.expectClean();
  });
});

describe('when the second phone does not take the call', () => {
  test.each([
    ['declines', 603, 'Bob declined the call'],
    ['is busy', 486, 'Bob is busy'],
    ['moved', 302, 'Bob’s phone wants to be called elsewhere (302 Moved Temporarily)'],
    ['breaks', 500, expect.stringMatching(/^Bob’s phone refused the call \(500 /)],
  ])('because it %s, the caller gets an ACK that refuses its offer, and a BYE', async (_what, status, reason) => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    bob.onInvite({ act: 'reject', status, ringFor: '1s', headers: { contact: '<sip:elsewhere@10.0.0.99>' } });
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('4s');
    expect(await callOf(browser, id)).toMatchObject({
      state: 'failed',
      reason,
      legs: [{ state: 'ended' }, { state: 'failed', status }],
    });
    expect(alice.media.remote).toMatch(REFUSED_ACK);
    expect(alice.calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
    await app.expectClean();
  });

  test('because nobody picks up, ringing ends after 25 seconds, before the caller’s phone gives up at 32', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    bob.onInvite({ act: 'ring' });
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('25s');
    expect(await callOf(browser, id)).toMatchObject({ state: 'ringing-second' });
    await app.t.clock.advance('2s');
    expect(await callOf(browser, id)).toMatchObject({
      state: 'failed',
      reason: 'Bob did not answer within 25 seconds',
    });
    expect(bob.calls[0]).toMatchObject({ state: 'failed', status: 487 });
    expect(alice.calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
    await app.expectClean();
  });

  test('because it has vanished without a sound, the caller is released after 25 seconds all the same', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    bob.goSilent();
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('27s');
    expect(await callOf(browser, id)).toMatchObject({
      state: 'failed',
      reason: 'Bob did not answer within 25 seconds',
    });
    expect(alice.calls[0]?.isOver).toBe(true);
    await app.t.clock.advance('2m');
  });

  test.each([
    ['rtp', 'webrtc'],
    ['webrtc', 'rtp'],
  ] as const)('because one is %s and the other %s, the page says what fits together (488)', async (first, second) => {
    await using app = await startApp();
    const alice = await app.phone('alice', { media: first, transport: first === 'webrtc' ? 'ws' : 'udp' });
    const bob = await app.phone('bob', { media: second, transport: second === 'webrtc' ? 'ws' : 'udp' });
    alice.onInvite({ act: 'answer' });
    bob.onInvite({ act: 'answer' });
    const browser = await app.browser('alice');
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('3s');
    const call = await callOf(browser, id);
    expect(call).toMatchObject({ state: 'failed', legs: [{}, { state: 'failed', status: 488 }] });
    expect(call.reason?.toLowerCase()).toBe(MEDIA_NOT_COMPATIBLE);
    expect(alice.calls[0]?.isOver).toBe(true);
    await app.expectClean();
  });

  test('because its answer is one the caller cannot use, the caller’s BYE with Reason 488 says so (RFC 3326)', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    await place(browser, 'bob');
    await app.t.clock.advance('4s');
    await alice.calls[0]?.hangUp({ reason: 'SIP;cause=488;text="Not Acceptable Here"' });
    await app.t.settled();
    const [call] = (await browser.get('/calls', { acceptJson: true })).json<{ reason: string; state: string }[]>();
    expect(call?.reason.toLowerCase()).toBe(MEDIA_NOT_COMPATIBLE);
    expect(call?.state).toBe('failed');
    expect(bob.calls[0]?.isOver).toBe(true);
    await app.expectClean();
  });

  test('because the caller hangs up first, its phone stops ringing', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    bob.onInvite({ act: 'ring' });
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('5s');
    await alice.calls[0]?.hangUp();
    await app.t.settled();
    expect(await callOf(browser, id)).toMatchObject({
      state: 'ended',
      reason: 'Alice hung up before Bob answered',
      endedBy: 'first',
    });
    expect(bob.calls[0]).toMatchObject({ state: 'failed', status: 487 });
    await app.expectClean();
  });

  test('because it is not registered any more when the caller picks up, the caller is released', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    alice.onInvite({ act: 'answer', ringFor: '5s' });
    const { id } = await place(browser, 'bob');
    await bob.unregister();
    await app.t.clock.advance('7s');
    expect(await callOf(browser, id)).toMatchObject({ state: 'failed', reason: 'Bob’s phone went away' });
    expect(alice.calls[0]?.isOver).toBe(true);
    await app.expectClean();
  });
});

describe('when the connection of a phone in a browser closes', () => {
  test.each([
    ['the caller’s, while it rings', '500', 'failed', 'Alice’s phone went away', 'alice'],
    ['the callee’s, while it rings', '2500', 'failed', 'Bob’s phone went away', 'bob'],
    ['the callee’s, during the talk', '10000', 'ended', 'Bob’s phone went away', 'bob'],
  ])('%s', async (_what, after, state, reason, who) => {
    await using app = await startApp();
    const alice = await app.phone('alice', { transport: 'ws' });
    const bob = await app.phone('bob', { transport: 'ws' });
    alice.onInvite({ act: 'answer', ringFor: '1s' });
    bob.onInvite({ act: 'answer', ringFor: '4s' });
    const browser = await app.browser('alice');
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance(Number(after));
    (who === 'alice' ? alice : bob).goSilent();
    await app.t.settled();
    expect(await callOf(browser, id)).toMatchObject({ state, reason });
    expect((await peopleOf(browser)).get(who)).toMatchObject({ registered: false });
    await app.t.clock.advance('40s');
    expect((who === 'alice' ? bob : alice).calls.every((each) => each.isOver)).toBe(true);
    await app.expectClean();
  });
});

describe('DELETE /calls/:id', () => {
  test.each([
    ['calling-first', 'ignore', '300ms'],
    ['ringing-first', 'ring', '2s'],
  ] as const)('at %s cancels the first leg', async (state, act, after) => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    alice.onInvite({ act });
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance(after);
    expect(await callOf(browser, id)).toMatchObject({ state });
    expect((await browser.delete(`/calls/${id}`)).statusCode).toBe(204);
    await app.t.settled();
    expect(await callOf(browser, id)).toMatchObject({
      state: 'ended',
      reason: 'Alice ended the call on the page',
      endedBy: 'page',
    });
    if (act === 'ring') expect(alice.calls[0]).toMatchObject({ status: 487 });
    expect(bob.calls).toHaveLength(0);
    await app.expectClean();
  });

  test.each([
    ['calling-second', 'ignore'],
    ['ringing-second', 'ring'],
  ] as const)('at %s cancels the second leg and releases the first', async (state, act) => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    bob.onInvite({ act });
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('3s');
    expect(await callOf(browser, id)).toMatchObject({ state });
    await browser.delete(`/calls/${id}`);
    await app.t.settled();
    expect(await callOf(browser, id)).toMatchObject({ state: 'ended', endedBy: 'page' });
    expect(alice.media.remote).toMatch(REFUSED_ACK);
    expect(alice.calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
    if (act === 'ring') expect(bob.calls[0]).toMatchObject({ status: 487 });
    await app.expectClean();
  });

  test('of a connected call hangs up both, also from the callee’s page; a second DELETE changes nothing', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('5s');
    const other = await app.browser('bob');
    expect((await other.delete(`/calls/${id}`)).statusCode).toBe(204);
    await app.t.settled();
    expect(alice.calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
    expect(bob.calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
    expect((await browser.delete(`/calls/${id}`)).statusCode).toBe(204);
    expect(await callOf(browser, id)).toMatchObject({ state: 'ended', reason: 'Bob ended the call on the page' });
    await app.expectClean();
  });
});

describe('messages that cross', () => {
  test('the first phone’s 200 crosses our CANCEL: it is acknowledged and hung up (RFC 3261 §9.1)', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    alice.onInvite({ act: 'ring' });
    app.t.net.delay(50);
    const { id } = await place(browser, 'bob');
    const incoming = await alice.nextCall();
    await app.t.clock.advance('1s');
    incoming.pickUp();
    await browser.delete(`/calls/${id}`);
    await app.t.clock.advance('2s');
    expect(await callOf(browser, id)).toMatchObject({ state: 'ended', endedBy: 'page' });
    expect(incoming).toMatchObject({ state: 'ended', endedBy: 'remote' });
    expect(bob.calls).toHaveLength(0);
    await app.expectClean();
  });

  test('the second phone’s 200 crosses our CANCEL', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    bob.onInvite({ act: 'ring' });
    app.t.net.delay(50);
    const { id } = await place(browser, 'bob');
    const incoming = await bob.nextCall();
    await app.t.clock.advance('1s');
    incoming.pickUp();
    await browser.delete(`/calls/${id}`);
    await app.t.clock.advance('2s');
    expect(await callOf(browser, id)).toMatchObject({ state: 'ended', endedBy: 'page' });
    expect(incoming).toMatchObject({ state: 'ended', endedBy: 'remote' });
    expect(alice.calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
    await app.expectClean();
  });

  test('both hang up at once: each BYE is answered, and the call ended once', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    const events = await browser.events('/events');
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('5s');
    app.t.net.delay(50);
    await Promise.all([alice.calls[0]?.hangUp(), bob.calls[0]?.hangUp()]);
    await app.t.settled();
    expect(await callOf(browser, id)).toMatchObject({ state: 'ended', reason: 'Alice hung up' });
    expect(events.received.filter((each) => each.data.includes('"ended"') && each.event === 'call')).toHaveLength(1);
    events.close();
    await app.expectClean();
  });

  test('a phone that vanished during the talk gets a BYE and no more: the call is over for the other one', async () => {
    await using app = await startApp();
    const { browser, alice, bob } = await setUp(app);
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('5s');
    bob.goSilent();
    await alice.calls[0]?.hangUp();
    await app.t.settled();
    expect(await callOf(browser, id)).toMatchObject({ state: 'ended', reason: 'Alice hung up' });
    await app.t.clock.advance('40s');
    expect(app.t.container.counts()).toMatchObject({ transactions: 0, sipSessions: 0 });
  });
});

describe('a phone that loses its power during the talk', () => {
  test.each([
    ['udp', 'alice', 'Alice’s phone went away'],
    ['udp', 'bob', 'Bob’s phone went away'],
    ['tcp', 'bob', 'Bob’s phone went away'],
  ] as const)(
    'over %s: %s is missed within two minutes, and the other one is released',
    async (transport, who, reason) => {
      await using app = await startApp();
      const alice = await app.phone('alice', { transport });
      const bob = await app.phone('bob', { transport });
      alice.onInvite({ act: 'answer' });
      bob.onInvite({ act: 'answer' });
      const browser = await app.browser('alice');
      const { id } = await place(browser, 'bob');
      await app.t.clock.advance('150s');
      expect(await callOf(browser, id)).toMatchObject({ state: 'connected' });
      (who === 'alice' ? alice : bob).goSilent();
      await app.t.clock.advance('2m');
      expect(await callOf(browser, id)).toMatchObject({ state: 'ended', reason });
      expect((who === 'alice' ? bob : alice).calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
      await app.t.clock.advance('61m');
      expect(app.t.leaks()).toEqual([]);
    },
  );
});

describe('who can be called', () => {
  test('nobody is called twice at a time, and nobody calls themselves', async () => {
    await using app = await startApp();
    const { browser, bob } = await setUp(app);
    bob.onInvite({ act: 'ring' });
    await app.phone('carol');
    await place(browser, 'bob');
    const refusals = async (who: string, to: string): Promise<unknown> => {
      const response = await (await app.browser(who)).post('/calls', { json: { to } });
      return [response.statusCode, response.json<{ error: string }>().error];
    };
    expect(await refusals('alice', 'carol')).toEqual([409, 'You are busy: you are in a call already']);
    expect(await refusals('carol', 'bob')).toEqual([409, 'Bob is busy: in a call already']);
    expect(await refusals('carol', 'carol')).toEqual([409, 'You cannot call yourself']);
    await app.t.clock.advance('40s');
    expect(await refusals('carol', 'nobody')).toEqual([404, 'There is nobody called “nobody”']);
    await app.expectClean();
  });

  test('two clicks at the same moment start one call', async () => {
    await using app = await startApp();
    const { browser, alice } = await setUp(app);
    const post = (): Promise<{ statusCode: number }> =>
      app.t.container.inject({
        method: 'POST',
        url: '/calls',
        headers: { cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; '), accept: 'application/json' },
        payload: { to: 'bob' },
      });
    const answers = await app.t.clock.until(Promise.all([post(), post()]));
    expect(new Set(answers.map((each) => each.statusCode))).toEqual(new Set([202, 409]));
    await app.t.clock.advance('5s');
    expect(alice.calls).toHaveLength(1);
    await alice.calls[0]?.hangUp();
    await app.expectClean();
  });

  test('both need a registered phone', async () => {
    await using app = await startApp();
    const browser = await app.browser('alice');
    const first = await browser.post('/calls', { json: { to: 'bob' } });
    expect([first.statusCode, first.json<{ error: string }>().error]).toEqual([
      409,
      expect.stringContaining('no registered phone'),
    ]);
    await app.phone('alice');
    const second = await browser.post('/calls', { json: { to: 'bob' } });
    expect([second.statusCode, second.json<{ error: string }>().error]).toEqual([409, 'Bob has no registered phone']);
    await app.expectClean();
  });

  test('of several phones the one registered last rings', async () => {
    await using app = await startApp();
    const { browser, bob } = await setUp(app);
    await app.t.clock.advance('1s');
    const newer = await app.phone('bob', { name: 'newer' });
    newer.onInvite({ act: 'answer' });
    await place(browser, 'bob');
    await app.t.clock.advance('3s');
    expect(newer.calls).toHaveLength(1);
    expect(bob.calls).toHaveLength(0);
    await newer.calls[0]?.hangUp();
    await app.expectClean();
  });
});

test('a call may last longer than the session timeout of three minutes, but not for ever', async () => {
  await using app = await startApp();
  const { browser, alice, bob } = await setUp(app);
  const { id } = await place(browser, 'bob');
  await app.t.clock.advance('60m');
  expect(await callOf(await app.browser('alice'), id)).toMatchObject({ state: 'connected' });
  await app.t.clock.advance('181m');
  expect(await callOf(await app.browser('alice'), id)).toMatchObject({
    state: 'ended',
    reason: 'The call reached the limit of 4 hours',
  });
  expect([alice, bob].every((each) => each.calls[0]?.isOver)).toBe(true);
  await app.t.clock.advance('70m');
  expect(app.t.leaks()).toEqual([]);
});

test('the list of calls is bounded: of ended calls the last 200 stay', async () => {
  await using app = await startApp();
  const { browser, alice } = await setUp(app);
  alice.onInvite({ act: 'reject' });
  const first = await place(browser, 'bob');
  for (let count = 0; count < 200; count += 1) {
    await app.t.settled();
    await place(browser, 'bob');
  }
  await app.t.settled();
  expect(app.parts.book.size).toBe(200);
  expect((await browser.get(`/calls/${first.id}`, { acceptJson: true })).statusCode).toBe(404);
  await app.expectClean();
});
