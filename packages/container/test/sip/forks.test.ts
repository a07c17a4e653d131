import { describe, expect, test } from '@jest/globals';
import type { SipServletResponse } from '@siplet/api';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { startScript } from './support/script-app.ts';

async function forkedCall(onSuccess: (response: SipServletResponse) => Promise<void>) {
  const { t, app } = await startScript({
    async response(response) {
      if (response.getMethod() === 'INVITE' && response.getStatus() === 200) await onSuccess(response);
    },
  });
  const peer = await RawPeer.open(t, '10.0.0.71');
  const session = app.factory.createApplicationSession();
  const invite = app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:raw@10.0.0.71');
  invite.getSession().setAttribute('colour', 'blue');
  await invite.send();
  await t.settled();
  return { t, app, peer, session, invite };
}

const acknowledge = async (response: SipServletResponse): Promise<void> => response.createAck().send();

describe('derived sessions (JSR 289 §6.2.3)', () => {
  test('each further To tag gets a session with the attributes, and its own state; retransmissions are no forks', async () => {
    const { t, app, peer, session, invite } = await forkedCall(acknowledge);
    await using _ = t;
    const request = peer.last('INVITE');
    await peer.respond(request, 180, { toTag: 'one' });
    await peer.respond(request, 180, { toTag: 'two' });
    await peer.respond(request, 180, { toTag: 'one' });
    const sessions = [...session.getSessions('SIP')];
    expect(sessions).toHaveLength(2);
    expect(sessions[0]).toBe(invite.getSession());
    expect(sessions.map((sip) => sip.getAttribute('colour'))).toEqual(['blue', 'blue']);
    expect(sessions[1]?.getId()).toMatch(/\.two$/);
    expect(app.seen.filter((line) => line === 'sip created')).toHaveLength(2);
    await peer.respond(request, 200, { toTag: 'two' });
    expect(sessions.map((sip) => sip.getState())).toEqual(['EARLY', 'CONFIRMED']);
    // The fork that lost is over when its transaction is (RFC 3261 §13.2.2.4).
    await t.clock.advance('33s');
    expect(sessions.map((sip) => sip.isValid())).toEqual([false, true]);
    const bye = sessions[1]?.createRequest('BYE');
    await bye?.send();
    await t.settled();
    expect(peer.last('BYE').headers.to?.tag).toBe('two');
    await peer.respond(peer.last('BYE'), 200);
    await expectNoLeaks(t);
  });

  test('two 2xx are two dialogs: each is acknowledged, ending one leaves the other', async () => {
    const { t, peer, session } = await forkedCall(acknowledge);
    await using _ = t;
    const request = peer.last('INVITE');
    await peer.respond(request, 200, { toTag: 'one' });
    await peer.respond(request, 200, { toTag: 'two' });
    expect(peer.requests.filter(({ method }) => method === 'ACK').map(({ headers }) => headers.to?.tag)).toEqual([
      'one',
      'two',
    ]);
    const [one, two] = [...session.getSessions('SIP')];
    await one?.createRequest('BYE').send();
    await t.settled();
    await peer.respond(peer.last('BYE'), 200);
    expect([one?.isValid(), two?.getState()]).toEqual([false, 'CONFIRMED']);
    await peer.request('INFO', { callId: 'x' }); // something else keeps going
    await two?.createRequest('BYE').send();
    await t.settled();
    await peer.respond(peer.last('BYE'), 200);
    await expectNoLeaks(t);
  });

  test('a failure ends all early dialogs: the derived ones are over, the first may try again', async () => {
    const { t, app, peer, session } = await forkedCall(acknowledge);
    await using _ = t;
    const request = peer.last('INVITE');
    await peer.respond(request, 183, { toTag: 'one' });
    await peer.respond(request, 183, { toTag: 'two' });
    await peer.respond(request, 486, { toTag: 'three' });
    expect(app.seen.filter((line) => line === '486')).toHaveLength(1);
    expect(session.isValid()).toBe(false);
    await expectNoLeaks(t);
  });
});
