import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  Headers,
  PURE_CODEC,
  SipRequest,
  SipResponse,
  StreamFramer,
  binaryToUtf8,
  createResponseFor,
  parseMessage,
  serialize,
  utf8ToBinary,
  type ByteCodec,
  type ParseResult,
} from '@siplet/sip';
import { bytes, codec, incoming, parse, parseRequest, parseResponse, text, wire } from '../support.ts';

function errorOf(input: string | Uint8Array, options?: Parameters<typeof parseMessage>[2]): string {
  const result = parseMessage(typeof input === 'string' ? bytes(input) : input, codec, options);
  return result.type === 'error' ? result.code : result.type;
}

const INVITE = `${wire(
  'INVITE sip:bob@biloxi.com SIP/2.0',
  'v:  SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds , SIP/2.0/TCP x',
  'MAX-FORWARDS: 70',
  'To: Bob <sip:bob@biloxi.com>',
  'f: "Alice, \u00c3\u00a9" <sip:alice@atlanta.com>;tag=1928301774',
  'i : a84b4c76e66710@pc33.atlanta.com',
  'CSeq: 314159  INVITE',
  'X-Odd:   kept  as\tis ',
  'Subject: first',
  '\tsecond',
  ' third',
  'Contact: <sip:a@b>;q=0.5',
  'm: <sip:c@d>, "x, y" <sip:e,f@g>',
  'Allow: INVITE,ACK,  BYE',
  'Content-Length: 4',
)}\0\xff\r\n`;

describe('parse and serialize', () => {
  test('an untouched message leaves byte for byte as it came', () => {
    expect(text(serialize(parse(INVITE), codec))).toBe(INVITE);
  });

  test('a forwarded message keeps every line that was not touched', () => {
    const message = parseRequest(INVITE);
    message.headers.prepend('Via', 'SIP/2.0/UDP p;branch=z9hG4bKp');
    message.headers.set('Max-Forwards', String((message.headers.maxForwards ?? 0) - 1));
    message.uriText = 'sip:bob@192.0.2.4';
    const expected = INVITE.replace('sip:bob@biloxi.com SIP', 'sip:bob@192.0.2.4 SIP')
      .replace('v:  SIP', 'Via: SIP/2.0/UDP p;branch=z9hG4bKp\r\nv:  SIP')
      .replace('MAX-FORWARDS: 70', 'Max-Forwards: 69');
    expect(text(serialize(message, codec))).toBe(expected);
  });

  test('headers are found by any name, values unfolded, lists split', () => {
    const { headers, body } = parseRequest(INVITE);
    expect(headers.callId).toBe('a84b4c76e66710@pc33.atlanta.com');
    expect(headers.get('subject')).toBe('first second third');
    expect(headers.get('x-odd')).toBe('kept  as\tis');
    expect(headers.getAll('contact')).toEqual(['<sip:a@b>;q=0.5', '<sip:c@d>', '"x, y" <sip:e,f@g>']);
    expect(headers.addresses('Contact').map((value) => value.displayName)).toEqual([undefined, undefined, 'x, y']);
    expect(headers.getAll('Allow')).toEqual(['INVITE', 'ACK', 'BYE']);
    expect(headers.getAll('Via')[1]).toBe('SIP/2.0/TCP x');
    expect(headers.via?.branch).toBe('z9hG4bK776asdhds');
    expect(headers.cseq).toEqual({ number: 314_159, method: 'INVITE' });
    expect(binaryToUtf8(headers.from?.displayName ?? '')).toBe('Alice, é');
    expect(headers.names()).toEqual([
      'Via',
      'Max-Forwards',
      'To',
      'From',
      'Call-ID',
      'CSeq',
      'X-Odd',
      'Subject',
      'Contact',
      'Allow',
      'Content-Length',
    ]);
    expect([...headers.entries()][0]).toEqual([
      'v',
      'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds , SIP/2.0/TCP x',
    ]);
    expect([...body]).toEqual([0, 255, 13, 10]);
    expect(headers.contactIsWildcard).toBe(false);
  });

  test('compact form shortens the names and nothing else', () => {
    const short = text(serialize(parse(INVITE), codec, { compact: true }));
    expect(short).toContain('\r\nf: "Alice');
    expect(short).toContain('\r\nl: 4\r\n\r\n');
    expect(parseRequest(short).headers.names()).toEqual(parseRequest(INVITE).headers.names());
  });

  test('Content-Length follows the body', () => {
    const message = parseRequest(INVITE);
    message.body = bytes('longer body');
    expect(text(serialize(message, codec))).toContain('Content-Length: 11\r\n\r\nlonger body');
    message.headers.delete('Content-Length');
    message.body = new Uint8Array(0);
    expect(text(serialize(message, codec))).toContain('Content-Length: 0\r\n\r\n');
    expect(text(serialize(message, codec, { compact: true }))).toMatch(/\r\nl: 0\r\n\r\n$/);
    message.headers.add('Content-Length', '3');
    message.headers.add('Content-Length', '4');
    expect(text(serialize(message, codec)).match(/Content-Length/g)).toHaveLength(1);
  });

  test('responses keep their phrase, also none', () => {
    const ok = parseResponse(wire('SIP/2.0 200 Fine, \u00c3\u00a9', ...incoming().split('\r\n').slice(1, 7)));
    expect([ok.status, binaryToUtf8(ok.reason)]).toEqual([200, 'Fine, é']);
    expect(parseResponse(wire('SIP/2.0 199 ', ...incoming().split('\r\n').slice(1, 7))).reason).toBe('');
    expect(parseResponse(wire('sip/2.0 486 Busy', ...incoming().split('\r\n').slice(1, 7))).status).toBe(486);
  });

  test('leading line ends are skipped, more bytes than Content-Length ignored (RFC 3261 §7.5, §18.3)', () => {
    const message = parseRequest(`\r\n\r\n${incoming()}trailing`);
    expect(message.method).toBe('INVITE');
    expect(message.body.length).toBe(0);
    expect(text(parseRequest(incoming().replace('Content-Length: 0\r\n', '') + 'all').body)).toBe('all');
  });

  test('a clone shares nothing that changes', () => {
    for (const message of [
      parseRequest(INVITE),
      parseResponse(text(serialize(createResponseFor(parseRequest(INVITE), 200), codec))),
    ]) {
      const before = text(serialize(message, codec));
      const copy = message.clone();
      copy.headers.set('From', '<sip:x@y>');
      copy.headers.removeFirst('Via');
      copy.body = bytes('x');
      expect(text(serialize(message, codec))).toBe(before);
    }
  });

  test('generated messages survive parse and serialize unchanged, with any codec', () => {
    const token = fc.stringMatching(/^[a-zA-Z0-9\-.!%*_+`'~]{1,12}$/);
    const value = fc.stringMatching(/^[!-~\u0080-\u00ff]([ -~\u0080-\u00ff]{0,40}[!-~\u0080-\u00ff])?$/);
    const headers = fc.array(
      fc.tuple(
        token.filter(
          (name) =>
            name.length > 1 &&
            !/^(content-length|cseq|call-id|via|from|to|max-forwards|content-type|expires|event)$/i.test(name),
        ),
        value,
      ),
      { maxLength: 12 },
    );
    const subarrayCodec: ByteCodec = {
      decode: (b, s, e) => PURE_CODEC.decode(b.subarray(s, e), 0, e - s),
      encode: (plain, body) => PURE_CODEC.encode(plain, body),
    };
    fc.assert(
      fc.property(token, headers, fc.uint8Array({ maxLength: 30 }), fc.boolean(), (method, extra, body, folded) => {
        const lines = extra.map(([name, text]) => (folded ? `${name}:\r\n ${text}` : `${name}: ${text}`));
        const head = wire(
          `${method} sip:a@b SIP/2.0`,
          'Via: SIP/2.0/UDP h;branch=z9hG4bKx',
          'From: <sip:a@b>;tag=1',
          'To: <sip:c@d>',
          'Call-ID: z',
          `CSeq: 1 ${method}`,
          ...lines,
          `Content-Length: ${body.length}`,
        );
        const message = new Uint8Array([...bytes(head), ...body]);
        const result = parseMessage(message, subarrayCodec);
        if (result.type === 'error') {
          expect(['SIP_ERR_HEADER_DUPLICATE']).toContain(result.code);
          return;
        }
        if (result.type !== 'message') throw new Error('keepalive');
        expect([...serialize(result.message, codec)]).toEqual([...message]);
        const rewritten = new SipRequest(method, 'sip:a@b', new Headers(), body);
        for (const [name, text] of result.message.headers.entries()) rewritten.headers.add(name, text);
        const again = parse(serialize(rewritten, codec));
        for (const name of result.message.headers.names())
          expect(again.headers.getAll(name)).toEqual(result.message.headers.getAll(name));
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is wrong has a code', () => {
  const mutate = (from: string | RegExp, to: string): string => incoming().replace(from, to);
  test.each<[string, string, string]>([
    ['empty header name', mutate('Max-Forwards', ''), 'SIP_ERR_HEADER_SYNTAX'],
    ['a line without colon', mutate('Max-Forwards: 70', 'Max-Forwards 70'), 'SIP_ERR_HEADER_SYNTAX'],
    ['no blank line', incoming().slice(0, -2), 'SIP_ERR_HEADER_SYNTAX'],
    ['a cut line', incoming().slice(0, -6), 'SIP_ERR_HEADER_SYNTAX'],
    ['bare LF', mutate('Max-Forwards: 70\r\n', 'Max-Forwards: 70\n'), 'SIP_ERR_CONTROL_CHARACTER'],
    ['bare CR', mutate('Call-ID: c1', 'Call-ID: c\r1'), 'SIP_ERR_CONTROL_CHARACTER'],
    ['NUL', mutate('Call-ID: c1', 'Call-ID: c\0'), 'SIP_ERR_CONTROL_CHARACTER'],
    [
      'bare LF in a folded line',
      mutate('Call-ID: c1', 'Subject: a\n b\r\n c\r\nCall-ID: c1'),
      'SIP_ERR_CONTROL_CHARACTER',
    ],
    ['an empty Call-ID', mutate('Call-ID: c1', 'Call-ID: '), 'SIP_ERR_HEADER_MISSING'],
    ['no From', mutate(/From: .*\r\n/, ''), 'SIP_ERR_HEADER_MISSING'],
    ['two Content-Length', mutate('Content-Length: 0', 'Content-Length: 0\r\nl: 0'), 'SIP_ERR_HEADER_DUPLICATE'],
    ['a negative Content-Length', mutate('Content-Length: 0', 'Content-Length: -1'), 'SIP_ERR_CONTENT_LENGTH'],
    ['two blanks before the URI', mutate('INVITE sip', 'INVITE  sip'), 'SIP_ERR_START_LINE'],
    ['a blank in the URI', mutate('sip:bob@', 'sip:bob @'), 'SIP_ERR_START_LINE'],
    ['a blank after the version', mutate('SIP/2.0\r\n', 'SIP/2.0 \r\n'), 'SIP_ERR_NOT_SIP'],
    ['NUL in the start line', mutate('sip:bob', 'sip:b\0b'), 'SIP_ERR_START_LINE'],
    ['version 7', mutate('SIP/2.0\r\n', 'SIP/7.0\r\n'), 'SIP_ERR_VERSION'],
    ['a bad method', mutate('INVITE sip', 'INV@TE sip'), 'SIP_ERR_NOT_SIP'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'SIP_ERR_NOT_SIP'],
    ['a status above 699', answerLine('SIP/2.0 700 X'), 'SIP_ERR_START_LINE'],
    ['a status of two digits', answerLine('SIP/2.0 20 X'), 'SIP_ERR_START_LINE'],
    ['a response of version 3', answerLine('SIP/3.0 200 X'), 'SIP_ERR_VERSION'],
    ['one word', 'x', 'SIP_ERR_NOT_SIP'],
    ['no CR at all', 'x\n\n', 'SIP_ERR_NOT_SIP'],
    ['only a start line', 'OPTIONS sip:a SIP/2.0\r\n\r\n', 'SIP_ERR_HEADER_MISSING'],
  ])('%s', (_, input, code) => expect(errorOf(input)).toBe(code));

  function answerLine(line: string): string {
    return incoming().replace('INVITE sip:bob@192.0.2.1 SIP/2.0', line);
  }

  test('%-escapes in a method are not undone (RFC 4475 §3.1.1.5)', () => {
    expect(parseRequest(incoming('RE%47IST%45R')).method).toBe('RE%47IST%45R');
  });

  test('limits have a code and the long message within them passes', () => {
    const limit = (extra: string[]): string => errorOf(incoming('INVITE', { extra }));
    expect(limit([`Subject: ${'x'.repeat(8192)}`])).toBe('SIP_ERR_LIMIT_HEADER');
    expect(limit([`Subject: ${'x'.repeat(8000)}`])).toBe('message');
    expect(limit(Array.from({ length: 260 }, (_, i) => `X-${i}: y`))).toBe('SIP_ERR_LIMIT_HEADERS');
    expect(limit(Array.from({ length: 240 }, (_, i) => `X-${i}: y`))).toBe('message');
    expect(limit(Array.from({ length: 65 }, () => 'Record-Route: <sip:a;lr>'))).toBe('SIP_ERR_LIMIT_VALUES');
    expect(limit([`Route: ${Array.from({ length: 65 }, () => '<sip:a;lr>').join(',')}`])).toBe('SIP_ERR_LIMIT_VALUES');
    expect(limit([`Route: ${Array.from({ length: 64 }, () => '<sip:a;lr>').join(',')}`])).toBe('message');
    expect(errorOf(new Uint8Array(65_536).fill(65))).toBe('SIP_ERR_LIMIT_MESSAGE');
    expect(errorOf(`OPTIONS sip:${'a'.repeat(8200)} SIP/2.0\r\n\r\n`)).toBe('SIP_ERR_LIMIT_HEADER');
    expect(
      errorOf(incoming(), { limits: { maxHeaders: 3, maxMessageBytes: 10_000, maxHeaderBytes: 100, maxValues: 5 } }),
    ).toBe('SIP_ERR_LIMIT_HEADERS');
  });

  test('an ACK and a request without Via get no status', () => {
    const result = parseMessage(bytes(incoming('ACK').replace('1 ACK', 'x')), codec) as Extract<
      ParseResult,
      { type: 'error' }
    >;
    expect([result.status, result.request]).toEqual([undefined, undefined]);
    const other = parseMessage(bytes(incoming('BYE').replace('1 BYE', 'x')), codec) as Extract<
      ParseResult,
      { type: 'error' }
    >;
    expect([other.status, other.request?.method, other.reason]).toEqual([400, 'BYE', 'Malformed CSeq']);
  });

  test('doubling any dimension of a message at most doubles the characters looked at', () => {
    // Work is counted, not timed: the codec hands out a byte array that counts its reads.
    const reads = (message: string): number => {
      let count = 0;
      const raw = bytes(message);
      const counting = new Proxy(raw, {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) count++;
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      parseMessage(
        counting,
        { decode: (_, start, end) => PURE_CODEC.decode(raw, start, end), encode: (plain) => PURE_CODEC.encode(plain) },
        { limits: { maxHeaderBytes: 60_000 } },
      );
      return count;
    };
    const shapes: [string, (n: number) => string[]][] = [
      ['headers', (n) => Array.from({ length: n / 100 }, () => 'X: y')],
      ['blanks', (n) => [`X: ${' '.repeat(n)}y`]],
      ['folds', (n) => [`X: y${'\r\n '.repeat(n / 3)}`]],
      ['blanks before the colon', (n) => [`X${' '.repeat(n)}: y`]],
      ['bare LF', (n) => [`X: ${'\n'.repeat(n)}`]],
      ['commas', (n) => [`Contact: ${','.repeat(n)}`]],
    ];
    for (const [, shape] of shapes) {
      const base = reads(incoming('INVITE'));
      const small = reads(incoming('INVITE', { extra: shape(5000) })) - base;
      const large = reads(incoming('INVITE', { extra: shape(20_000) })) - base;
      expect(large).toBeLessThan(4.4 * small + 100);
    }
  });
});

describe('values that would be cubic elsewhere finish', () => {
  test.each<[string, string]>([
    ['< and blanks', `From: <${' '.repeat(8000)}`],
    ['blanks after >', `From: <sip:a@b>${' '.repeat(8000)}x`],
    ['letters without =', `Authorization: ${'a'.repeat(8000)}`],
    ['quotes', `Contact: ${'"'.repeat(8001)}`],
    ['backslashes', `Contact: "${'\\'.repeat(8000)}`],
    ['commas', `Contact: ${','.repeat(8000)}`],
    ['many <', `Contact: ${'<'.repeat(8000)}`],
    ['semicolons', `To: <sip:a@b>${';a'.repeat(4000)}`],
  ])('%s', (_, line) => {
    const message = incoming('INVITE')
      .replace(/From: .*\r\n/, line.startsWith('From') ? '' : '$&')
      .replace(/To: .*\r\n/, line.startsWith('To') ? '' : '$&');
    const result = parseMessage(bytes(message.replace('Contact: <sip:alice@192.0.2.2:5062>', line)), codec);
    if (result.type !== 'message') return;
    const { headers } = result.message;
    void [headers.from, headers.to, headers.getAll('Contact')];
  });
});

describe('Headers', () => {
  test('set keeps the place, setAll and add the order, prepend goes first', () => {
    const headers = new Headers();
    headers.add('X-A', '1');
    headers.add('Route', '<sip:r1>');
    headers.add('X-B', '2');
    headers.add('route', '<sip:r2>, <sip:r3>');
    headers.prepend('Route', '<sip:r0>');
    headers.prepend('Via', 'SIP/2.0/UDP a');
    headers.set('x-a', 'x');
    expect([...headers.entries()].map(([name]) => name)).toEqual(['Via', 'x-a', 'Route', 'Route', 'Route', 'X-B']);
    expect(headers.removeFirst('Route')).toBe('<sip:r0>');
    headers.removeFirst('Route');
    expect(headers.removeFirst('Route')).toBe('<sip:r2>');
    expect(headers.getAll('Route')).toEqual(['<sip:r3>']);
    headers.setAll('Route', ['<sip:x>', '<sip:y>']);
    headers.set('Route', '<sip:z>');
    expect(headers.getAll('route')).toEqual(['<sip:z>']);
    headers.setAll('Route', []);
    expect(headers.has('Route')).toBe(false);
    expect(headers.removeFirst('Route')).toBeUndefined();
    headers.set('Contact', '*');
    expect(headers.contactIsWildcard).toBe(true);
    expect(headers.addresses('Contact')).toEqual([]);
  });

  test('CR, LF, NUL and wide characters are refused everywhere', () => {
    const headers = new Headers();
    for (const bad of ['a\rb', 'a\nb', 'a\0b', 'a\u010db']) {
      for (const set of [
        () => headers.set('X', bad),
        () => headers.add('X', bad),
        () => headers.prepend('X', bad),
        () => headers.setAll('X', ['ok', bad]),
      ]) {
        expect(set).toThrow(expect.objectContaining({ code: 'SIP_ERR_HEADER_INJECTION', fault: 'local' }));
      }
      expect(() => new SipResponse(200, bad)).toThrow(expect.objectContaining({ code: 'SIP_ERR_HEADER_INJECTION' }));
      expect(() => new SipRequest('INVITE', `sip:${bad}`)).toThrow(
        expect.objectContaining({ code: 'SIP_ERR_HEADER_INJECTION' }),
      );
    }
    expect(() => headers.set('a b', 'x')).toThrow(expect.objectContaining({ code: 'SIP_ERR_HEADER_NAME' }));
    expect(() => headers.set('', 'x')).toThrow(expect.objectContaining({ code: 'SIP_ERR_HEADER_NAME' }));
    expect(headers.names()).toEqual([]);
  });

  test('typed values follow a change and read as absent when malformed', () => {
    const headers = new Headers();
    expect([headers.via, headers.from, headers.to, headers.cseq, headers.maxForwards]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    headers.set('From', '<sip:a@b>;tag=1');
    expect(headers.from?.tag).toBe('1');
    expect(headers.from).toBe(headers.from);
    headers.set('From', '<sip:a@b>;tag=2');
    expect(headers.from?.tag).toBe('2');
    headers.set('From', '<sip:');
    headers.set('Max-Forwards', '300');
    expect([headers.from, headers.maxForwards]).toEqual([undefined, undefined]);
  });
});

describe('messages', () => {
  test('setters check what goes into the start line', () => {
    const message = new SipRequest('INVITE', 'sip:a@b');
    expect(() => (message.uriText = 'sip:a b')).toThrow(expect.objectContaining({ code: 'SIP_ERR_ARGUMENT' }));
    expect(() => (message.method = 'IN VITE')).toThrow(expect.objectContaining({ code: 'SIP_ERR_HEADER_NAME' }));
    expect(() => new SipRequest('', 'sip:a@b')).toThrow(expect.objectContaining({ code: 'SIP_ERR_HEADER_NAME' }));
    message.method = 'FOO';
    message.uri = parseRequest(incoming()).uri;
    expect(text(serialize(message, codec))).toBe('FOO sip:bob@192.0.2.1 SIP/2.0\r\nContent-Length: 0\r\n\r\n');
    expect(message.uri.toString()).toBe('sip:bob@192.0.2.1');
    const response = new SipResponse(200);
    for (const status of [99, 700, 200.5])
      expect(() => (response.status = status)).toThrow(expect.objectContaining({ code: 'SIP_ERR_ARGUMENT' }));
    response.status = 486;
    response.reason = 'Nope';
    expect(text(serialize(response, codec))).toBe('SIP/2.0 486 Nope\r\nContent-Length: 0\r\n\r\n');
  });

  test('a response copies what RFC 3261 §8.2.6 says', () => {
    const invite = parseRequest(
      incoming('INVITE', { extra: ['Record-Route: <sip:p;lr>', 'Timestamp: 1', 'Via: SIP/2.0/UDP second'] }),
    );
    const names = (status: number): string[] => createResponseFor(invite, status, undefined, 't').headers.names();
    expect(names(200)).toEqual(['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Record-Route']);
    expect(names(180)).toContain('Record-Route');
    expect(names(486)).not.toContain('Record-Route');
    expect(names(100)).toEqual(['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Timestamp']);
    expect(createResponseFor(invite, 200, 'Sure', 't')).toMatchObject({ reason: 'Sure' });
    expect(createResponseFor(invite, 200, undefined, 't').headers.get('To')).toBe('<sip:bob@example.com>;tag=t');
    expect(
      createResponseFor(parseRequest(incoming('INVITE', { toTag: 'has' })), 200, undefined, 't').headers.to?.tag,
    ).toBe('has');
    expect(createResponseFor(invite, 200).headers.getAll('Via')).toHaveLength(2);
    expect(
      createResponseFor(parseRequest(incoming('BYE', { extra: ['Record-Route: <sip:p;lr>'] })), 200).headers.has(
        'Record-Route',
      ),
    ).toBe(false);
  });
});

describe('StreamFramer', () => {
  const names = (framer: StreamFramer, chunk: string): string[] =>
    framer
      .push(bytes(chunk))
      .map((result) =>
        result.type === 'frame' ? text(result.bytes) : result.type === 'error' ? result.code : result.type,
      );
  const withBody = incoming('MESSAGE').replace('Content-Length: 0', 'CONTENT-LENGTH :  5 ') + 'hello';

  test('finds the same messages however the stream is cut', () => {
    const stream = `\r\n\r\n${withBody}${incoming()}\r\n${withBody.replace('CONTENT-LENGTH', 'l')}`;
    const whole = ['ping', withBody, incoming(), 'pong', withBody.replace('CONTENT-LENGTH', 'l')];
    expect(names(new StreamFramer(), stream)).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (cuts) => {
        const framer = new StreamFramer();
        const found: string[] = [];
        const edges = [...cuts, stream.length].sort((a, b) => a - b);
        let from = 0;
        for (const edge of edges) {
          found.push(...names(framer, stream.slice(from, edge)));
          from = edge;
        }
        expect(found.filter((name) => name !== 'ping' && name !== 'pong')).toEqual(
          whole.filter((name) => name !== 'ping' && name !== 'pong'),
        );
        expect(framer.pending).toBe(0);
      }),
    );
    const single = new StreamFramer();
    expect(Array.from(stream).flatMap((character) => names(single, character))).toEqual([
      'pong',
      'ping',
      ...whole.slice(1),
    ]);
  });

  test('a thousand messages in one chunk are no attack', () => {
    expect(new StreamFramer().push(bytes(incoming().repeat(1000)))).toHaveLength(1000);
  });

  test('one byte at a time is linear: no byte is looked for twice', () => {
    const framer = new StreamFramer();
    const head = `OPTIONS sip:a SIP/2.0\r\nX: ${'x'.repeat(60_000)}\r\nContent-Length: 0\r\n\r\n`;
    const frames = Array.from(head).flatMap((character) => framer.push(bytes(character)));
    expect(frames).toHaveLength(1);
  });

  test.each([
    ['no Content-Length', incoming().replace('Content-Length: 0\r\n', ''), 'SIP_ERR_CONTENT_LENGTH'],
    ['a senseless one', incoming().replace('Content-Length: 0', 'Content-Length: abc'), 'SIP_ERR_CONTENT_LENGTH'],
    ['an empty one', incoming().replace('Content-Length: 0', 'Content-Length:'), 'SIP_ERR_CONTENT_LENGTH'],
    ['ten digits', incoming().replace('Content-Length: 0', 'Content-Length: 1234567890'), 'SIP_ERR_CONTENT_LENGTH'],
    ['two that differ', incoming().replace('Content-Length: 0', 'Content-Length: 0\r\nl: 7'), 'SIP_ERR_CONTENT_LENGTH'],
  ])('%s: the head is handed on for a 400, then the stream is dead', (_, message, code) => {
    const framer = new StreamFramer();
    expect(names(framer, message + incoming())).toEqual([message, code]);
    expect(names(framer, incoming())).toEqual([]);
  });

  test('a message above the limit ends the stream, announced or not', () => {
    const announced = incoming().replace('Content-Length: 0', 'Content-Length: 70000');
    expect(names(new StreamFramer(), announced)).toEqual(['SIP_ERR_LIMIT_MESSAGE']);
    expect(names(new StreamFramer({ maxMessageBytes: 100 }), 'x'.repeat(101))).toEqual(['SIP_ERR_LIMIT_MESSAGE']);
    const framer = new StreamFramer({ maxMessageBytes: 100 });
    expect(Array.from('x'.repeat(200)).flatMap((character) => names(framer, character))).toEqual([
      'SIP_ERR_LIMIT_MESSAGE',
    ]);
  });

  test('two equal Content-Length frame alike and are refused by the parser', () => {
    const message = incoming().replace('Content-Length: 0', 'Content-Length: 0\r\nl: 0');
    expect(names(new StreamFramer(), message)).toEqual([message]);
    expect(errorOf(message, { stream: true })).toBe('SIP_ERR_HEADER_DUPLICATE');
  });

  test('lone CR and LF between messages and headers that only begin alike', () => {
    expect(
      names(
        new StreamFramer(),
        `\n\r${incoming('BYE', { extra: ['Content-Type: a/b', 'l-x: 3', 'Content-Lengths: 9'] })}`,
      ),
    ).toEqual([incoming('BYE', { extra: ['Content-Type: a/b', 'l-x: 3', 'Content-Lengths: 9'] })]);
  });
});

describe('binary text', () => {
  test('UTF-8 survives the way in and out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (original) =>
        expect(binaryToUtf8(utf8ToBinary(original))).toBe(original),
      ),
    );
    expect(utf8ToBinary('é€😀\ud800')).toBe('\u00c3\u00a9\u00e2\u0082\u00ac\u00f0\u009f\u0098\u0080\u00ef\u00bf\u00bd');
  });

  test('what is no UTF-8 becomes U+FFFD as TextDecoder does it for single bytes', () => {
    for (const bad of ['\xff', '\xc3', '\xc0\x80', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xe0\x80\x80', '\xf8']) {
      expect(binaryToUtf8(bad)).toMatch(/^\ufffd+$/);
    }
    expect(binaryToUtf8('a\xffb')).toBe('a\ufffdb');
  });

  test('the pure codec is latin1 in both directions, also beyond one chunk', () => {
    const raw = Uint8Array.from({ length: 10_000 }, (_, i) => i & 255);
    expect([...codec.encode(codec.decode(raw, 0, raw.length))]).toEqual([...raw]);
    expect([...codec.encode('a', Uint8Array.of(1, 2))]).toEqual([97, 1, 2]);
  });
});
