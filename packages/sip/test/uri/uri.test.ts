import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AbsoluteUri, SipError, SipUri, TelUri, escapeUser, isIpv6, parseUri, unescapeUser } from '@siplet/sip';

describe('parseUri', () => {
  test.each([
    'sip:alice@example.com',
    'sip:alice:secret@example.com:5070;transport=tcp;lr?Subject=a%20b&Priority=urgent',
    'sips:1212@gateway.com',
    'sip:example.com',
    'sip:[2001:db8::1]',
    'sip:alice@[2001:db8::192.0.2.1]:5061;transport=tls',
    'sip:+1-212-555-1212:1234@gateway.com;user=phone',
    'sip:user;par=u%40example.net@example.com',
    'sip:sip%3Auser%40example.com@company.com;other-param=summit',
    'sip:vivekg@chair-dnrc.example.com;unknownparam',
    'tel:+1-201-555-0123',
    'tel:7042;phone-context=example.com',
    'tel:*69',
    'urn:service:sos',
    'http://www.example.com/a?b',
    'nobodyKnowsThisScheme:totallyopaquecontent',
  ])('%s comes back as it was', (text) => {
    expect(parseUri(text).toString().toLowerCase()).toBe(text.toLowerCase());
    expect(parseUri(text).clone().equals(parseUri(text))).toBe(true);
  });

  test('gives the parts of a SIP URI', () => {
    const uri = parseUri('SIPS:%61lice:pw@Example.com:5070;Transport=TCP;lr?Subject=x') as SipUri;
    expect(uri).toBeInstanceOf(SipUri);
    expect(uri).toMatchObject({ scheme: 'sips', user: '%61lice', password: 'pw', host: 'Example.com', port: 5070 });
    expect([...uri.params]).toEqual([
      ['Transport', 'TCP'],
      ['lr', ''],
    ]);
    expect(uri.params.get('transport')).toBe('TCP');
    expect(uri.headers.get('subject')).toBe('x');
  });

  test('gives the parts of other URIs', () => {
    expect(parseUri('TEL:+44(0)1;ext=5')).toMatchObject({ scheme: 'tel', number: '+44(0)1', isGlobal: true });
    expect((parseUri('tel:1234;phone-context=+1') as TelUri).isGlobal).toBe(false);
    expect(parseUri('URN:service:sos')).toMatchObject({ scheme: 'urn', opaque: 'service:sos' });
  });

  test.each([
    '',
    'alice',
    ':',
    'sip:',
    'sip:@example.com',
    'sip:a@',
    'sip:a@b:',
    'sip:a@b:0',
    'sip:a@b:65536',
    'sip:a@b:5x',
    'sip:a b@c',
    'sip:a@b c',
    'sip:a@b;',
    'sip:a@b;=x',
    'sip:a@b;x;X',
    'sip:a@b;p=%zz',
    'sip:%a@b',
    'sip:a@[::1',
    'sip:a@[1::2::3]',
    'sip:a@[12345::]',
    'sip:a@[fe80::1%eth0]',
    'sip:a@b;p="x"',
    'sip:a@b?x y',
    'sip:a@b>',
    'sip:a"b@c',
    'tel:',
    'tel:+',
    'tel:abc z',
    'tel:1;x=%',
    'tel:1;a?b',
    '1x:abc',
    'x y:z',
    'http:',
    'http://a b',
    'http://<a>',
    'sip:a@b\r\nX: y',
  ])('%j is refused as a remote fault', (text) => {
    expect(() => parseUri(text)).toThrow(SipError);
    expect(() => parseUri(text)).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_URI', fault: 'remote', status: 400 }),
    );
  });

  test('more than 64 parameters are refused', () => {
    const list = (count: number): string => `sip:a@b${Array.from({ length: count }, (_, i) => `;p${i}`).join('')}`;
    expect((parseUri(list(64)) as SipUri).params.size).toBe(64);
    expect(() => parseUri(list(65))).toThrow(expect.objectContaining({ code: 'SIP_ERR_LIMIT_VALUES' }));
  });

  test('any text is a URI or a SipError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'sip:', 'sips:', 'tel:', 'sip:a@b;', 'sip:[', 'x:'),
        fc.string({ unit: 'binary' }),
        (start, rest) => {
          try {
            const uri = parseUri(start + rest);
            expect(parseUri(uri.toString()).toString()).toBe(uri.toString());
          } catch (error) {
            if (!(error instanceof SipError)) throw error;
          }
        },
      ),
    );
  });
});

// RFC 3261 §19.1.4, its examples and each of its rules
describe('URI equality (RFC 3261 §19.1.4)', () => {
  test.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['sip:a:p%77@b', 'sip:a:pw@b'],
    ['SIP:a@b', 'sip:a@b'],
    ['tel:+1-201-555-0123', 'tel:+12015550123'],
    ['tel:1234;phone-context=a.com;ext=1', 'TEL:12-34;ext=1;phone-context=A.com'],
    ['urn:service:sos', 'URN:service:sos'],
  ])('%s equals %s', (a, b) => {
    expect(parseUri(a).equals(parseUri(b))).toBe(true);
    expect(parseUri(b).equals(parseUri(a))).toBe(true);
  });

  test.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:a@b', 'sips:a@b'],
    ['sip:a@b', 'sip:b'],
    ['sip:a:p@b', 'sip:a@b'],
    ['sip:a@b;user=phone', 'sip:a@b'],
    ['sip:a@b;ttl=1', 'sip:a@b'],
    ['sip:a@b;method=INVITE', 'sip:a@b'],
    ['sip:a@b;maddr=224.0.0.1', 'sip:a@b'],
    ['sip:a%3B@b', 'sip:a;@b'],
    ['sip:a@b?x=1', 'sip:a@b?x=2'],
    ['sip:a@b?x=1', 'sip:a@b?y=1'],
    ['tel:+1', 'tel:1;phone-context=+'],
    ['tel:+1', 'tel:+2'],
    ['tel:+1;ext=1', 'tel:+1;ext=2'],
    ['tel:+1;ext=1', 'tel:+1;isub=1'],
    ['tel:+1', 'sip:+1@b'],
    ['urn:a:b', 'urn:a:c'],
    ['urn:a:b', 'sip:a@b'],
  ])('%s differs from %s', (a, b) => {
    expect(parseUri(a).equals(parseUri(b))).toBe(false);
    expect(parseUri(b).equals(parseUri(a))).toBe(false);
  });
});

describe('building', () => {
  test('a clone is independent', () => {
    const uri = parseUri('sip:a:b@c:1;x=y') as SipUri;
    const copy = uri.clone();
    copy.params.set('x', 'z');
    copy.host = 'd';
    expect(uri.toString()).toBe('sip:a:b@c:1;x=y');
    expect(copy.toString()).toBe('sip:a:b@d:1;x=z');
  });

  test('escapeUser and unescapeUser are inverse for any binary text', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 255 })), (codes) => {
        const text = String.fromCharCode(...codes.filter((code) => code !== 13 && code !== 10));
        expect(unescapeUser(escapeUser(text))).toBe(text);
        if (text !== '') expect((parseUri(`sip:${escapeUser(text)}@h`) as SipUri).user).toBe(escapeUser(text));
      }),
    );
    expect(escapeUser('a b@c#')).toBe('a%20b%40c%23');
    expect(unescapeUser('a%4')).toBe('a%4');
  });

  test('a line break in any part is refused when the URI is written', () => {
    const injection = expect.objectContaining({ code: 'SIP_ERR_HEADER_INJECTION', fault: 'local' });
    expect(() => new SipUri('sip', 'a\r\nX: y', 'h').toString()).toThrow(injection);
    expect(() => new SipUri('sip', 'a', 'h\r\n').toString()).toThrow(injection);
    expect(() => new TelUri('1\n').toString()).toThrow(injection);
    expect(() => new AbsoluteUri('urn', 'x\0')).toThrow(injection);
    expect(() => new SipUri('sip', 'a', 'h').params.set('x', 'ÿ\u010d')).toThrow(injection); // U+010D would become CR
    const uri = new SipUri('sip', 'a', 'h');
    uri.password = 'x\n';
    expect(() => uri.toString()).toThrow(injection);
  });

  test('parameter values are escaped in URIs and quoted in headers', () => {
    const uri = new SipUri('sip', 'a', 'h', 5062);
    uri.params.set('x', 'a;b=c %41');
    uri.params.set('lr', '');
    expect(uri.toString()).toBe('sip:a@h:5062;x=a%3Bb%3Dc%20%41;lr');
  });

  test('IPv6 addresses', () => {
    for (const good of ['::', '::1', '1::', 'fe80::1:2', '1:2:3:4:5:6:7:8', '::ffff:192.0.2.1', '1:2:3:4:5:6:1.2.3.4'])
      expect(isIpv6(good)).toBe(true);
    for (const bad of [
      '',
      ':',
      ':::',
      '1',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '::1.2.3',
      '::256.1.1.1',
      '1.2.3.4::',
      'g::',
      '1::2::3',
      ':1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8::',
    ]) {
      expect(isIpv6(bad)).toBe(false);
    }
  });
});
