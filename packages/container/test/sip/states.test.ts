import { describe, expect, test } from '@jest/globals';
import type { SipServletRequest, SipSession } from '@siplet/api';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { startScript } from './support/script-app.ts';

const SDP = 'v=0\r\n';

/** Notes the state each time the application looks, and when the session ends. */
class States {
  readonly list: string[] = [];
  session: SipSession | undefined;

  look(session: SipSession): void {
    this.session = session;
    this.list.push(session.getState());
  }
}

describe('the states of a SIP session as a server (JSR 289 §6.2.1)', () => {
  test('1xx and 2xx: INITIAL EARLY CONFIRMED TERMINATED', async () => {
    const states = new States();
    const { t } = await startScript({
      async request(request) {
        const session = request.getSession();
        states.look(session);
        if (request.getMethod() === 'ACK') return;
        if (request.getMethod() === 'INVITE') {
          await request.createResponse(180).send();
          states.look(session);
        }
        await request.createResponse(200).send();
        states.look(session);
      },
    });
    await using _ = t;
    const call = await t.phone('sip:alice@example.com').call('sip:x@example.com').connected();
    await call.hangUp();
    expect(states.list).toEqual(['INITIAL', 'EARLY', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'TERMINATED']);
    expect(states.session?.isValid()).toBe(false);
    await expectNoLeaks(t);
  });

  test('1xx and 4xx: INITIAL EARLY TERMINATED', async () => {
    const states = new States();
    const { t } = await startScript({
      async request(request) {
        states.look(request.getSession());
        await request.createResponse(180).send();
        states.look(request.getSession());
        await request.createResponse(486).send();
        states.look(request.getSession());
      },
    });
    await using _ = t;
    const call = await t.phone('sip:alice@example.com').call('sip:x@example.com').ended();
    expect(call.status).toBe(486);
    expect(states.list).toEqual(['INITIAL', 'EARLY', 'TERMINATED']);
    await expectNoLeaks(t);
  });

  test('4xx: INITIAL TERMINATED; other methods stay INITIAL', async () => {
    const states = new States();
    const { t } = await startScript({
      async request(request) {
        states.look(request.getSession());
        await request.createResponse(request.getMethod() === 'INVITE' ? 404 : 200).send();
        states.look(request.getSession());
      },
    });
    await using _ = t;
    const alice = t.phone('sip:alice@example.com');
    await alice.call('sip:x@example.com').ended();
    await alice.sendRequest('MESSAGE', 'sip:x@example.com');
    expect(states.list).toEqual(['INITIAL', 'TERMINATED', 'INITIAL', 'INITIAL']);
    await expectNoLeaks(t);
  });

  test('a BYE without final response to the INVITE ends both, with 487 to the INVITE (RFC 3261 §15.1.2)', async () => {
    const { t, app } = await startScript({
      async request(request) {
        await request.createResponse(request.getMethod() === 'INVITE' ? 180 : 200).send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.90');
    await peer.request('INVITE', { body: SDP, headers: ['Content-Type: application/sdp'] });
    const toTag = peer.responses.at(-1)?.headers.to?.tag ?? '';
    await peer.request('BYE', { toTag, cseq: 2 });
    expect(peer.statuses).toEqual([180, 200, 487]);
    expect(app.seen.filter((line) => /[A-Z]/.test(line))).toEqual(['INVITE', 'BYE']);
    await peer.request('ACK', { toTag, branch: 'z9hG4bKraw10.0.0.90x1' });
    await expectNoLeaks(t);
  });
});

describe('the states of a SIP session as a client (JSR 289 §6.2.1)', () => {
  async function clientCall(states: States, onFinal?: (status: number, session: SipSession) => void) {
    const started = await startScript({
      async response(response) {
        states.look(response.getSession());
        if (response.getStatus() >= 200) onFinal?.(response.getStatus(), response.getSession());
        if (response.getMethod() === 'INVITE' && response.getStatus() < 300 && response.getStatus() >= 200) {
          await response.createAck().send();
        }
      },
    });
    const bob = started.t.phone('sip:bob@example.com');
    const invite = async (): Promise<SipServletRequest> => {
      const session = started.app.factory.createApplicationSession();
      const request = started.app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', bob.contactUri);
      states.look(request.getSession());
      await request.send();
      return request;
    };
    return { ...started, bob, invite };
  }

  test('1xx and 4xx: INITIAL EARLY INITIAL, and the session goes when nothing follows', async () => {
    const states = new States();
    const { t, bob, invite } = await clientCall(states);
    await using _ = t;
    bob.onInvite({ act: 'reject', status: 486, ringFor: '1s' });
    await invite();
    await t.clock.advance('3s');
    expect(states.list).toEqual(['INITIAL', 'EARLY', 'INITIAL']);
    expect(states.session?.isValid()).toBe(false);
    await expectNoLeaks(t);
  });

  test('after a failure the session tries again with the same Call-ID and From tag and a higher CSeq (RFC 3261 §8.1.3.5)', async () => {
    const states = new States();
    let again: SipServletRequest | undefined;
    const { t, bob, invite } = await clientCall(states, (status, session) => {
      if (status !== 486) return;
      bob.onInvite({ act: 'answer' });
      again = session.createRequest('INVITE');
      void again.send();
    });
    await using _ = t;
    bob.onInvite({ act: 'reject', status: 486 });
    const first = await invite();
    await t.settled();
    expect(states.list).toEqual(['INITIAL', 'INITIAL', 'CONFIRMED']);
    expect(again?.getCallId()).toBe(first.getCallId());
    expect(again?.getFrom().getParameter('tag')).toBe(first.getFrom().getParameter('tag'));
    expect([first.getHeader('CSeq'), again?.getHeader('CSeq')]).toEqual(['1 INVITE', '2 INVITE']);
    await bob.hangUp().catch(() => undefined);
    await t.container.stop();
  });

  test('a 487 to a re-INVITE changes nothing: INITIAL EARLY CONFIRMED CONFIRMED TERMINATED', async () => {
    const states = new States();
    const { t, app } = await startScript({
      async response(response) {
        states.look(response.getSession());
        if (response.getMethod() === 'INVITE' && response.getStatus() === 200) await response.createAck().send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.90');
    const session = app.factory.createApplicationSession();
    const invite = app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:raw@10.0.0.90');
    states.look(invite.getSession());
    await invite.send();
    await t.settled();
    await peer.respond(peer.last('INVITE'), 180);
    await peer.respond(peer.last('INVITE'), 200);
    await invite.getSession().createRequest('INVITE').send();
    await t.settled();
    await peer.respond(peer.last('INVITE'), 487);
    await invite.getSession().createRequest('BYE').send();
    await t.settled();
    await peer.respond(peer.last('BYE'), 200);
    expect(states.list).toEqual(['INITIAL', 'EARLY', 'CONFIRMED', 'CONFIRMED', 'TERMINATED']);
    expect(peer.methods).toEqual(['INVITE', 'ACK', 'INVITE', 'ACK', 'BYE']);
    expect(peer.requests.map((request) => request.headers.cseq?.number)).toEqual([1, 1, 2, 2, 3]);
    await expectNoLeaks(t);
  });

  test('no answer at all is a 408 made here, and leaves nothing (RFC 3261 §8.1.3.1)', async () => {
    const states = new States();
    const { t, app, bob, invite } = await clientCall(states);
    await using _ = t;
    bob.onInvite({ act: 'ignore' });
    await invite();
    await t.clock.advance('31s');
    expect(app.responses).toEqual([]);
    await t.clock.advance('2s');
    expect(app.responses.map((response) => response.getStatus())).toEqual([408]);
    expect(app.response(408).getFlow()).toBeUndefined();
    await expectNoLeaks(t);
  });

  test('a broken transport is a 503 made here, never an unhandled rejection', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const session = app.factory.createApplicationSession();
    const request = app.factory.createRequest(session, 'MESSAGE', 'sip:me@example.com', 'sip:x@nowhere.example');
    await t.clock.until(request.send(), { waitingFor: 'send' });
    await t.settled();
    expect(app.responses.map((response) => response.getStatus())).toEqual([503]);
    await expectNoLeaks(t);
  });
});
