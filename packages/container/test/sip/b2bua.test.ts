import { describe, expect, test } from '@jest/globals';
import type { SipServletRequest, SipServletResponse } from '@siplet/api';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { type Script, startScript } from './support/script-app.ts';

/** Two legs, everything relayed: the textbook back-to-back user agent. */
function relay(headers?: ReadonlyMap<string, readonly string[]>): Script {
  return {
    async request(request, app) {
      const helper = request.getB2buaHelper();
      if (request.isInitial()) {
        const leg = helper.createRequest(request, true, headers);
        leg.setRequestURI(app.factory.createURI('sip:raw@10.0.0.72'));
        await leg.send();
        return;
      }
      const linked = helper.getLinkedSession(request.getSession());
      if (linked === undefined) return;
      if (request.getMethod() === 'CANCEL') {
        await helper.createCancel(linked).send();
        return;
      }
      if (request.getMethod() === 'ACK') {
        for (const pending of helper.getPendingMessages(linked, 'UAC')) {
          await (pending as SipServletResponse).createAck().send();
        }
        return;
      }
      await helper.createRequest(linked, request).send();
    },
    async response(response) {
      const helper = response.getRequest().getB2buaHelper();
      const original = helper.getLinkedSipServletRequest(response.getRequest());
      if (original === undefined || original.isCommitted()) return;
      const relayed = original.createResponse(response.getStatus(), response.getReasonPhrase());
      const body = response.getRawContent();
      if (body !== undefined) relayed.setContent(body, response.getContentType());
      await relayed.send();
    },
  };
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'nothing';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe('B2buaHelper.createRequest (JSR 289 §12)', () => {
  test('copies unknown headers and the body, has its own Call-ID, tag and Contact, and one hop less', async () => {
    const { t } = await startScript(relay(new Map([['X-Mine', ['replaced']]])));
    await using _ = t;
    const caller = await RawPeer.open(t, '10.0.0.71');
    const callee = await RawPeer.open(t, '10.0.0.72');
    await caller.request('INVITE', {
      maxForwards: 20,
      headers: ['X-Theirs: kept', 'X-Mine: original', 'Subject: hello', 'Content-Type: application/sdp'],
      body: 'v=0\r\n',
    });
    const [there, here] = [callee.last('INVITE'), caller];
    expect(there.headers.get('X-Theirs')).toBe('kept');
    expect(there.headers.get('X-Mine')).toBe('replaced');
    expect(there.headers.maxForwards).toBe(19);
    expect(there.headers.callId).not.toBe('raw-call');
    expect(there.headers.from?.tag).not.toBe('rawtag');
    expect(there.headers.getAll('Via')).toHaveLength(1);
    expect(there.headers.getAll('Contact')).toEqual(['<sip:10.0.0.1:5060>']);
    expect(Buffer.from(there.body).toString()).toBe('v=0\r\n');
    await callee.respond(there, 486);
    expect(here.statuses).toEqual([486]);
    await expectNoLeaks(t);
  });

  test('relays a call, a re-INVITE and the end of it; delayed ACKs come from the pending messages', async () => {
    const { t } = await startScript(relay());
    await using _ = t;
    const caller = await RawPeer.open(t, '10.0.0.71');
    const callee = await RawPeer.open(t, '10.0.0.72');
    await caller.request('INVITE');
    await callee.respond(callee.last('INVITE'), 180);
    await callee.respond(callee.last('INVITE'), 200);
    expect(callee.methods).toEqual(['INVITE']);
    const toTag = caller.responses.at(-1)?.headers.to?.tag ?? '';
    await caller.request('ACK', { toTag });
    expect(callee.methods).toEqual(['INVITE', 'ACK']);
    await caller.request('INVITE', { toTag, cseq: 2 });
    await callee.respond(callee.last('INVITE'), 200);
    await caller.request('ACK', { toTag, cseq: 2 });
    expect(callee.requests.map(({ headers }) => headers.get('CSeq'))).toEqual([
      '1 INVITE',
      '1 ACK',
      '2 INVITE',
      '2 ACK',
    ]);
    await caller.request('BYE', { toTag, cseq: 3 });
    await callee.respond(callee.last('BYE'), 200);
    expect(caller.statuses).toEqual([180, 200, 200, 200]);
    await expectNoLeaks(t);
  });

  test('relays a CANCEL to the leg that rings', async () => {
    const { t } = await startScript(relay());
    await using _ = t;
    const caller = await RawPeer.open(t, '10.0.0.71');
    const callee = await RawPeer.open(t, '10.0.0.72');
    await caller.request('INVITE', { branch: 'z9hG4bKc' });
    await callee.respond(callee.last('INVITE'), 180);
    await caller.request('CANCEL', { branch: 'z9hG4bKc' });
    expect(callee.methods).toEqual(['INVITE', 'CANCEL']);
    await callee.respond(callee.last('CANCEL'), 200);
    await callee.respond(callee.last('INVITE'), 487);
    expect(caller.statuses).toEqual([180, 200, 487]);
    await expectNoLeaks(t);
  });

  test('Max-Forwards 0 is 483 when the application lets the error go (RFC 3261 §16.3)', async () => {
    const { t, app } = await startScript(relay());
    await using _ = t;
    const caller = await RawPeer.open(t, '10.0.0.71');
    await caller.request('INVITE', { maxForwards: 0 });
    expect(app.seen).toContain('INVITE');
    expect(caller.statuses).toEqual([483]);
    await expectNoLeaks(t);
  });

  test.each(['Call-ID', 'CSeq', 'Via', 'Record-Route'])('%s in the header map is refused', async (name) => {
    let code = '';
    const { t } = await startScript({
      async request(request) {
        const map = new Map([[name, ['x']]]);
        code = codeOf(() => request.getB2buaHelper().createRequest(request, true, map));
        await request.createResponse(500).send();
      },
    });
    await using _ = t;
    const caller = await RawPeer.open(t, '10.0.0.71');
    await caller.request('INVITE');
    expect(code).toBe('CTR_ERR_SYSTEM_HEADER');
    await expectNoLeaks(t);
  });
});

describe('linked sessions', () => {
  test('one peer each, in one application session; unlink and link again', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const session = app.factory.createApplicationSession();
    const make = (of = session): SipServletRequest =>
      app.factory.createRequest(of, 'INVITE', 'sip:a@example.com', 'sip:b@example.com');
    const [a, b, c] = [make().getSession(), make().getSession(), make().getSession()];
    const helper = make().getB2buaHelper();
    const other = app.factory.createApplicationSession();
    expect(codeOf(() => helper.linkSipSessions(a, a))).toBe('CTR_ERR_LINK');
    expect(codeOf(() => helper.linkSipSessions(a, make(other).getSession()))).toBe('CTR_ERR_LINK');
    helper.linkSipSessions(a, b);
    expect(helper.getLinkedSession(a)).toBe(b);
    expect(helper.getLinkedSession(b)).toBe(a);
    expect(codeOf(() => helper.linkSipSessions(a, c))).toBe('CTR_ERR_LINK');
    helper.unlinkSipSessions(b);
    expect(helper.getLinkedSession(a)).toBeUndefined();
    expect(codeOf(() => helper.unlinkSipSessions(a))).toBe('CTR_ERR_LINK');
    helper.linkSipSessions(a, c);
    c.invalidate();
    expect(helper.getLinkedSession(a)).toBeUndefined();
    const d = make().getSession();
    helper.linkSipSessions(a, d);
    expect(helper.getLinkedSession(d)).toBe(a);
    session.invalidate();
    other.invalidate();
    await expectNoLeaks(t);
  });

  test('createResponseToOriginalRequest answers without holding the request, once', async () => {
    const { t, app } = await startScript({ request: () => undefined });
    await using _ = t;
    const caller = await RawPeer.open(t, '10.0.0.71');
    await caller.request('INVITE');
    const { session } = { session: app.request('INVITE').getSession() };
    const helper = app.request('INVITE').getB2buaHelper();
    await helper.createResponseToOriginalRequest(session, 486, 'Busy indeed').send();
    await t.settled();
    expect(caller.responses.map(({ status, reason }) => [status, reason])).toEqual([[486, 'Busy indeed']]);
    expect(codeOf(() => helper.createResponseToOriginalRequest(session, 200))).toBe('CTR_ERR_SESSION_INVALID');
    await expectNoLeaks(t);
  });
});
