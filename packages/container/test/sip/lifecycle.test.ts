import { describe, expect, test } from '@jest/globals';
import type { SipApplicationSession, SipSession } from '@siplet/api';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { startScript } from './support/script-app.ts';

const answerAll = {
  async request(request: import('@siplet/api').SipServletRequest) {
    if (request.getMethod() !== 'ACK') await request.createResponse(200).send();
  },
};

describe('invalidation when ready (JSR 289 §6.2.4)', () => {
  test('a finished request ends its session, SIP before application, each callback once and in order', async () => {
    const { t, app } = await startScript(answerAll);
    await using _ = t;
    await t.phone('sip:alice@example.com').sendRequest('MESSAGE', 'sip:x@example.com');
    await t.settled();
    expect(app.seen).toEqual([
      'app created',
      'sip created',
      'MESSAGE',
      'sip ready',
      'sip destroyed',
      'app ready',
      'app destroyed',
    ]);
    await expectNoLeaks(t);
  });

  test('sessionReadyToInvalidate may keep the session, and then it is ended by hand', async () => {
    const kept: SipSession[] = [];
    const { t, app } = await startScript({
      ...answerAll,
      ready(session) {
        session.setInvalidateWhenReady(false);
        if ('getCallId' in session) kept.push(session);
      },
    });
    await using _ = t;
    await t.phone('sip:alice@example.com').sendRequest('MESSAGE', 'sip:x@example.com');
    await t.settled();
    const [session] = kept;
    expect(session?.isValid()).toBe(true);
    expect(session?.isReadyToInvalidate()).toBe(true);
    expect(app.seen).not.toContain('sip destroyed');
    session?.getApplicationSession().invalidate();
    expect(app.seen.slice(-2)).toEqual(['sip destroyed', 'app destroyed']);
    expect(() => session?.getApplicationSession().invalidate()).toThrow(
      expect.objectContaining({ code: 'CTR_ERR_SESSION_INVALID' }),
    );
    expect(() => session?.setAttribute('a', 1)).toThrow(expect.objectContaining({ code: 'CTR_ERR_SESSION_INVALID' }));
    await expectNoLeaks(t);
  });

  test('an asynchronous ready listener is waited for', async () => {
    const { t, app } = await startScript({
      ...answerAll,
      async ready(_session, self) {
        await Promise.resolve();
        await Promise.resolve();
        self.seen.push('listener done');
      },
    });
    await using _ = t;
    await t.phone('sip:alice@example.com').sendRequest('MESSAGE', 'sip:x@example.com');
    await t.settled();
    expect(app.seen.slice(3)).toEqual([
      'sip ready',
      'listener done',
      'sip destroyed',
      'app ready',
      'listener done',
      'app destroyed',
    ]);
    await expectNoLeaks(t);
  });

  test('a servlet timer keeps the application session until it has run', async () => {
    const { t, app } = await startScript({
      async request(request, self) {
        self.sessions satisfies object;
        await request.createResponse(200).send();
        request.getApplicationSession().setInvalidateWhenReady(true);
      },
    });
    await using _ = t;
    // Without a TimerListener the service refuses.
    const session = app.factory.createApplicationSession();
    expect(() => app.timers.createTimer(session, 1000, false)).toThrow(
      expect.objectContaining({ code: 'CTR_ERR_NO_TIMER_LISTENER' }),
    );
    session.invalidate();
    await expectNoLeaks(t);
  });

  test('an invalidated call leaves no transaction behind: what is open is cancelled or refused', async () => {
    const { t, app } = await startScript({
      request(request) {
        if (request.getMethod() === 'INVITE') void request.createResponse(180).send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    await peer.request('INVITE');
    app.request('INVITE').getApplicationSession().invalidate();
    await t.settled();
    expect(peer.statuses).toEqual([180, 500]);
    const session = app.factory.createApplicationSession();
    await app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:raw@10.0.0.71').send();
    await t.settled();
    await peer.respond(peer.last('INVITE'), 180);
    session.invalidate();
    await t.settled();
    expect(peer.methods).toEqual(['INVITE', 'CANCEL']);
    await peer.respond(peer.last('CANCEL'), 200);
    await peer.respond(peer.last('INVITE'), 487);
    await expectNoLeaks(t);
  });

  test('a 2xx that comes after the application has let go is acknowledged and ended (RFC 3261 §13.2.2.4)', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    const session = app.factory.createApplicationSession();
    await app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:raw@10.0.0.71').send();
    await t.settled();
    await peer.respond(peer.last('INVITE'), 180);
    session.invalidate();
    await t.settled();
    await peer.respond(peer.last('INVITE'), 200);
    expect(peer.methods).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE']);
    await peer.respond(peer.last('CANCEL'), 200);
    await peer.respond(peer.last('BYE'), 200);
    await expectNoLeaks(t);
  });
});

describe('expiry of application sessions (JSR 289 §6.1.2)', () => {
  const keep = {
    async request(request: import('@siplet/api').SipServletRequest) {
      request.getApplicationSession().setInvalidateWhenReady(false);
      await request.createResponse(200).send();
    },
  };

  test('after its timeout a session is told once and then invalidated', async () => {
    const { t, app } = await startScript(keep, { sessionTimeout: 3 });
    await using _ = t;
    await t.phone('sip:alice@example.com').sendRequest('MESSAGE', 'sip:x@example.com');
    const session = app.request('MESSAGE').getApplicationSession();
    expect(session.getExpirationTime()).toBe(session.getCreationTime() + 180_000);
    await t.clock.advance('179s');
    expect(session.isValid()).toBe(true);
    await t.clock.advance('2s');
    expect(session.isValid()).toBe(false);
    expect(app.seen.slice(-2)).toEqual(['expired', 'app destroyed']);
    await expectNoLeaks(t);
  });

  test('setExpires in sessionExpired extends it; messages alone do not', async () => {
    let extensions = 0;
    const { t, app } = await startScript(
      {
        ...keep,
        expired(session) {
          if (extensions++ === 0) expect(session.setExpires(5)).toBe(5);
        },
      },
      { sessionTimeout: 3 },
    );
    await using _ = t;
    await t.phone('sip:alice@example.com').sendRequest('MESSAGE', 'sip:x@example.com');
    const session = app.request('MESSAGE').getApplicationSession();
    await t.clock.advance('4m');
    expect(session.isValid()).toBe(true);
    await t.clock.advance('5m');
    expect(session.isValid()).toBe(false);
    expect(app.seen.filter((line) => line === 'expired')).toHaveLength(2);
    await expectNoLeaks(t);
  });

  test('with sessionExpiry activity a message moves it', async () => {
    const { t, app } = await startScript(keep, {
      sessionTimeout: 3,
      key: () => 'one',
      sip: { sessionExpiry: 'activity' },
    });
    await using _ = t;
    const phone = t.phone('sip:alice@example.com');
    await phone.sendRequest('MESSAGE', 'sip:x@example.com');
    const session = app.request('MESSAGE').getApplicationSession();
    await t.clock.advance('2m');
    await phone.sendRequest('MESSAGE', 'sip:x@example.com');
    await t.clock.advance('2m');
    expect(session.isValid()).toBe(true);
    await t.clock.advance('61s');
    expect(session.isValid()).toBe(false);
    await expectNoLeaks(t);
  });

  test('0 means never, and setExpires(0) says so with the largest number', async () => {
    const { t, app } = await startScript(keep, { sessionTimeout: 0 });
    await using _ = t;
    await t.phone('sip:alice@example.com').sendRequest('MESSAGE', 'sip:x@example.com');
    const session = app.request('MESSAGE').getApplicationSession();
    expect(session.getExpirationTime()).toBe(0);
    await t.clock.advance('2h');
    expect(session.isValid()).toBe(true);
    expect(session.setExpires(0)).toBe(2_147_483_647);
    session.invalidate();
    await expectNoLeaks(t);
  });

  test('a throwing sessionExpired neither loops nor keeps the session', async () => {
    const { t, app } = await startScript(
      {
        ...keep,
        expired() {
          throw new Error('listener broke');
        },
      },
      { sessionTimeout: 1 },
    );
    await using _ = t;
    await t.phone('sip:alice@example.com').sendRequest('MESSAGE', 'sip:x@example.com');
    await t.clock.advance('3m');
    expect(app.seen.filter((line) => line === 'expired')).toHaveLength(1);
    await expectNoLeaks(t);
  });
});

describe('requests without a session', () => {
  test.each([
    ['BYE', { toTag: 'unknown' }],
    ['INFO', { toTag: 'unknown' }],
    ['INVITE', { toTag: 'unknown' }],
    ['BYE', {}],
    ['UPDATE', {}],
  ] as const)('%s with %j is answered 481', async (method, options) => {
    const { t, app } = await startScript(answerAll);
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    await peer.request(method, options);
    expect(peer.statuses).toEqual([481]);
    expect(app.seen).toEqual([]);
    if (method === 'INVITE') await peer.request('ACK', { ...options, branch: 'z9hG4bKraw10.0.0.71x1' });
    await expectNoLeaks(t);
  });

  test('a late ACK is dropped without a word', async () => {
    const { t, app } = await startScript(answerAll);
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    await peer.request('ACK', { toTag: 'unknown' });
    expect(peer.heard).toEqual([]);
    expect(app.seen).toEqual([]);
    await expectNoLeaks(t);
  });

  test('inside a dialog a lower CSeq is 500, a second INVITE over an open one 500, after BYE 481 (RFC 3261 §12.2.2, §14.2)', async () => {
    let held = false;
    const { t } = await startScript({
      async request(request) {
        if (request.getMethod() === 'ACK' || (held && request.getMethod() === 'INVITE')) return;
        await request.createResponse(200).send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    await peer.request('INVITE', { cseq: 5 });
    const toTag = peer.responses.at(-1)?.headers.to?.tag ?? '';
    await peer.request('ACK', { toTag, cseq: 5 });
    await peer.request('INFO', { toTag, cseq: 4 });
    expect(peer.statuses).toEqual([200, 500]);
    held = true;
    await peer.request('INVITE', { toTag, cseq: 6 });
    await peer.request('INVITE', { toTag, cseq: 7 });
    expect(peer.statuses).toEqual([200, 500, 500]);
    expect(Number(peer.responses.at(-1)?.headers.get('Retry-After'))).toBeLessThanOrEqual(10);
    await peer.request('BYE', { toTag, cseq: 8 });
    expect(peer.statuses).toEqual([200, 500, 500, 200, 487]);
    await peer.request('INFO', { toTag, cseq: 9 });
    expect(peer.statuses.at(-1)).toBe(481);
    await expectNoLeaks(t);
  });

  test('no ACK to a 2xx: the container ends the call with BYE (RFC 3261 §13.3.1.4)', async () => {
    const { t } = await startScript(answerAll);
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    await peer.request('INVITE');
    await t.clock.advance('33s');
    expect(peer.statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(9);
    expect(peer.methods).toContain('BYE');
    await peer.respond(peer.last('BYE'), 200);
    await expectNoLeaks(t);
  });
});

describe('a handler that goes wrong', () => {
  test('a throw is a 500 for that call, logged with its code, and nothing for the others', async () => {
    const { t } = await startScript({
      async request(request) {
        if (request.getMethod() === 'INFO') throw new Error('broken');
        await request.createResponse(200).send();
      },
    });
    await using _ = t;
    const alice = t.phone('sip:alice@example.com');
    expect((await alice.sendRequest('INFO', 'sip:x@example.com')).status).toBe(500);
    expect((await alice.sendRequest('MESSAGE', 'sip:x@example.com')).status).toBe(200);
    expect(t.log.some((line) => line['code'] === 'CTR_ERR_SERVLET_THREW')).toBe(true);
    await expectNoLeaks(t);
  });

  test('one that never settles is named, and delays nobody but its own session', async () => {
    const { t } = await startScript({
      async request(request) {
        if (request.getMethod() === 'INFO') await new Promise(() => undefined);
        await request.createResponse(200).send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    await t.clock.advance('1ms');
    void peer;
    const text = [
      'INFO sip:x@example.com SIP/2.0',
      'Via: SIP/2.0/UDP 10.0.0.71:5060;branch=z9hG4bKstuck',
      'Max-Forwards: 70',
      'From: <sip:raw@example.com>;tag=1',
      'To: <sip:x@example.com>',
      'Call-ID: stuck',
      'CSeq: 1 INFO',
    ];
    const sent = peer.send(text.join('\n'));
    const alice = t.phone('sip:alice@example.com');
    expect((await alice.sendRequest('MESSAGE', 'sip:x@example.com')).status).toBe(200);
    await t.clock.advance('31s');
    await sent;
    const line = t.log.find((one) => one['code'] === 'CTR_ERR_HANDLER_STUCK');
    expect(line?.msg).toMatch(/^INFO sip:x@example\.com 1 INFO stuck has not settled within 30000 ms/);
    expect(peer.statuses).toEqual([100, 500]); // 100 after Timer E has reached T2 (RFC 4320 §4.1)
    await t.clock.advance('4m');
    await expectNoLeaks(t);
  });

  test('an unhandled method is 405 with Allow, an unknown one 501, never silence', async () => {
    const { t } = await startScript({});
    await using _ = t;
    const alice = t.phone('sip:alice@example.com');
    expect((await alice.sendRequest('MESSAGE', 'sip:x@example.com')).status).toBe(405);
    expect((await alice.sendRequest('FROBNICATE', 'sip:x@example.com')).status).toBe(501);
    await expectNoLeaks(t);
  });
});

describe('a session entered from outside (JSR 359 §16.3)', () => {
  test('runInSession runs alone and after what runs, also from inside', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const session: SipApplicationSession = app.factory.createApplicationSession();
    const order: string[] = [];
    const first = session.runInSession(async () => {
      order.push('first begins');
      await Promise.resolve();
      const inner = await session.runInSession(() => 'inner');
      order.push(inner, 'first ends');
      return 1;
    });
    const second = session.runInSession(() => {
      order.push('second');
      return 2;
    });
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(order).toEqual(['first begins', 'inner', 'first ends', 'second']);
    await expect(session.runInSession(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    session.invalidate();
    await expectNoLeaks(t);
  });
});
