import { describe, expect, test } from '@jest/globals';
import type { SipServletRequest, SipServletResponse, SipSession } from '@siplet/api';
import { expectLadder } from '@siplet/testing';
import { expectNoLeaks } from './support/nothing-left.ts';
import { type Script, type ScriptApp, startScript } from './support/script-app.ts';

/**
 * The CallSipServlet of the SIP Servlet tutorial: INVITE without SDP to the first phone, its offer to the second, the
 * second's answer in the first's ACK (RFC 3725 §4.1), with the tutorial's B2buaHelper and its swapped From and To.
 */
function tutorial(second: () => string): Script {
  return {
    async response(response, app) {
      const helper = response.getRequest().getB2buaHelper();
      if (response.getMethod() !== 'INVITE') return;
      const session = response.getSession();
      const isFirst = session.getAttribute('first') === true;
      const linked = helper.getLinkedSession(session);
      if (response.getStatus() >= 300) {
        await endOther(session, linked, isFirst);
        return;
      }
      if (response.getStatus() < 200) return;
      if (isFirst) await inviteSecond(response, app, second());
      else if (linked !== undefined) await acknowledgeBoth(response, linked);
    },
    async request(request) {
      if (request.getMethod() !== 'BYE') return;
      await request.createResponse(200).send();
      const linked = request.getB2buaHelper().getLinkedSession(request.getSession());
      if (linked === undefined) return;
      if (linked.getState() === 'CONFIRMED') await linked.createRequest('BYE').send();
      else await request.getB2buaHelper().createCancel(linked).send();
    },
  };
}

async function inviteSecond(response: SipServletResponse, app: ScriptApp, uri: string): Promise<void> {
  const request = response.getRequest();
  response.getSession().setAttribute('ACK', response.createAck());
  const headers = new Map([
    ['From', [request.getHeader('To') ?? '']],
    ['To', [request.getHeader('From') ?? '']],
  ]);
  const leg = request.getB2buaHelper().createRequest(request, true, headers);
  leg.setRequestURI(app.factory.createURI(uri));
  leg.setContent(response.getRawContent(), response.getContentType());
  await leg.send();
}

async function acknowledgeBoth(response: SipServletResponse, first: SipSession): Promise<void> {
  await response.createAck().send();
  const ack = first.getAttribute('ACK') as SipServletRequest;
  ack.setContent(response.getRawContent(), response.getContentType());
  await ack.send();
}

async function endOther(session: SipSession, linked: SipSession | undefined, isFirst: boolean): Promise<void> {
  if (isFirst || linked === undefined || linked.getState() !== 'CONFIRMED') return;
  await (linked.getAttribute('ACK') as SipServletRequest).send();
  await linked.createRequest('BYE').send();
  void session;
}

async function start(transports: { alice?: 'udp' | 'tcp' | 'ws'; bob?: 'udp' | 'tcp' | 'ws' } = {}) {
  const holder = { contact: '' };
  const script = tutorial(() => holder.contact);
  const { t, app } = await startScript({
    ...script,
    async request(request, self) {
      if (request.getMethod() === 'REGISTER') await request.createResponse(200).send();
      else await script.request?.(request, self);
    },
  });
  const alice = t.phone('sip:alice@example.com', transports.alice ? { transport: transports.alice } : {});
  const bob = t.phone('sip:bob@example.com', transports.bob ? { transport: transports.bob } : {});
  await alice.register();
  await bob.register();
  t.net.traffic.clear();
  holder.contact = bob.contactUri;
  const dial = async (): Promise<SipServletRequest> => {
    const session = app.factory.createApplicationSession();
    const invite = app.factory.createRequest(session, 'INVITE', 'sip:bob@example.com', 'sip:alice@example.com');
    invite.setRequestURI(app.factory.createURI(alice.contactUri));
    invite.getSession().setAttribute('first', true);
    await session.runInSession(() => invite.send());
    return invite;
  };
  return { t, app, alice, bob, dial };
}

describe('third-party call control as in the tutorial (RFC 3725 §4.1, flow I)', () => {
  test('two phones talk, and the second hangs up', async () => {
    const { t, alice, bob, dial } = await start();
    await using _ = t;
    alice.onInvite({ act: 'answer' });
    bob.onInvite({ act: 'answer', ringFor: '1s' });
    await dial();
    const first = await (await alice.nextCall()).connected();
    const second = await (await bob.nextCall()).connected();
    expect(first.isLateOffer).toBe(true);
    expect(second.media.remote).toBe(first.media.local);
    expect(first.media.remote).toBe(second.media.local);
    await second.hangUp();
    await first.ended();
    expectLadder(
      t,
      `siplet -> alice: INVITE
       alice -> siplet: 200 OK (SDP) ×2
       siplet -> bob: INVITE (SDP)
       bob -> siplet: 180 Ringing
       ...
       bob -> siplet: 200 OK (SDP)
       siplet -> bob: ACK
       siplet -> alice: ACK (SDP)
       bob -> siplet: BYE
       siplet -> bob: 200 OK
       siplet -> alice: BYE
       alice -> siplet: 200 OK`,
    );
    await expectNoLeaks(t);
  });

  test.each([
    ['tcp', 'udp'],
    ['ws', 'udp'],
    ['udp', 'ws'],
    ['ws', 'ws'],
  ] as const)('over %s and %s, with the first phone hanging up', async (a, b) => {
    const { t, alice, bob, dial } = await start({ alice: a, bob: b });
    await using _ = t;
    alice.onInvite({ act: 'answer' });
    bob.onInvite({ act: 'answer', ringFor: '1s' });
    await dial();
    const first = await (await alice.nextCall()).connected();
    const second = await (await bob.nextCall()).connected();
    await first.hangUp();
    await second.ended();
    await expectNoLeaks(t);
  });

  test('the 200 that waits for its ACK is repeated by the phone and never shown again', async () => {
    const { t, app, alice, bob, dial } = await start();
    await using _ = t;
    alice.onInvite({ act: 'answer' });
    bob.onInvite({ act: 'answer', ringFor: '10s' });
    await dial();
    await (await bob.nextCall()).connected();
    expect(alice.said.filter((message) => 'status' in message && message.status === 200).length).toBeGreaterThan(3);
    expect(app.seen.filter((line) => line === '200').length).toBe(2);
    await alice.hangUp();
    await expectNoLeaks(t);
  });

  test('the second phone refuses: the first is acknowledged and released', async () => {
    const { t, alice, bob, dial } = await start();
    await using _ = t;
    alice.onInvite({ act: 'answer' });
    bob.onInvite({ act: 'reject', status: 603 });
    await dial();
    const first = await alice.nextCall();
    await first.ended();
    await expectNoLeaks(t);
  });

  test('the first phone hangs up while the second rings: the second is cancelled', async () => {
    const { t, alice, bob, dial } = await start();
    await using _ = t;
    alice.onInvite({ act: 'answer' });
    bob.onInvite({ act: 'ring' });
    await dial();
    const second = await (await bob.nextCall()).ringing();
    await alice.hangUp();
    await second.ended();
    expect(second.reason).toBe('CANCEL');
    await expectNoLeaks(t, { after: '45s' });
  });

  test('the body of the offer arrives byte for byte', async () => {
    const { t, alice, bob, dial } = await start();
    await using _ = t;
    const offer = 'v=0\r\no=- 1 1 IN IP4 10.0.0.11\r\ns=Grüße\u0001\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
    alice.onInvite({ act: 'answer', sdp: offer });
    bob.onInvite({ act: 'answer' });
    await dial();
    const second = await (await bob.nextCall()).connected();
    expect(second.media.remote).toBe(offer);
    await second.hangUp();
    await expectNoLeaks(t);
  });
});
