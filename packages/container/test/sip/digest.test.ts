import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  answerChallenge,
  type DigestChallenge,
  formatCredentials,
  type HashFunction,
  parseChallenges,
  type SipResponse,
} from '@siplet/sip';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { type ScriptApp, startScript } from './support/script-app.ts';

const NAMES = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' } as const;
const hash: HashFunction = (algorithm, text) => createHash(NAMES[algorithm]).update(text, 'latin1').digest('hex');

const delays: number[] = [];

async function start(options: { proxy?: boolean; only?: 'MD5' } = {}) {
  delays.length = 0;
  const started = await startScript({
    async request(request, app: ScriptApp) {
      const result = await app.digest.authenticate(request, {
        realm: 'example.com',
        ...(options.proxy === true ? { proxy: true } : {}),
        credentials: async (user) => {
          if (user !== 'alice') return undefined;
          const all = app.digest.secrets('alice', 'example.com', 'wonderland');
          return { ha1: options.only === undefined ? all : { MD5: all.MD5 } };
        },
      });
      if (result.ok) {
        const response = request.createResponse(200);
        response.setHeader('X-User', `${result.user}/${request.getRemoteUser()}`);
        await response.send();
        return;
      }
      delays.push(result.delayMs);
      await result.response.send();
    },
  });
  const peer = await RawPeer.open(started.t, '10.0.0.71');
  return { ...started, peer };
}

interface Attempt {
  readonly user?: string;
  readonly password?: string;
  readonly nc?: number;
  readonly algorithm?: string;
  readonly change?: (header: string) => string;
  readonly header?: string;
}

function challengesOf(response: SipResponse | undefined, name = 'WWW-Authenticate'): DigestChallenge[] {
  return (response?.headers.getAll(name) ?? []).flatMap((text) => parseChallenges(text));
}

async function attempt(peer: RawPeer, challenge: DigestChallenge, options: Attempt = {}): Promise<SipResponse> {
  const credentials = answerChallenge(hash, {
    challenge: options.algorithm === undefined ? challenge : { ...challenge, algorithm: options.algorithm },
    user: options.user ?? 'alice',
    password: options.password ?? 'wonderland',
    method: 'REGISTER',
    uri: 'sip:service@example.com',
    nc: options.nc ?? 1,
    cnonce: 'c0ffee',
  });
  const header = `${options.header ?? 'Authorization'}: ${formatCredentials(credentials)}`;
  await peer.request('REGISTER', { headers: [options.change?.(header) ?? header] });
  const last = peer.responses.at(-1);
  if (last === undefined) throw new Error('no answer');
  return last;
}

function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error('nothing there');
  return one;
}

const second = <T>(list: readonly T[]): T => first(list.slice(1));

async function challenged(peer: RawPeer): Promise<DigestChallenge[]> {
  await peer.request('REGISTER');
  return challengesOf(peer.responses.at(-1));
}

describe('digest authentication as a server (RFC 3261 §22, RFC 7616, RFC 8760)', () => {
  test('challenges with SHA-256 first and MD5 second, qop=auth; both are accepted', async () => {
    const { t, peer } = await start();
    await using _ = t;
    const challenges = await challenged(peer);
    expect(challenges.map(({ algorithm, qop, realm, stale }) => [algorithm, qop, realm, stale])).toEqual([
      ['SHA-256', ['auth'], 'example.com', undefined],
      ['MD5', ['auth'], 'example.com', undefined],
    ]);
    for (const challenge of [first(challenges), second(await challenged(peer))]) {
      const answer = await attempt(peer, challenge);
      expect([answer.status, answer.headers.get('X-User')]).toEqual([200, 'alice/alice']);
    }
    await expectNoLeaks(t);
  });

  test('as a proxy it is 407 with Proxy-Authenticate and Proxy-Authorization', async () => {
    const { t, peer } = await start({ proxy: true });
    await using _ = t;
    await peer.request('REGISTER');
    const response = peer.responses.at(-1);
    expect(response?.status).toBe(407);
    const challenge = first(challengesOf(response, 'Proxy-Authenticate'));
    expect((await attempt(peer, challenge, { header: 'Proxy-Authorization' })).status).toBe(200);
    await expectNoLeaks(t);
  });

  test('a wrong password and an unknown user get the same answer, byte for byte but for the nonce', async () => {
    const { t, peer } = await start();
    await using _ = t;
    const shape = (response: SipResponse): string[] =>
      response.headers
        .getAll('WWW-Authenticate')
        .map((text) => text.replace(/nonce="[^"]*"/, (nonce) => `nonce of ${nonce.length}`));
    const wrong = await attempt(peer, first(await challenged(peer)), { password: 'wrong' });
    const unknown = await attempt(peer, first(await challenged(peer)), { user: 'nobody', password: 'x' });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(shape(wrong)).toEqual(shape(unknown));
    expect(challengesOf(wrong)[0]?.stale).toBeUndefined();
    await expectNoLeaks(t);
  });

  test('the answers to repeated failures wait longer and longer, for known and unknown users alike', async () => {
    const { t, peer } = await start();
    await using _ = t;
    for (const user of ['alice', 'nobody']) {
      delays.length = 0;
      let challenge = first(await challenged(peer));
      for (let i = 0; i < 8; i++)
        challenge = first(challengesOf(await attempt(peer, challenge, { user, password: 'x' })));
      expect(delays.slice(1)).toEqual([0, 0, 500, 1000, 2000, 4000, 8000, 8000]);
    }
    const success = await attempt(peer, first(await challenged(peer)));
    expect(success.status).toBe(200);
    await attempt(peer, first(await challenged(peer)), { password: 'x' });
    expect(delays.at(-1)).toBe(0); // a success forgives
    await expectNoLeaks(t);
  });

  test('a forged nonce does not count against the user it names', async () => {
    const { t, peer } = await start();
    await using _ = t;
    const challenge = first(await challenged(peer));
    for (let i = 0; i < 6; i++) await attempt(peer, { ...challenge, nonce: 'made-up' }, { password: 'x' });
    expect(delays.every((delay) => delay === 0)).toBe(true);
    await expectNoLeaks(t);
  });

  test('a nonce is stale after 60 s, and says so only to who knows the password', async () => {
    const { t, peer } = await start();
    await using _ = t;
    const challenge = first(await challenged(peer));
    await t.clock.advance('61s');
    const stale = await attempt(peer, challenge);
    expect([stale.status, challengesOf(stale)[0]?.stale]).toEqual([401, true]);
    const wrong = await attempt(peer, challenge, { password: 'x' });
    expect([wrong.status, challengesOf(wrong)[0]?.stale]).toEqual([401, undefined]);
    expect((await attempt(peer, first(challengesOf(stale)))).status).toBe(200);
    await expectNoLeaks(t);
  });

  test('a nonce count works once and only upwards (RFC 7616 §3.4)', async () => {
    const { t, peer } = await start();
    await using _ = t;
    const challenge = first(await challenged(peer));
    expect((await attempt(peer, challenge, { nc: 1 })).status).toBe(200);
    const replay = await attempt(peer, challenge, { nc: 1 });
    expect([replay.status, challengesOf(replay)[0]?.stale]).toEqual([401, true]);
    expect((await attempt(peer, challenge, { nc: 5 })).status).toBe(200);
    expect((await attempt(peer, challenge, { nc: 3 })).status).toBe(401);
    await expectNoLeaks(t);
  });

  test('credentials captured elsewhere are worth nothing from another address', async () => {
    const { t, peer } = await start();
    await using _ = t;
    const challenge = first(await challenged(peer));
    const thief = await RawPeer.open(t, '10.0.0.72');
    expect((await attempt(thief, challenge)).status).toBe(401);
    expect((await attempt(peer, challenge)).status).toBe(200);
    await expectNoLeaks(t);
  });

  test.each([
    ['an algorithm that was not offered', { algorithm: 'SHA-512-256' }],
    ['no qop', { change: (header: string) => header.replace(/, qop=auth/, '') }],
    ['a count that is none', { change: (header: string) => header.replace(/nc=\d+/, 'nc=zzz') }],
    ['a changed response', { change: (header: string) => header.replace(/response="../, 'response="00') }],
  ] as const)('%s is refused', async (_name, options) => {
    const { t, peer } = await start();
    await using _ = t;
    const challenge = first(await challenged(peer));
    expect((await attempt(peer, challenge, options)).status).toBe(401);
    await expectNoLeaks(t);
  });

  test('a user of whom only an MD5 secret is stored gets in with MD5', async () => {
    const { t, peer } = await start({ only: 'MD5' });
    await using _ = t;
    const challenges = await challenged(peer);
    expect((await attempt(peer, first(challenges))).status).toBe(401);
    expect((await attempt(peer, second(challenges))).status).toBe(200);
    await expectNoLeaks(t);
  });
});

describe('digest authentication as a client (JSR 289 addAuthHeader)', () => {
  test('answers the first algorithm it knows of each realm, with the next CSeq', async () => {
    const { t, app } = await startScript({
      async response(response, self) {
        if (response.getStatus() !== 401) return;
        expect([...response.getChallengeRealms()]).toEqual(['there', 'there']);
        const again = response.getSession().createRequest('REGISTER');
        const info = self.factory.createAuthInfo();
        info.addAuthInfo(401, 'there', 'me', 'secret');
        again.addAuthHeader(response, info);
        await again.send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    const session = app.factory.createApplicationSession();
    await app.factory.createRequest(session, 'REGISTER', 'sip:me@example.com', 'sip:raw@10.0.0.71').send();
    await t.settled();
    await peer.respond(peer.last('REGISTER'), 401, {
      headers: [
        'WWW-Authenticate: Digest realm="there", nonce="n1", algorithm=TIGER, qop="auth"',
        'WWW-Authenticate: Digest realm="there", nonce="n2", algorithm=SHA-256, qop="auth"',
      ],
    });
    const again = peer.last('REGISTER');
    expect(again.headers.get('CSeq')).toBe('2 REGISTER');
    expect(again.headers.get('Authorization')).toMatch(
      /^Digest username="me", realm="there", nonce="n2",.*algorithm=SHA-256/,
    );
    await peer.respond(again, 200);
    expect(session.isValid()).toBe(false);
    await expectNoLeaks(t);
  });
});
