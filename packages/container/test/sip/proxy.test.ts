import { describe, expect, test } from '@jest/globals';
import type { SipServletRequest, SipURI } from '@siplet/api';
import type { TestContainer } from '@siplet/testing';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { type Script, type ScriptApp, startScript } from './support/script-app.ts';

/** A registrar without questions, and a proxy to everything that is registered. */
function proxyScript(options: { recordRoute?: boolean; setFlow?: boolean; supervised?: boolean } = {}): Script {
  const contacts = new Map<string, SipServletRequest[]>();
  return {
    async request(request, app) {
      if (request.getMethod() === 'REGISTER') {
        const user = (request.getTo().getURI() as SipURI).getUser() ?? '';
        contacts.set(user, [...(contacts.get(user) ?? []), request]);
        await request.createResponse(200).send();
        return;
      }
      if (!request.isInitial() || request.getMethod() === 'CANCEL') return;
      const proxy = request.getProxy();
      proxy.setRecordRoute(options.recordRoute ?? true);
      proxy.setSupervised(options.supervised ?? true);
      const user = (request.getRequestURI() as SipURI).getUser() ?? '';
      const registrations = contacts.get(user) ?? [];
      const targets = registrations.flatMap((one) => one.getAddressHeader('Contact')?.getURI() ?? []);
      if (user.startsWith('raw')) targets.push(...rawTargets(app, user));
      const branches = proxy.createProxyBranches(targets);
      if (options.setFlow === true) branches.forEach((branch, i) => branch.setFlow(registrations[i]?.getFlow()));
      await proxy.startProxy();
    },
  };
}

function rawTargets(app: ScriptApp, user: string) {
  return user
    .slice(3)
    .split('-')
    .map((last) => app.factory.createURI(`sip:raw@10.0.0.${last}:5060`));
}

type Peers<N extends readonly number[]> = { -readonly [K in keyof N]: RawPeer };

async function raw<const N extends readonly number[]>(t: TestContainer, ...last: N): Promise<Peers<N>> {
  const peers: RawPeer[] = [];
  for (const one of last) peers.push(await RawPeer.open(t, `10.0.0.${one}`));
  return peers as Peers<N>;
}

describe('a proxy between two phones (RFC 3261 §16)', () => {
  test.each([
    ['udp', 'udp'],
    ['ws', 'udp'],
    ['udp', 'ws'],
    ['tcp', 'ws'],
    ['ws', 'ws'],
  ] as const)('%s calls %s through a record-routing proxy, and each side can hang up (RFC 5658)', async (from, to) => {
    const { t, app } = await startScript(proxyScript({ setFlow: true }));
    await using _ = t;
    const alice = t.phone('sip:alice@example.com', { transport: from });
    const bob = t.phone('sip:bob@example.com', { transport: to });
    await alice.register();
    await bob.register();
    for (const who of ['alice', 'bob'] as const) {
      app.seen.length = 0;
      const call = alice.call('sip:bob@example.com');
      const incoming = await bob.answerNext({ ringFor: '1s' });
      await call.connected();
      expect(incoming.media.remote).toBe(call.media.local);
      await (who === 'alice' ? call : incoming).hangUp();
      await (who === 'alice' ? incoming : call).ended();
      await t.settled();
      const messages = app.seen.filter((line) => /^[A-Z0-9]+$/.test(line));
      expect(messages).toEqual(['INVITE', '180', '200', 'ACK', 'BYE', '200']);
    }
    await expectNoLeaks(t, { after: '40s' });
  });

  test('a re-INVITE and a refused one pass through', async () => {
    const { t } = await startScript(proxyScript());
    await using _ = t;
    const alice = t.phone('sip:alice@example.com');
    const bob = t.phone('sip:bob@example.com');
    await bob.register();
    bob.onInvite({ act: 'answer' });
    const call = await alice.call('sip:bob@example.com').connected();
    expect((await call.reinvite()).status).toBe(200);
    const incoming = bob.calls.at(-1);
    expect((await incoming?.reinvite())?.status).toBe(200);
    expect((await call.request('INFO')).status).toBe(200);
    await call.hangUp();
    await expectNoLeaks(t);
  });

  test('without record-route only the call set-up passes, and nothing is left of it', async () => {
    const { t, app } = await startScript(proxyScript({ recordRoute: false }));
    await using _ = t;
    const alice = t.phone('sip:alice@example.com');
    const bob = t.phone('sip:bob@example.com');
    await bob.register();
    bob.onInvite({ act: 'answer' });
    const call = await alice.call('sip:bob@example.com').connected();
    await t.settled();
    expect(t.container.counts().sipSessions).toBe(0);
    expect(app.seen.filter((line) => /^[A-Z0-9]+$/.test(line))).toEqual(['REGISTER', 'INVITE', '200']);
    expect(call.state).toBe('connected');
    await expectNoLeaks(t);
  });

  test('an unsupervised proxy shows no responses and no subsequent requests', async () => {
    const { t, app } = await startScript(proxyScript({ supervised: false }));
    await using _ = t;
    const alice = t.phone('sip:alice@example.com');
    const bob = t.phone('sip:bob@example.com');
    await bob.register();
    bob.onInvite({ act: 'answer' });
    const call = await alice.call('sip:bob@example.com').connected();
    await call.hangUp();
    expect(app.seen.filter((line) => /^[A-Z0-9]+$/.test(line))).toEqual(['REGISTER', 'INVITE']);
    await expectNoLeaks(t);
  });
});

describe('forking (RFC 3261 §16.6, §16.7)', () => {
  test('rings all phones; the first answer cancels the rest', async () => {
    const { t } = await startScript(proxyScript());
    await using _ = t;
    const alice = t.phone('sip:alice@example.com');
    const desk = t.phone('sip:bob@example.com', { name: 'desk' });
    const mobile = t.phone('sip:bob@example.com', { name: 'mobile', transport: 'ws' });
    await desk.register();
    await mobile.register();
    const call = alice.call('sip:bob@example.com');
    await call.ringing();
    await (await mobile.nextCall()).answer();
    await call.connected();
    await t.settled();
    expect(desk.calls.at(-1)?.reason).toBe('CANCEL');
    await call.hangUp();
    await expectNoLeaks(t);
  });

  test("the caller's CANCEL reaches every branch with its Reason, and the application hears of it", async () => {
    const { t, app } = await startScript(proxyScript());
    await using _ = t;
    const [one, two, caller] = await raw(t, 71, 72, 73);
    await caller.request('INVITE', { uri: 'sip:raw71-72@example.com', branch: 'z9hG4bKc' });
    await one.respond(one.last('INVITE'), 180);
    await two.respond(two.last('INVITE'), 180);
    await caller.send(
      [
        'CANCEL sip:raw71-72@example.com SIP/2.0',
        'Via: SIP/2.0/UDP 10.0.0.73:5060;branch=z9hG4bKc',
        'Max-Forwards: 70',
        'From: <sip:raw@example.com>;tag=rawtag',
        'To: <sip:service@example.com>',
        'Call-ID: raw-call',
        'CSeq: 1 CANCEL',
        'Reason: SIP;cause=200;text="Call completed elsewhere"',
      ].join('\n'),
    );
    for (const peer of [one, two]) {
      expect(peer.last('CANCEL').headers.get('Reason')).toBe('SIP;cause=200;text="Call completed elsewhere"');
      await peer.respond(peer.last('CANCEL'), 200);
      await peer.respond(peer.last('INVITE'), 487);
    }
    expect(caller.statuses).toEqual([100, 180, 180, 200, 487]);
    expect(app.seen).toContain('CANCEL');
    await expectNoLeaks(t);
  });

  test.each([
    [[486, 404], 404],
    [[503, 486], 486],
    [[486, 603], 603],
    [[302, 404], 302],
    [[404, 415], 415],
    [[503, 503], 500],
  ] as const)('of %j the best goes upstream: %i (RFC 3261 §16.7 step 6)', async (statuses, best) => {
    const { t, app } = await startScript({
      async request(request, self) {
        if (!request.isInitial()) return;
        const proxy = request.getProxy();
        proxy.setRecurse(false);
        await proxy.proxyTo(rawTargets(self, 'raw71-72'));
      },
    });
    await using _ = t;
    const [one, two, caller] = await raw(t, 71, 72, 73);
    await caller.request('INVITE');
    await one.respond(one.last('INVITE'), statuses[0]);
    await two.respond(two.last('INVITE'), statuses[1]);
    expect(caller.statuses).toEqual([100, best]);
    expect(app.seen.filter((line) => line.startsWith('branch'))).toEqual([`branch ${statuses[0]}`]);
    await expectNoLeaks(t);
  });

  test('challenges of several branches are merged (RFC 3261 §16.7 step 7)', async () => {
    const { t } = await startScript(proxyScript());
    await using _ = t;
    const [one, two, caller] = await raw(t, 71, 72, 73);
    await caller.request('INVITE', { uri: 'sip:raw71-72@example.com' });
    await one.respond(one.last('INVITE'), 401, { headers: ['WWW-Authenticate: Digest realm="a", nonce="1"'] });
    await two.respond(two.last('INVITE'), 407, { headers: ['Proxy-Authenticate: Digest realm="b", nonce="2"'] });
    const answer = caller.responses.at(-1);
    expect(answer?.status).toBe(401);
    expect(answer?.headers.getAll('WWW-Authenticate')).toHaveLength(1);
    expect(answer?.headers.getAll('Proxy-Authenticate')).toHaveLength(1);
    await expectNoLeaks(t);
  });

  test('a 6xx cancels the other branches at once', async () => {
    const { t } = await startScript(proxyScript());
    await using _ = t;
    const [one, two, caller] = await raw(t, 71, 72, 73);
    await caller.request('INVITE', { uri: 'sip:raw71-72@example.com' });
    await two.respond(two.last('INVITE'), 180);
    await one.respond(one.last('INVITE'), 603);
    expect(two.methods).toEqual(['INVITE', 'CANCEL']);
    await two.respond(two.last('CANCEL'), 200);
    await two.respond(two.last('INVITE'), 487);
    expect(caller.statuses).toEqual([100, 180, 603]);
    await expectNoLeaks(t);
  });

  test('two 2xx are both forwarded, repetitions too, each in a session of its own (JSR 289 §6.2.3)', async () => {
    const { t, app } = await startScript(proxyScript());
    await using _ = t;
    const [one, two, caller] = await raw(t, 71, 72, 73);
    await caller.request('INVITE', { uri: 'sip:raw71-72@example.com' });
    await one.respond(one.last('INVITE'), 200);
    await two.respond(two.last('INVITE'), 200);
    await one.respond(one.last('INVITE'), 200);
    const tags = caller.responses.filter((response) => response.status === 200).map((one) => one.headers.to?.tag);
    expect(tags).toEqual(['tag-10.0.0.71', 'tag-10.0.0.72', 'tag-10.0.0.71']);
    const session = app.request('INVITE').getApplicationSession();
    expect([...session.getSessions('SIP')].map((sip) => sip.getState())).toEqual(['CONFIRMED', 'CONFIRMED']);
    expect(app.seen.filter((line) => line === '200')).toHaveLength(2);
    session.invalidate();
    await expectNoLeaks(t);
  });

  test('a redirection is followed, each Contact once (RFC 3261 §16.7 step 4)', async () => {
    const { t } = await startScript(proxyScript());
    await using _ = t;
    const [one, two, caller] = await raw(t, 71, 72, 73);
    await caller.request('INVITE', { uri: 'sip:raw71@example.com' });
    const contact = ['Contact: <sip:raw@10.0.0.72:5060>', 'Contact: <sip:raw@10.0.0.71:5060>'];
    await one.respond(one.last('INVITE'), 302, { noContact: true, headers: contact });
    expect(two.methods).toEqual(['INVITE']);
    await two.respond(two.last('INVITE'), 486);
    expect(caller.statuses).toEqual([100, 486]);
    expect(one.methods).toEqual(['INVITE', 'ACK']);
    await expectNoLeaks(t);
  });

  test('a ringing branch is cancelled at the proxy timeout and the caller gets 408', async () => {
    const { t } = await startScript(proxyScript(), { proxyTimeout: 20 });
    await using _ = t;
    const [one, caller] = await raw(t, 71, 73);
    await caller.request('INVITE', { uri: 'sip:raw71@example.com' });
    await one.respond(one.last('INVITE'), 180);
    await t.clock.advance('21s');
    expect(one.methods).toContain('CANCEL');
    await one.respond(one.last('CANCEL'), 200);
    await one.respond(one.last('INVITE'), 487);
    expect(caller.statuses.at(-1)).toBe(408);
    await expectNoLeaks(t);
  });

  test('a sequential search tries the next target after a failure', async () => {
    const { t } = await startScript({
      async request(request, app) {
        if (!request.isInitial()) return;
        const proxy = request.getProxy();
        proxy.setParallel(false);
        await proxy.proxyTo(rawTargets(app, 'raw71-72'));
      },
    });
    await using _ = t;
    const [one, two, caller] = await raw(t, 71, 72, 73);
    await caller.request('INVITE');
    expect(two.methods).toEqual([]);
    await one.respond(one.last('INVITE'), 486);
    expect(two.methods).toEqual(['INVITE']);
    await two.respond(two.last('INVITE'), 200);
    expect(caller.statuses).toEqual([100, 200]);
    await expectNoLeaks(t);
  });
});

describe('the rules of a proxy (JSR 289 §10)', () => {
  test('one hop less, our Via on top, and 483 when no hop is left (RFC 3261 §16.3)', async () => {
    const { t, app } = await startScript(proxyScript());
    await using _ = t;
    const [one, caller] = await raw(t, 71, 73);
    await caller.request('INVITE', { uri: 'sip:raw71@example.com', maxForwards: 10 });
    const sent = one.last('INVITE');
    expect(sent.headers.maxForwards).toBe(9);
    expect(sent.headers.getAll('Via')).toHaveLength(2);
    expect(sent.headers.getAll('Record-Route')[0]).toMatch(/^<sip:10\.0\.0\.1:5060;lr;sid=[\w-]{16}>$/);
    await one.respond(sent, 486);
    await caller.request('INVITE', { uri: 'sip:raw71@example.com', maxForwards: 0, callId: 'other' });
    expect(caller.statuses).toEqual([100, 486, 483]);
    expect(app.seen.filter((line) => line === 'INVITE')).toHaveLength(2);
    await expectNoLeaks(t);
  });

  test('proxying excludes acting as a user agent, and the other way round', async () => {
    const errors: string[] = [];
    const attempt = (work: () => unknown): void => {
      try {
        work();
        errors.push('nothing');
      } catch (error) {
        errors.push((error as { code: string }).code);
      }
    };
    const { t } = await startScript({
      async request(request, app) {
        if (!request.isInitial()) return;
        const uri = app.factory.createURI('sip:raw@10.0.0.71');
        if (request.getMethod() === 'INVITE') {
          const proxy = request.getProxy();
          attempt(() => request.getB2buaHelper());
          attempt(() => proxy.getRecordRouteURI());
          attempt(() => proxy.setProxyTimeout(0));
          attempt(() => proxy.proxyTo(app.factory.createURI('urn:service:sos')));
          await proxy.proxyTo(uri);
          attempt(() => proxy.setRecordRoute(true));
          attempt(() => request.getSession().createRequest('INFO'));
          expect(request.isCommitted()).toBe(true);
          return;
        }
        request.getB2buaHelper();
        attempt(() => request.getProxy());
        await request.createResponse(200).send();
        attempt(() => request.createResponse(200));
      },
    });
    await using _ = t;
    const [one, caller] = await raw(t, 71, 73);
    await caller.request('INVITE');
    await one.respond(one.last('INVITE'), 486);
    await caller.request('MESSAGE', { callId: 'other' });
    expect(errors).toEqual([
      'CTR_ERR_PROXY_OR_AGENT',
      'CTR_ERR_RECORD_ROUTE',
      'CTR_ERR_PROXY_ARGUMENT',
      'CTR_ERR_PROXY_ARGUMENT',
      'CTR_ERR_PROXY_STARTED',
      'CTR_ERR_SESSION_STATE',
      'CTR_ERR_PROXY_OR_AGENT',
      'CTR_ERR_ANSWERED',
    ]);
    await expectNoLeaks(t);
  });

  test('between transports two Record-Routes, each facing its side (RFC 5658)', async () => {
    const { t } = await startScript(proxyScript());
    await using _ = t;
    const alice = t.phone('sip:alice@example.com', { transport: 'ws' });
    const [bob] = await raw(t, 71);
    const call = alice.call('sip:raw71@example.com');
    await t.settled();
    const routes = bob.last('INVITE').headers.getAll('Record-Route');
    expect(routes).toHaveLength(2);
    expect(routes[0]).toMatch(/^<sip:10\.0\.0\.1:5060;lr;sid=/);
    expect(routes[1]).toMatch(/^<sip:10\.0\.0\.1:8080;transport=ws;lr;sid=/);
    await bob.respond(bob.last('INVITE'), 486);
    await call.ended();
    await expectNoLeaks(t);
  });

  test('a browser whose socket is closed is a 503 inside and a 500 for the caller (RFC 3261 §16.9)', async () => {
    const { t } = await startScript(proxyScript());
    await using _ = t;
    const socket = t.openWebSocket('10.0.0.80');
    socket.setHandler({ message: () => undefined, closed: () => undefined });
    const register = [
      'REGISTER sip:example.com SIP/2.0',
      'Via: SIP/2.0/WS abc.invalid;branch=z9hG4bKws1',
      'Max-Forwards: 70',
      'From: <sip:bob@example.com>;tag=1',
      'To: <sip:bob@example.com>',
      'Call-ID: ws-register',
      'CSeq: 1 REGISTER',
      'Contact: <sip:x@abc.invalid;transport=ws>',
      'Content-Length: 0',
    ];
    socket.send(new TextEncoder().encode(`${register.join('\r\n')}\r\n\r\n`));
    await t.settled();
    const [caller] = await raw(t, 73);
    await caller.request('INVITE', { uri: 'sip:bob@example.com' });
    expect(caller.statuses).toEqual([100]); // the INVITE is on the socket
    socket.close();
    await t.settled();
    expect(caller.statuses).toEqual([100, 500]);
    await caller.request('INVITE', { uri: 'sip:bob@example.com', callId: 'another' });
    expect(caller.statuses).toEqual([100, 500, 100, 500]);
    await expectNoLeaks(t);
  });

  test('a caller whose socket closes while it rings is like a CANCEL for the branches', async () => {
    const { t } = await startScript(proxyScript());
    await using _ = t;
    const [bob] = await raw(t, 71);
    const socket = t.openWebSocket('10.0.0.80');
    socket.setHandler({ message: () => undefined, closed: () => undefined });
    const invite = [
      'INVITE sip:raw71@example.com SIP/2.0',
      'Via: SIP/2.0/WS abc.invalid;branch=z9hG4bKws1',
      'Max-Forwards: 70',
      'From: <sip:web@example.com>;tag=1',
      'To: <sip:raw71@example.com>',
      'Call-ID: ws-invite',
      'CSeq: 1 INVITE',
      'Contact: <sip:x@abc.invalid;transport=ws>',
      'Content-Length: 0',
    ];
    socket.send(new TextEncoder().encode(`${invite.join('\r\n')}\r\n\r\n`));
    await t.settled();
    await bob.respond(bob.last('INVITE'), 180);
    socket.close();
    await t.settled();
    expect(bob.methods).toEqual(['INVITE', 'CANCEL']);
    await bob.respond(bob.last('CANCEL'), 200);
    await bob.respond(bob.last('INVITE'), 487);
    await expectNoLeaks(t);
  });
});
