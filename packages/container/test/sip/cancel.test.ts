import { describe, expect, test } from '@jest/globals';
import type { SipServletRequest } from '@siplet/api';
import type { TestContainer } from '@siplet/testing';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { startScript } from './support/script-app.ts';

async function cancel(peer: RawPeer, branch: string): Promise<void> {
  await peer.request('CANCEL', { branch });
}

function gate(): { open: () => void; passed: Promise<void> } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

async function peerOf(t: TestContainer): Promise<RawPeer> {
  return RawPeer.open(t, '10.0.0.71');
}

describe('CANCEL as a server (JSR 289 §11.2.3)', () => {
  test('the container answers 200 and 487, then the application hears of it', async () => {
    const states: string[] = [];
    const { t, app } = await startScript({
      async request(request) {
        if (request.getMethod() === 'INVITE') await request.createResponse(180).send();
        else states.push(request.getSession().getState(), String(request.isInitial()));
      },
    });
    await using _ = t;
    const peer = await peerOf(t);
    await peer.request('INVITE', { branch: 'z9hG4bKc' });
    await cancel(peer, 'z9hG4bKc');
    expect(peer.statuses).toEqual([180, 200, 487]);
    expect(peer.responses.map((response) => response.headers.cseq?.method)).toEqual(['INVITE', 'CANCEL', 'INVITE']);
    expect(app.seen.filter((line) => /^[A-Z]+$/.test(line))).toEqual(['INVITE', 'CANCEL']);
    expect(states).toEqual(['TERMINATED', 'false']);
    expect(() => app.request('INVITE').createResponse(200)).toThrow(
      expect.objectContaining({ code: 'CTR_ERR_ANSWERED' }),
    );
    expect(() => app.request('CANCEL').createResponse(200)).toThrow(
      expect.objectContaining({ code: 'CTR_ERR_NO_RESPONSE' }),
    );
    await expectNoLeaks(t);
  });

  test('it overtakes an INVITE handler that still runs, whose late answer is refused', async () => {
    const { open, passed } = gate();
    let code = '';
    const { t, app } = await startScript({
      async request(request) {
        if (request.getMethod() !== 'INVITE') return;
        const answer = request.createResponse(200);
        await passed;
        try {
          void answer.send();
        } catch (error) {
          code = (error as { code: string }).code;
        }
      },
    });
    await using _ = t;
    const peer = await peerOf(t);
    const invited = peer.request('INVITE', { branch: 'z9hG4bKc' });
    await t.clock.advance('10ms');
    const cancelled = cancel(peer, 'z9hG4bKc');
    await t.clock.advance('10ms');
    expect(peer.statuses).toEqual([200, 487]);
    expect(app.seen).not.toContain('CANCEL');
    open();
    await Promise.all([invited, cancelled]);
    expect(code).toBe('CTR_ERR_ANSWERED');
    expect(app.seen).toContain('CANCEL');
    await expectNoLeaks(t);
  });

  test('an INVITE that still waits for its turn is never seen, nor is its CANCEL', async () => {
    const { open, passed } = gate();
    const { t, app } = await startScript(
      {
        async request(request) {
          if (request.getMethod() === 'MESSAGE') await passed;
          await request.createResponse(200).send();
        },
      },
      { key: () => 'one for all' },
    );
    await using _ = t;
    const peer = await peerOf(t);
    const waits = peer.request('MESSAGE', { callId: 'first' });
    await t.clock.advance('10ms');
    const invited = peer.request('INVITE', { branch: 'z9hG4bKc' });
    await t.clock.advance('10ms');
    const cancelled = cancel(peer, 'z9hG4bKc');
    await t.clock.advance('10ms');
    expect(peer.statuses).toEqual([200, 487]);
    open();
    await Promise.all([waits, invited, cancelled]);
    expect(peer.statuses).toEqual([200, 487, 200]);
    expect(app.seen.filter((line) => /^[A-Z]+$/.test(line))).toEqual(['MESSAGE']);
    await expectNoLeaks(t);
  });

  test('after the final response it has no effect and the application is not told', async () => {
    const { t, app } = await startScript({
      async request(request) {
        if (request.getMethod() === 'INVITE') await request.createResponse(200).send();
        if (request.getMethod() === 'BYE') await request.createResponse(200).send();
      },
    });
    await using _ = t;
    const peer = await peerOf(t);
    await peer.request('INVITE', { branch: 'z9hG4bKc' });
    await cancel(peer, 'z9hG4bKc');
    expect(peer.responses.map((response) => response.headers.get('CSeq'))).toEqual(['1 INVITE', '1 CANCEL']);
    expect(app.seen).not.toContain('CANCEL');
    const toTag = peer.responses[0]?.headers.to?.tag ?? '';
    await peer.request('ACK', { toTag });
    await peer.request('BYE', { toTag, cseq: 2 });
    await expectNoLeaks(t);
  });

  test('one that matches nothing is 481', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const peer = await peerOf(t);
    await cancel(peer, 'z9hG4bKnothing');
    expect(peer.statuses).toEqual([481]);
    expect(app.seen).toEqual([]);
    await expectNoLeaks(t);
  });
});

describe('CANCEL as a client (RFC 3261 §9.1)', () => {
  async function call(
    t: TestContainer,
    app: { factory: import('@siplet/api').SipFactory },
  ): Promise<SipServletRequest> {
    const session = app.factory.createApplicationSession();
    const invite = app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:raw@10.0.0.71');
    await invite.send();
    await t.settled();
    return invite;
  }

  test('it waits for the first provisional response, and its own response stays below', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const peer = await peerOf(t);
    const invite = await call(t, app);
    await invite.createCancel().send();
    await t.settled();
    expect(peer.methods.filter((method) => method === 'CANCEL')).toEqual([]);
    await peer.respond(peer.last('INVITE'), 180);
    expect(peer.last('CANCEL').headers.get('CSeq')).toBe('1 CANCEL');
    await peer.respond(peer.last('CANCEL'), 200);
    await peer.respond(peer.last('INVITE'), 487);
    expect(app.seen.filter((line) => /^\d+$/.test(line))).toEqual(['180', '487']);
    await expectNoLeaks(t);
  });

  test('with a 200 that crosses it the call stands, and createCancel is refused from then on', async () => {
    const { t, app } = await startScript({
      async response(response) {
        if (response.getStatus() === 200 && response.getMethod() === 'INVITE') {
          await response.createAck().send();
          await response.getSession().createRequest('BYE').send();
        }
      },
    });
    await using _ = t;
    const peer = await peerOf(t);
    const invite = await call(t, app);
    await peer.respond(peer.last('INVITE'), 180);
    await invite.createCancel().send();
    await t.settled();
    await peer.respond(peer.last('INVITE'), 200);
    await peer.respond(peer.last('CANCEL'), 481);
    expect(() => invite.createCancel()).toThrow(expect.objectContaining({ code: 'CTR_ERR_CREATE_CANCEL' }));
    expect(peer.methods).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE']);
    await peer.respond(peer.last('BYE'), 200);
    await expectNoLeaks(t);
  });

  test('before the request was sent, or for another method, there is nothing to cancel', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const session = app.factory.createApplicationSession();
    const invite = app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:raw@10.0.0.71');
    const message = app.factory.createRequest(session, 'MESSAGE', 'sip:me@example.com', 'sip:raw@10.0.0.71');
    for (const request of [invite, message]) {
      expect(() => request.createCancel()).toThrow(expect.objectContaining({ code: 'CTR_ERR_CREATE_CANCEL' }));
    }
    session.invalidate();
    await expectNoLeaks(t);
  });

  test('a phone that never answers the CANCEL is given up after 64*T1', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const peer = await peerOf(t);
    const invite = await call(t, app);
    await peer.respond(peer.last('INVITE'), 180);
    await invite.createCancel().send();
    await t.clock.advance('33s');
    expect(app.seen.at(-5)).toBe('408');
    await expectNoLeaks(t);
  });
});
