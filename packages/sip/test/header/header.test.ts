import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  METHODS,
  NameAddr,
  Parameters,
  SipUri,
  Via,
  canonicalName,
  headerInfo,
  isFinal,
  isProvisional,
  isSuccess,
  parseCSeq,
  parseNameAddr,
  parseRAck,
  parseUri,
  parseVia,
  quote,
  reasonPhrase,
  splitList,
  unquote,
} from '@siplet/sip';
import { countList } from '../../src/grammar/scanner.ts';

const code = (value: string): unknown => expect.objectContaining({ code: value });

describe('NameAddr', () => {
  test.each([
    ['<sip:a@b>', undefined, 'sip:a@b', '<sip:a@b>'],
    ['sip:a@b', undefined, 'sip:a@b', '<sip:a@b>'],
    ['sip:a@b;tag=x', undefined, 'sip:a@b', '<sip:a@b>;tag=x'],
    ['Bob <sip:a@b;lr>;tag=x', 'Bob', 'sip:a@b;lr', 'Bob <sip:a@b;lr>;tag=x'],
    ['Bob Smith   <sip:a@b>', 'Bob Smith', 'sip:a@b', '"Bob Smith" <sip:a@b>'],
    [
      '"A \\"B\\" \\\\ <;,>" <sip:a@b> ; q = 0.5 ;x="a;b"',
      'A "B" \\ <;,>',
      'sip:a@b',
      '"A \\"B\\" \\\\ <;,>" <sip:a@b>;q=0.5;x="a;b"',
    ],
    ['  <tel:+1;ext=3>;a', undefined, 'tel:+1;ext=3', '<tel:+1;ext=3>;a'],
    ['<sip:a@[2001:db8::1]:5060>;i=a/b@c', undefined, 'sip:a@[2001:db8::1]:5060', '<sip:a@[2001:db8::1]:5060>;i=a/b@c'],
    ['"" <sip:a@b>', '', 'sip:a@b', '<sip:a@b>'],
  ])('%s', (text, name, uri, printed) => {
    const value = parseNameAddr(text);
    expect(value.displayName).toBe(name);
    expect(value.uri.toString()).toBe(uri);
    expect(value.toString()).toBe(printed);
    expect(parseNameAddr(printed).toString()).toBe(printed);
    expect(value.clone().toString()).toBe(printed);
  });

  test.each([
    '',
    '<sip:a@b',
    '"Bob <sip:a@b>',
    '"Bob" sip:a@b',
    'Bob, A <sip:a@b>',
    'sip:a@b?x=y',
    'sip:a@b,sip:c@d',
    '<sip:a@b>x',
    '<sip:a@b>;',
    '<sip:a@b>;;x',
    '<sip:a@b>;tag="x',
    '<>',
    '<sip:a@b>;t=1;T=2',
    '"\\',
  ])('%j is refused', (text) =>
    expect(() => parseNameAddr(text)).toThrow(expect.objectContaining({ fault: 'remote', status: 400 })),
  );

  test('the tag can be read, set and removed; an empty one is none', () => {
    const value = parseNameAddr('<sip:a@b>;tag=');
    expect(value.tag).toBeUndefined();
    value.tag = 't1';
    expect(value.toString()).toBe('<sip:a@b>;tag=t1');
    value.tag = undefined;
    expect(value.toString()).toBe('<sip:a@b>');
  });

  test('a line break in a display name is refused', () => {
    expect(() => new NameAddr(parseUri('sip:a@b'), 'x\r\ny').toString()).toThrow(code('SIP_ERR_HEADER_INJECTION'));
  });
});

describe('Via', () => {
  test('blanks, case and IPv6 (RFC 3261 §20.42)', () => {
    const via = parseVia(
      'sip / 2.0 / tcp   [2001:db8::9:1] : 5070 ;Received=2001:db8::9:255;branch=z9hG4bKas3-111;rport=12 ;hidden',
    );
    expect(via).toMatchObject({
      protocol: 'TCP',
      host: '[2001:db8::9:1]',
      port: 5070,
      branch: 'z9hG4bKas3-111',
      received: '2001:db8::9:255',
      rport: 12,
    });
    expect(via.toString()).toBe(
      'SIP/2.0/TCP [2001:db8::9:1]:5070;Received=2001:db8::9:255;branch=z9hG4bKas3-111;rport=12;hidden',
    );
    expect(via.clone().toString()).toBe(via.toString());
  });

  test('an empty or senseless rport has no number', () => {
    expect(parseVia('SIP/2.0/UDP a;rport').rport).toBeUndefined();
    expect(parseVia('SIP/2.0/UDP a;rport=x').rport).toBeUndefined();
    expect(parseVia('SIP/2.0/UDP a').rport).toBeUndefined();
    expect(parseVia('SIP/2.0/UDP a;branch=').branch).toBeUndefined();
  });

  test.each([
    '',
    'SIP/2.0/UDP',
    'SIP/2.0/UDPa',
    'SIP/3.0/UDP a',
    'XIP/2.0/UDP a',
    'SIP/2.0 UDP a',
    'SIP/2.0/UDP a:x',
    'SIP/2.0/UDP a:70000',
    'SIP/2.0/UDP [::1',
    'SIP/2.0/UDP a b',
    'SIP/2.0/UDP a;b c',
  ])('%j is refused', (text) => expect(() => parseVia(text)).toThrow(expect.objectContaining({ fault: 'remote' })));

  test('a made-up protocol or host is checked when written', () => {
    expect(() => new Via('U P', 'h', undefined).toString()).toThrow(code('SIP_ERR_HEADER_NAME'));
    expect(() => new Via('UDP', 'h\n', 5060).toString()).toThrow(code('SIP_ERR_HEADER_INJECTION'));
  });
});

describe('CSeq and RAck', () => {
  test('read numbers and methods', () => {
    expect(parseCSeq('  2147483647   INVITE ')).toEqual({ number: 2_147_483_647, method: 'INVITE' });
    expect(parseCSeq('009 NEW*METHOD')).toEqual({ number: 9, method: 'NEW*METHOD' });
    expect(parseRAck('776656 1 INVITE')).toEqual({ rseq: 776_656, number: 1, method: 'INVITE' });
  });

  test.each([
    '',
    '1',
    'INVITE',
    '1INVITE',
    '-1 INVITE',
    '2147483648 INVITE',
    '36893488147419103232 INVITE',
    '1 INVITE x',
    '1 @',
  ])('%j is no CSeq', (text) => expect(() => parseCSeq(text)).toThrow(code('SIP_ERR_CSEQ')));
});

describe('Parameters', () => {
  test('are ordered, case-insensitive, and need no prototype', () => {
    const params = new Parameters();
    params.set('Tag', 'a');
    params.set('__proto__', 'b');
    params.set('TAG', 'c');
    params.set('flag', '');
    expect([...params]).toEqual([
      ['Tag', 'c'],
      ['__proto__', 'b'],
      ['flag', ''],
    ]);
    expect(params.get('constructor')).toBeUndefined();
    expect(params.has('fLAG')).toBe(true);
    params.delete('tag');
    params.delete('absent');
    expect(params.toString()).toBe(';__proto__=b;flag');
    expect(params.size).toBe(2);
  });

  test('header values are quoted when they must be', () => {
    const params = new Parameters();
    params.set('a', 'x y');
    params.set('b', '"already"');
    params.set('c', '"not "closed"');
    params.set('d', '[::1]');
    params.set('e', '"esc\\"aped"');
    expect(params.toString()).toBe(';a="x y";b="already";c="\\"not \\"closed\\"";d=[::1];e="esc\\"aped"');
    expect(() => params.set('x', 'a\r\nb')).toThrow(code('SIP_ERR_HEADER_INJECTION'));
    expect(() => params.set('x;y', 'a')).toThrow(code('SIP_ERR_HEADER_NAME'));
  });
});

describe('names, methods and phrases', () => {
  test('compact forms and any case name one header', () => {
    const compact = {
      a: 'Accept-Contact',
      b: 'Referred-By',
      c: 'Content-Type',
      d: 'Request-Disposition',
      e: 'Content-Encoding',
      f: 'From',
      i: 'Call-ID',
      j: 'Reject-Contact',
      k: 'Supported',
      l: 'Content-Length',
      m: 'Contact',
      o: 'Event',
      r: 'Refer-To',
      s: 'Subject',
      t: 'To',
      u: 'Allow-Events',
      v: 'Via',
      x: 'Session-Expires',
      y: 'Identity',
    };
    for (const [short, name] of Object.entries(compact)) {
      expect(canonicalName(short)).toBe(name);
      expect(canonicalName(short.toUpperCase())).toBe(name);
      expect(canonicalName(name.toUpperCase())).toBe(name);
      expect(headerInfo(name)?.compact).toBe(short);
    }
    expect(canonicalName('X-Mine')).toBe('X-Mine');
  });

  test('methods say what they do to dialogs', () => {
    const names = [...METHODS.values()];
    expect(names.filter((method) => method.createsDialog).map(({ name }) => name)).toEqual([
      'INVITE',
      'SUBSCRIBE',
      'REFER',
    ]);
    expect(names.filter((method) => method.isTargetRefresh).map(({ name }) => name)).toEqual([
      'INVITE',
      'SUBSCRIBE',
      'NOTIFY',
      'REFER',
      'UPDATE',
    ]);
  });

  test('status classes', () => {
    expect([
      isProvisional(199),
      isProvisional(200),
      isSuccess(299),
      isSuccess(300),
      isFinal(199),
      isFinal(200),
    ]).toEqual([true, false, true, false, false, true]);
  });

  test('phrases fall back to their class', () => {
    expect(reasonPhrase(486)).toBe('Busy Here');
    expect(reasonPhrase(299)).toBe('Success');
    expect(reasonPhrase(799)).toBe('');
  });

  test('lists split outside quotes and angle brackets', () => {
    expect(splitList('a, "b, \\", c" <sip:x,y>;q=1 ,, <sip:d,e>,')).toEqual([
      'a',
      '"b, \\", c" <sip:x,y>;q=1',
      '<sip:d,e>',
    ]);
    expect(splitList('"open, x')).toEqual(['"open, x']);
    expect(splitList('<open, x')).toEqual(['<open, x']);
    expect(splitList('')).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(',', '"', '<', '>', '\\', ' ', 'a')), (parts) => {
        const text = parts.join('');
        expect(countList(text, 0, text.length)).toBe(splitList(text).length);
      }),
    );
  });

  test('quote and unquote are inverse', () => {
    for (const text of ['', 'a', 'a"b', 'a\\', '\\"']) expect(unquote(quote(text))).toBe(text);
    expect(unquote('plain')).toBe('plain');
    expect(new SipUri('sip', undefined, 'h').toString()).toBe('sip:h');
  });
});
