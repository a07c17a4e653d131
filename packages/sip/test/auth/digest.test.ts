import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  answerChallenge,
  digestA1,
  digestAlgorithm,
  digestResponse,
  formatChallenge,
  formatCredentials,
  isNonceCount,
  parseChallenges,
  parseCredentials,
  utf8ToBinary,
  type HashFunction,
} from '@siplet/sip';

const NODE = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' } as const;
const hash: HashFunction = (algorithm, text) => createHash(NODE[algorithm]).update(text, 'latin1').digest('hex');

describe('RFC 7616 §3.9.1', () => {
  const values = parseChallenges(
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
  );

  test.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('%s', (algorithm, expected) => {
    const [challenge] = values;
    if (challenge === undefined) throw new Error('no challenge');
    const credentials = answerChallenge(hash, {
      challenge: { ...challenge, algorithm },
      user: 'Mufasa',
      password: 'Circle of Life',
      method: 'GET',
      uri: '/dir/index.html',
      nc: 1,
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    });
    expect(credentials).toMatchObject({
      response: expected,
      nc: '00000001',
      qop: 'auth',
      username: 'Mufasa',
      opaque: challenge.opaque,
    });
    const ha1 = digestA1(hash, algorithm, 'Mufasa', challenge.realm, 'Circle of Life');
    expect(digestResponse(hash, { ...credentials, ha1, algorithm, method: 'GET' })).toBe(expected);
  });
});

describe('RFC 7616 §3.9.2: SHA-512-256, charset and userhash', () => {
  test('the hashed user name and the response', () => {
    const credentials = answerChallenge(hash, {
      challenge: {
        scheme: 'Digest',
        realm: 'api@example.org',
        qop: ['auth'],
        algorithm: 'SHA-512-256',
        nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
        opaque: 'HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS',
        charset: 'UTF-8',
        userhash: true,
      },
      user: utf8ToBinary('J\u00e4s\u00f8n Doe'),
      password: 'Secret, or not?',
      method: 'GET',
      uri: '/doe.json',
      nc: 1,
      cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm',
    });
    const user = utf8ToBinary('J\u00e4s\u00f8n Doe');
    expect(credentials.username).toBe(hash('SHA-512-256', `${user}:api@example.org`));
    const ha1 = hash('SHA-512-256', `${user}:api@example.org:Secret, or not?`);
    const ha2 = hash('SHA-512-256', 'GET:/doe.json');
    expect(credentials.response).toBe(
      hash(
        'SHA-512-256',
        `${ha1}:5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK:00000001:NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm:auth:${ha2}`,
      ),
    );
    expect(credentials.userhash).toBe(true);
    // The values printed in the RFC come from SHA-512 cut to 256 bits: same text, other initial values.
    const cut: HashFunction = (_, text) => createHash('sha512').update(text, 'latin1').digest('hex').slice(0, 64);
    expect(cut('SHA-512-256', `${user}:api@example.org`)).toBe(
      '488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec',
    );
  });
});

describe('other computations', () => {
  const challenge = { scheme: 'Digest', realm: 'r', nonce: 'n' };
  const input = { challenge, user: 'u', password: 'p', method: 'REGISTER', uri: 'sip:r', nc: 255, cnonce: 'c' };

  test('without qop there is neither nc nor cnonce (RFC 2069)', () => {
    const credentials = answerChallenge(hash, input);
    expect(credentials).toMatchObject({ nc: undefined, cnonce: undefined, qop: undefined, algorithm: undefined });
    expect(credentials.response).toBe(hash('MD5', `${hash('MD5', 'u:r:p')}:n:${hash('MD5', 'REGISTER:sip:r')}`));
  });

  test('auth-int covers the body', () => {
    const credentials = answerChallenge(hash, {
      ...input,
      challenge: { ...challenge, qop: ['auth-int'] },
      body: 'v=0',
    });
    const ha2 = hash('MD5', `REGISTER:sip:r:${hash('MD5', 'v=0')}`);
    expect(credentials.response).toBe(hash('MD5', `${hash('MD5', 'u:r:p')}:n:000000ff:c:auth-int:${ha2}`));
    const empty = answerChallenge(hash, { ...input, challenge: { ...challenge, qop: ['auth-int'] } });
    expect(empty.response).not.toBe(credentials.response);
  });

  test('-sess binds A1 to the nonces', () => {
    const credentials = answerChallenge(hash, { ...input, challenge: { ...challenge, algorithm: 'sha-256-SESS' } });
    const a1 = hash('SHA-256', `${hash('SHA-256', 'u:r:p')}:n:c`);
    expect(credentials).toMatchObject({ cnonce: 'c', algorithm: 'sha-256-SESS' });
    expect(credentials.response).toBe(hash('SHA-256', `${a1}:n:${hash('SHA-256', 'REGISTER:sip:r')}`));
    const noCnonce = digestResponse(hash, {
      ha1: 'x',
      algorithm: 'MD5',
      nonce: 'n',
      qop: 'auth',
      method: 'A',
      uri: 'b',
    });
    expect(noCnonce).toBe(hash('MD5', `x:n:::auth:${hash('MD5', 'A:b')}`));
  });

  test('an unknown algorithm has no name here and is answered as MD5', () => {
    expect(digestAlgorithm('SHA-1')).toBeUndefined();
    expect(digestAlgorithm(undefined)).toBe('MD5');
    expect(digestAlgorithm('md5-SESS')).toBe('MD5-sess');
    expect(answerChallenge(hash, { ...input, challenge: { ...challenge, algorithm: 'X' } }).response).toHaveLength(32);
  });
});

describe('header values', () => {
  test('a challenge is quoted where RFC 7616 §3.3 says so', () => {
    const value = {
      scheme: 'Digest',
      realm: 'a "b" \\',
      nonce: 'n',
      opaque: 'o',
      domain: 'sip:x',
      stale: true,
      algorithm: 'SHA-256',
      qop: ['auth', 'auth-int'],
      charset: 'UTF-8',
      userhash: true,
    };
    const text = formatChallenge(value);
    expect(text).toBe(
      'Digest realm="a \\"b\\" \\\\", domain="sip:x", nonce="n", opaque="o", stale=true, algorithm=SHA-256, qop="auth,auth-int", charset=UTF-8, userhash=true',
    );
    expect(parseChallenges(text)).toEqual([value]);
    expect(formatChallenge({ scheme: 'Digest', realm: 'r', nonce: 'n' })).toBe('Digest realm="r", nonce="n"');
  });

  test('credentials are quoted where RFC 7616 §3.4 says so', () => {
    const value = {
      username: 'bob',
      realm: 'r',
      nonce: 'n',
      uri: 'sip:a',
      response: 'abc',
      algorithm: 'MD5',
      cnonce: 'c',
      opaque: 'o',
      qop: 'auth',
      nc: '00000001',
      userhash: true,
    };
    const text = formatCredentials(value);
    expect(text).toBe(
      'Digest username="bob", realm="r", nonce="n", uri="sip:a", response="abc", algorithm=MD5, cnonce="c", opaque="o", qop=auth, nc=00000001, userhash=true',
    );
    expect(parseCredentials(text)).toEqual(value);
    expect(
      parseCredentials(formatCredentials({ username: 'b', realm: 'r', nonce: 'n', uri: 'u', response: 'x' })),
    ).toMatchObject({ username: 'b', qop: undefined });
  });

  test('several challenges in one value, other schemes left out, any case and spacing', () => {
    const text =
      'Basic realm="x", DIGEST Realm = "a" ,nonce="1",algorithm=MD5 , digest realm="b", nonce="2", STALE=TRUE, userhash=false,, Digest realm="no nonce"';
    expect(parseChallenges(text)).toMatchObject([
      { realm: 'a', nonce: '1', algorithm: 'MD5' },
      { realm: 'b', nonce: '2', stale: true, userhash: false },
    ]);
  });

  test('username* is understood (RFC 7616 §3.4)', () => {
    const rest = 'realm="r", nonce="n", uri="u", response="x"';
    expect(parseCredentials(`Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ${rest}`)?.username).toBe(
      utf8ToBinary('Jäsøn Doe'),
    );
    expect(parseCredentials(`Digest username*=latin1''x, ${rest}`)).toBeUndefined();
  });

  test.each([
    '',
    'Basic abc',
    'Digest',
    'Digest username="a"',
    'Digest username="a',
    'username="a"',
    'Digest realm="r", realm="s"',
    'Digest "x"',
    'Digest username="a", realm="r", nonce="n", uri="u"',
    'Digest a=b Digest c=d',
  ])('%j gives no credentials', (text) => {
    expect(parseCredentials(text)).toBeUndefined();
  });

  test('never throws and never loops, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'Digest ', 'Digest realm="r", nonce='),
        fc.string({ unit: 'binary' }),
        (start, rest) => {
          parseChallenges(start + rest);
          parseCredentials(start + rest);
        },
      ),
    );
    expect(parseChallenges(`Digest ${Array.from({ length: 100 }, (_, i) => `a${i}=b`).join(',')}`)).toEqual([]);
  });

  test('line breaks are refused on the way out', () => {
    expect(() => formatChallenge({ scheme: 'Digest', realm: 'a\r\nX: y', nonce: 'n' })).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_HEADER_INJECTION' }),
    );
    expect(() => formatChallenge({ scheme: 'Digest', realm: 'a', nonce: 'n', algorithm: 'M D' })).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_HEADER_NAME' }),
    );
  });

  test('a nonce count is eight hexadecimal digits', () => {
    for (const good of ['00000001', 'ffffffff', '0000000A']) expect(isNonceCount(good)).toBe(true);
    for (const bad of [undefined, '', '1', '0000000g', '000000001', '+0000001', '0x000001'])
      expect(isNonceCount(bad)).toBe(false);
  });
});
