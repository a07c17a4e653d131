import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { IncomingCall, Phone, seededRandom, virtualPorts } from '@siplet/testing';
import type { PhoneOptions, VirtualPorts } from '@siplet/testing';

const BOB = 'sip:bob@10.0.0.12:5060';

function world(seed: number | string = 1) {
  const ports = virtualPorts({ seed });
  const { clock, net } = ports;
  const random = seededRandom(seed);
  const phone = (user: string, address: string, options: PhoneOptions = {}): Phone =>
    new Phone(`sip:${user}@example.com`, { clock, net, random }, { address, ...options });
  return { clock, net, ports, phone };
}

function pair(options: PhoneOptions = {}, seed: number | string = 1) {
  const { phone, ...rest } = world(seed);
  return { ...rest, alice: phone('alice', '10.0.0.11', options), bob: phone('bob', '10.0.0.12', options) };
}

const labels = (phone: Phone, direction: 'in' | 'out'): string[] =>
  phone.messages.filter((message) => message.direction === direction).map((message) => message.label);

describe.each(['udp', 'tcp'] as const)('two phones over %s', (transport) => {
  const bobUri = transport === 'tcp' ? `${BOB};transport=tcp` : BOB;

  test('a call rings, is answered, and is hung up', async () => {
    const { alice, bob, clock } = pair({ transport });
    bob.onInvite({ act: 'answer', ringFor: '2s' });
    const call = alice.call(bobUri);
    await call.ringing();
    await call.connected();
    expect(clock.now()).toBeGreaterThanOrEqual(2000);
    const answered = await bob.nextCall();
    await answered.connected();
    await bob.hangUp();
    expect([call.state, call.endedBy, answered.state, answered.endedBy]).toEqual(['ended', 'remote', 'ended', 'local']);
    expect(labels(alice, 'out')).toEqual(['INVITE', 'ACK', '200 OK']);
    expect(labels(bob, 'out')).toEqual(['180 Ringing', '200 OK', 'BYE']);
  });

  test('a busy phone answers 486 and gets its ACK (RFC 3261 §17.1.1.3)', async () => {
    const { alice, bob, net } = pair({ transport });
    bob.onInvite({ act: 'reject', status: 486 });
    const call = await alice.call(bobUri).ended();
    expect([call.state, call.status, call.reason]).toEqual(['failed', 486, 'Busy Here']);
    await bob.nextCall();
    await expect(alice.call(bobUri).connected()).rejects.toMatchObject({ code: 'TST_ERR_PHONE' });
    await net.quiet();
    expect(labels(bob, 'in').filter((label) => label === 'ACK')).toHaveLength(2);
  });

  test('a caller who gives up sends CANCEL and sees 487 (RFC 3261 §9)', async () => {
    const { alice, bob } = pair({ transport });
    const call = alice.call(bobUri);
    await call.ringing();
    await alice.cancel();
    expect([call.state, call.status, call.endedBy]).toEqual(['failed', 487, 'local']);
    await expect(alice.cancel()).rejects.toMatchObject({ code: 'TST_ERR_PHONE' });
    const missed = await bob.nextCall();
    expect([missed.state, missed.reason]).toEqual(['failed', 'CANCEL']);
    expect(labels(alice, 'in')).toEqual(expect.arrayContaining(['200 OK', '487 Request Terminated']));
  });
});

describe('a scripted phone', () => {
  test('a CANCEL that crosses the 200 is followed by ACK and BYE (RFC 3261 §9.1)', async () => {
    const { alice, bob, net, clock } = pair();
    net.delay(100);
    bob.onInvite({ act: 'ring' });
    const call = alice.call(BOB);
    const ringing = await bob.nextCall();
    await call.ringing();
    ringing.pickUp();
    await call.cancel();
    await clock.advance('1s');
    expect([call.state, call.endedBy, call.reason]).toEqual(['ended', 'local', 'answered while being cancelled']);
    expect(ringing.state).toBe('ended');
    expect(labels(alice, 'out')).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE']);
  });

  test('CANCEL waits for the first provisional response (RFC 3261 §9.1)', async () => {
    const { alice, bob, clock } = pair();
    bob.onInvite({ act: 'ignore' });
    const call = alice.call(BOB);
    clock.setTimer(2000, () => bob.calls.forEach((incoming) => incoming instanceof IncomingCall && incoming.ring()));
    await call.cancel();
    expect(alice.said.map(({ at, label }) => `${at} ${label}`)).toEqual([
      '0 INVITE',
      '500 INVITE',
      '1500 INVITE',
      '2001 CANCEL',
      '2003 ACK',
    ]);
  });

  test('an INVITE nobody answers is sent at 0, .5, 1.5, 3.5, 7.5, 15.5, 31.5 s and ends at 32 s (RFC 3261 §17.1.1.2)', async () => {
    const { alice, clock } = pair();
    const call = await alice.call('sip:ghost@10.0.0.99').ended();
    expect(alice.said.map((message) => message.at)).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect([call.state, call.status, clock.now()]).toEqual(['failed', 408, 32_000]);
  });

  test('a 200 without ACK is repeated with a cap of T2 and ends in BYE at 64*T1 (RFC 3261 §13.3.1.4)', async () => {
    const { alice, bob, net, clock } = pair();
    bob.onInvite({ act: 'answer' });
    alice.call(BOB);
    const call = await bob.nextCall();
    net.partition('alice');
    await clock.advance('40s');
    const sent = bob.said.filter((message) => message.status === 200).map((message) => message.at - 1);
    expect(sent).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect([call.state, call.reason]).toEqual(['ended', 'no ACK']);
    expect(bob.said.find((message) => message.label === 'BYE')?.at).toBe(32_001);
  });

  test('offer and answer arrive byte for byte', async () => {
    const { alice, bob } = pair();
    const offer = 'v=0\r\ns=Grüße\r\n'.replace('üß', '\u00fc\u00df');
    bob.onInvite({ act: 'answer', sdp: 'v=0\r\ns=answer\r\n' });
    await alice.call(BOB, { sdp: offer }).connected();
    expect(bob.media.remote).toBe(offer);
    expect(alice.media.exchanges.map(({ role, carrier, sdp }) => [role, carrier, sdp])).toEqual([
      ['offer', 'INVITE', offer],
      ['answer', '200', 'v=0\r\ns=answer\r\n'],
    ]);
  });

  test('an INVITE without SDP gets the offer in the 200 and answers in the ACK (RFC 3261 §13.2.1)', async () => {
    const { alice, bob } = pair();
    bob.onInvite({ act: 'answer' });
    const call = alice.call(BOB, { lateOffer: true });
    await call.connected();
    const incoming = await (await bob.nextCall()).connected();
    expect(incoming.isLateOffer).toBe(true);
    expect(incoming.media.exchanges.map(({ direction, role, carrier }) => `${direction} ${role} ${carrier}`)).toEqual([
      'sent offer 200',
      'received answer ACK',
    ]);
    expect(incoming.media.local).toBe(call.media.remote);
    expect(incoming.media.remote).toBe(call.media.local);
  });

  test('a plain phone and a browser phone refuse each other with 488, in the INVITE and in the ACK', async () => {
    const { phone } = world();
    const plain = phone('plain', '10.0.0.11', { media: 'rtp' });
    const browser = phone('browser', '10.0.0.12', { media: 'webrtc' });
    browser.onInvite({ act: 'answer' });
    const early = await plain.call('sip:browser@10.0.0.12').ended();
    expect([early.state, early.status]).toEqual(['failed', 488]);
    const late = plain.call('sip:browser@10.0.0.12', { lateOffer: true });
    await late.ended();
    expect([late.state, late.status]).toEqual(['ended', 488]);
    expect(plain.said.find((message) => message.label === 'BYE')?.header('Reason')).toContain('cause=488');
  });

  test('a phone that vanished neither answers nor repeats', async () => {
    const { alice, bob } = pair();
    bob.onInvite({ act: 'vanish', ringFor: '3s' });
    const call = alice.call(BOB);
    await call.ringing();
    await bob.nextCall();
    await expect(call.connected('1m')).rejects.toMatchObject({ code: 'TST_ERR_STALLED' });
    expect(bob.messages.at(-1)?.at).toBeLessThan(3000);
    expect(bob.calls[0]?.state).toBe('ended');
  });

  test('requests for calls it does not know get 481, OPTIONS 200, others 501', async () => {
    const { alice, bob } = pair();
    bob.replies.set('MESSAGE', 403);
    const send = async (method: string): Promise<number> => (await alice.sendRequest(method, BOB)).status;
    expect([await send('OPTIONS'), await send('MESSAGE'), await send('FROB')]).toEqual([200, 403, 501]);
    await alice.call(BOB).ringing();
    const call = await bob.nextCall();
    await call.answer();
    const stranger = await alice.sendRequest('BYE', BOB, { headers: { to: { uri: BOB, params: { tag: 'gone' } } } });
    expect(stranger.status).toBe(481);
  });

  test('requests inside a call: INFO, and a re-INVITE with a new offer', async () => {
    const { alice, bob } = pair();
    bob.onInvite({ act: 'answer' });
    const call = await alice.call(BOB).connected();
    const info = await call.request('INFO', {
      headers: { 'Content-Type': 'application/dtmf-relay' },
      content: 'Signal=5\r\n',
    });
    expect(info.status).toBe(200);
    expect(bob.heard.at(-1)?.body).toBe('Signal=5\r\n');
    expect(bob.heard.at(-1)?.text.match(/^Content-Type:.*$/gm)).toEqual(['Content-Type: application/dtmf-relay']);
    const answer = await call.reinvite({ sdp: 'v=0\r\na=sendonly\r\n' });
    expect([answer.status, bob.media.remote]).toEqual([200, 'v=0\r\na=sendonly\r\n']);
    await (await bob.nextCall()).hangUp();
    expect([call.state, call.endedBy]).toEqual(['ended', 'remote']);
  });
});

describe('20 % loss', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('a call still completes by retransmission (seed %i)', async (seed) => {
    const { alice, bob, net, clock } = pair({}, seed);
    net.lose(0.2);
    net.delay(20, 10);
    bob.onInvite({ act: 'answer', ringFor: '1s' });
    const call = await alice.call(BOB).connected();
    const incoming = await (await bob.nextCall()).connected();
    await clock.advance('1m');
    await call.hangUp();
    await incoming.ended();
    expect([call.state, incoming.state]).toEqual(['ended', 'ended']);
  });

  test('the run repeats exactly for a seed', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const { alice, bob, net, clock } = pair({}, seed);
      net.lose(0.3);
      net.delay(10, 15);
      bob.onInvite({ act: 'answer', ringFor: '1s' });
      alice.call(BOB);
      await clock.advance('20s');
      return [...alice.messages, ...bob.messages].map((message) => `${message.at} ${message.text}`);
    };
    expect(await run(7)).toEqual(await run(7));
    expect(await run(7)).not.toEqual(await run(8));
  });
});

describe('registration of a phone', () => {
  /** A registrar of a few lines that checks digest by RFC 7616's formula. */
  async function registrar(ports: VirtualPorts, algorithm: 'MD5' | 'SHA-256') {
    const seen: string[] = [];
    const hash = (text: string): string =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const socket = await ports.datagram.bind('10.0.0.1', 5060, {
      message: (bytes, address, port) => {
        const text = Buffer.from(bytes).toString('latin1');
        seen.push(text);
        const header = (name: string): string => new RegExp(`^${name}: (.*)\r$`, 'im').exec(text)?.[1] ?? '';
        const value = (name: string): string =>
          new RegExp(`${name}="?([^",]*)`).exec(header('Authorization'))?.[1] ?? '';
        const ha1 = hash('alice:example.com:secret');
        const ha2 = hash('REGISTER:sip:example.com');
        const right = hash(`${ha1}:${value('nonce')}:${value('nc')}:${value('cnonce')}:auth:${ha2}`);
        const ok = value('response') === right && value('username') === 'alice';
        const copied = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(name)}`);
        const lines = [
          ok ? 'SIP/2.0 200 OK' : 'SIP/2.0 401 Unauthorized',
          ...copied,
          `To: ${header('To')};tag=r`,
          ...(ok
            ? [`Contact: ${header('Contact')};expires=60`]
            : [
                'WWW-Authenticate: Digest realm="example.com", nonce="n0", algorithm=SHA-512-256, qop="auth"',
                `WWW-Authenticate: Digest realm="example.com", nonce="n1", algorithm=${algorithm}, qop="auth", opaque="o"`,
              ]),
          'Content-Length: 0',
        ];
        const answer = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
        socket.send(answer, address, port, () => undefined);
      },
      error: () => undefined,
    });
    return seen;
  }

  const registering = (ports: VirtualPorts, password: string): Phone =>
    new Phone(
      'sip:alice@example.com',
      { clock: ports.clock, net: ports.net, random: seededRandom(1), server: { address: '10.0.0.1', port: 5060 } },
      { address: '10.0.0.11', password },
    );

  test.each(['MD5', 'SHA-256'] as const)(
    'answers a %s challenge, refreshes with a rising nonce count, and unregisters',
    async (algorithm) => {
      const ports = virtualPorts();
      const seen = await registrar(ports, algorithm);
      const alice = registering(ports, 'secret');
      const result = await alice.register({ expiresSeconds: 60, refresh: true });
      expect([result.status, alice.registered]).toEqual([200, true]);
      expect(result.contacts).toEqual([expect.stringContaining('<sip:alice@10.0.0.11:5060>')]);
      await ports.clock.advance('60s');
      expect(seen.map((text) => /nc=(\d+)/.exec(text)?.[1])).toEqual([undefined, '00000001', '00000002']);
      expect(seen.map((text) => /CSeq: (\d+)/.exec(text)?.[1])).toEqual(['1', '2', '3']);
      expect((await alice.unregister()).status).toBe(200);
      expect(seen.at(-1)).toMatch(/Contact: .*;expires=0\r\n/);
      await ports.clock.advance('10m');
      expect(seen).toHaveLength(4);
    },
  );

  test('a wrong password gives the 401 as the result', async () => {
    const ports = virtualPorts();
    const seen = await registrar(ports, 'MD5');
    const alice = registering(ports, 'wrong');
    expect((await alice.register()).status).toBe(401);
    expect(alice.registered).toBe(false);
    expect(seen).toHaveLength(2);
  });

  test('no registrar at all gives status 0 after 32 s', async () => {
    const ports = virtualPorts();
    const result = await registering(ports, 'secret').register();
    expect([result.status, result.reason, ports.clock.now()]).toEqual([0, 'no answer', 32_000]);
  });
});

test('a wait that cannot end says what was waited for and shows what was exchanged', async () => {
  const { alice, bob, net, clock } = pair();
  bob.onInvite({ act: 'reject' });
  await alice.call(BOB).ended();
  await clock.advance('1m');
  const failure = String(await alice.nextCall().catch((error: unknown) => error));
  expect(failure).toContain('alice waited for a call, nothing is due any more');
  expect(failure).toMatch(/\|<- 486 Busy Here -+\|/);
  expect(net.inFlight).toBe(0);
});

test('a WebSocket phone names itself like JsSIP, and its socket closes when it vanishes (RFC 7118 §5)', async () => {
  const ports = virtualPorts();
  const heard: string[] = [];
  let closed = false;
  const openWebSocket = (address: string) => {
    const { client, server } = ports.net.webSocket(address, { address: '10.0.0.1', port: 8080 });
    server.setHandler({
      message: (bytes) => heard.push(Buffer.from(bytes).toString('latin1')),
      closed: () => (closed = true),
    });
    return client;
  };
  const alice = new Phone(
    'sip:alice@example.com',
    {
      clock: ports.clock,
      net: ports.net,
      random: seededRandom(1),
      server: { address: '10.0.0.1', port: 8080 },
      openWebSocket,
    },
    { transport: 'ws', address: '10.0.0.11' },
  );
  alice.call('sip:bob@example.com');
  await ports.clock.advance('20s');
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatch(/^Via: SIP\/2\.0\/WS [0-9a-f]+\.invalid;branch=z9hG4bK[0-9a-f]+\r$/m);
  expect(heard[0]).toMatch(
    /^Contact: {2}<sip:[0-9a-f]+@[0-9a-f]+\.invalid;transport=ws>;\+sip\.instance="<urn:uuid:[-0-9a-f]+>";reg-id=1\r$/m,
  );
  alice.goSilent();
  await ports.clock.advance(10);
  expect(closed).toBe(true);
});
