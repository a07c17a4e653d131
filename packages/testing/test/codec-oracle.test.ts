import { describe, expect, test } from '@jest/globals';
import { parseMessage, serialize } from '@siplet/sip';
import type { SipMessage } from '@siplet/sip';
import { NODE_CODEC } from '@siplet/transport';
import fc from 'fast-check';
import sip from 'sip';

// npm `sip` was written by other people from the same RFC: where the two agree, both are probably right.
// Left out, because npm `sip` 0.0.6 is known to read them wrongly: IPv6, tel URIs, escaped methods, compact forms other
// than i m l c f s k t v, parameter values outside the token set, `Contact: *`, and numbers beyond 2^53.

interface Read {
  readonly method: string | undefined;
  readonly uri: string | undefined;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly callId: string | undefined;
  readonly from: readonly (string | undefined)[];
  readonly to: readonly (string | undefined)[];
  readonly cseq: readonly (number | string | undefined)[];
  readonly vias: readonly (readonly (string | number | undefined)[])[];
  readonly contacts: readonly string[];
  readonly body: string;
}

function readOurs(bytes: Uint8Array): Read {
  const result = parseMessage(bytes, NODE_CODEC);
  if (result.type !== 'message') throw new Error(`not read: ${JSON.stringify(result)}`);
  const { message } = result;
  const { headers } = message;
  const { from, to, cseq } = headers;
  return {
    method: message.kind === 'request' ? message.method : undefined,
    uri: message.kind === 'request' ? message.uriText : undefined,
    status: message.kind === 'response' ? message.status : undefined,
    reason: message.kind === 'response' ? message.reason : undefined,
    callId: headers.callId,
    from: [from?.uri.toString(), from?.tag],
    to: [to?.uri.toString(), to?.tag],
    cseq: [cseq?.number, cseq?.method],
    vias: vias(message),
    contacts: headers.addresses('Contact').map((contact) => contact.uri.toString()),
    body: Buffer.from(message.body).toString('latin1'),
  };
}

function vias(message: SipMessage): (string | number | undefined)[][] {
  const copy = message.clone();
  const found: (string | number | undefined)[][] = [];
  for (let via = copy.headers.via; via !== undefined; via = copy.headers.via) {
    found.push([via.protocol, via.host, via.port, via.branch, via.params.has('rport') ? 'rport' : undefined]);
    copy.headers.removeFirst('Via');
  }
  return found;
}

interface NpmAddress {
  uri: string;
  params: Record<string, string | null>;
}

interface NpmMessage {
  method?: string;
  uri?: string;
  status?: number;
  reason?: string;
  content?: string;
  headers: {
    'call-id': string;
    from: NpmAddress;
    to: NpmAddress;
    cseq: { seq: number; method: string };
    via: { protocol: string; host: string; port?: number; params: Record<string, string | null> }[];
    contact?: NpmAddress[];
  };
}

function readTheirs(text: string): Read {
  const message = sip.parse(text) as NpmMessage;
  const { from, to, cseq, via, contact } = message.headers;
  return {
    method: message.method,
    uri: message.uri,
    status: message.status,
    reason: message.reason,
    callId: message.headers['call-id'],
    from: [from.uri, from.params['tag'] ?? undefined],
    to: [to.uri, to.params['tag'] ?? undefined],
    cseq: [cseq.seq, cseq.method],
    vias: via.map((one) => [
      one.protocol,
      one.host,
      one.port,
      one.params['branch'] ?? undefined,
      'rport' in one.params ? 'rport' : undefined,
    ]),
    contacts: (contact ?? []).map((one) => one.uri),
    body: message.content ?? '',
  };
}

const chars = (alphabet: string, min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), minLength: min, maxLength: max });
const alphanumeric = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const token = chars(`${alphanumeric}-.!*_+`, 1, 12);
const word = chars(alphanumeric, 1, 8);
const host = fc.oneof(
  fc.tuple(word, word).map(([a, b]) => `${a}x.${b}.example`.toLowerCase()),
  fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.0.${a}.${b}`),
);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const hostPort = fc.tuple(host, port).map(([name, number]) => (number === undefined ? name : `${name}:${number}`));
const uriParams = fc.array(
  fc.oneof(
    fc.constant(';lr'),
    fc.constantFrom(';transport=udp', ';transport=tcp'),
    word.map((value) => `;x${value}=${value}`),
  ),
  { maxLength: 2 },
);
const uri = fc
  .tuple(
    fc.constantFrom('sip', 'sips'),
    fc.option(chars(`${alphanumeric}-_.!~*'&=+$,`, 1, 10), { nil: undefined }),
    hostPort,
    uriParams,
  )
  .map(
    ([scheme, user, where, params]) =>
      `${scheme}:${user === undefined ? '' : `${user}@`}${where}${[...new Set(params)].slice(0, 1).join('')}`,
  );
const displayName = fc.oneof(
  fc.constant(''),
  fc.array(token, { minLength: 1, maxLength: 3 }).map((words) => `${words.join(' ')} `),
  chars(`${alphanumeric} ,;<>:@`, 0, 12).map((text) => `"${text}" `),
  fc.constant(String.raw`"back\\slash \"quoted\"" `),
);
const nameAddr = fc.tuple(displayName, uri).map(([name, address]) => `${name}<${address}>`);
const tagged = fc
  .tuple(nameAddr, token, fc.boolean())
  .map(([address, tag, spaced]) => `${address}${spaced ? ' ; tag = ' : ';tag='}${tag}`);
const via = fc
  .tuple(fc.constantFrom('UDP', 'TCP', 'WS', 'TLS'), hostPort, token, fc.boolean(), fc.boolean())
  .map(([protocol, where, branch, rport, spaced]) => {
    const slash = spaced ? ' / ' : '/';
    return `SIP${slash}2.0${slash}${protocol} ${where};branch=z9hG4bK${branch}${rport ? ';rport' : ''}`;
  });
const method = fc.constantFrom('INVITE', 'ACK', 'BYE', 'CANCEL', 'REGISTER', 'OPTIONS', 'MESSAGE', 'FROBNICATE');
const body = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const extra = fc.uniqueArray(
  fc.oneof(
    fc.constant('Max-Forwards: 70'),
    word.map((text) => `X-Note-${text}: some ${text}, more; and "quotes"`),
    fc.constant('Subject: folded\r\n  over two lines'),
    fc.constant('Supported: timer,path'),
  ),
  { maxLength: 4, selector: (row) => row.split(':')[0] },
);

const headerText = fc
  .record({
    vias: fc.array(via, { minLength: 1, maxLength: 3 }),
    joined: fc.boolean(),
    from: tagged,
    to: fc.oneof(nameAddr, tagged),
    callId: fc.tuple(word, host).map(([id, where]) => `${id}@${where}`),
    seq: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    contacts: fc.array(nameAddr, { maxLength: 2 }),
    extra,
    compact: fc.boolean(),
    order: fc.integer({ min: 0, max: 5 }),
  })
  .map((parts) => ({ ...parts, rows: rowsOf(parts) }));

function rowsOf(parts: {
  vias: string[];
  joined: boolean;
  from: string;
  to: string;
  callId: string;
  contacts: string[];
  extra: string[];
  compact: boolean;
  order: number;
}): string[] {
  const name = (long: string, short: string): string => (parts.compact ? short : long);
  const viaRows = parts.joined ? [parts.vias.join(', ')] : parts.vias;
  const rows = [
    ...viaRows.map((value) => `${name('Via', 'v')}: ${value}`),
    `${name('From', 'f')}: ${parts.from}`,
    `${name('To', 't')}:${parts.to}`,
    `${name('Call-ID', 'i')} : ${parts.callId}`,
    ...parts.contacts.map((value) => `${name('Contact', 'm')}: ${value}`),
    ...parts.extra,
  ];
  return [...rows.slice(parts.order), ...rows.slice(0, parts.order)].sort(
    (a, b) => Number(/^(?:Via|v):/.test(b)) - Number(/^(?:Via|v):/.test(a)),
  );
}

const request = fc
  .tuple(method, uri, headerText, body)
  .map(([name, target, { rows, seq }, content]) =>
    [
      `${name} ${target} SIP/2.0`,
      ...rows,
      `CSeq: ${seq} ${name}`,
      `Content-Length: ${content.length}`,
      '',
      content,
    ].join('\r\n'),
  );
const response = fc
  .tuple(fc.integer({ min: 100, max: 699 }), chars(`${alphanumeric} '`, 1, 20), method, headerText, body)
  .map(([status, reason, name, { rows, seq }, content]) =>
    [`SIP/2.0 ${status} R${reason.trim()}`, ...rows, `CSeq: ${seq} ${name}`, `l: ${content.length}`, '', content].join(
      '\r\n',
    ),
  );

describe('our codec and npm sip', () => {
  test('read the same out of 1,000 generated requests', () => {
    fc.assert(
      fc.property(request, (text) => {
        expect(readOurs(Buffer.from(text, 'latin1'))).toEqual(readTheirs(text));
      }),
      { numRuns: 1000, seed: 20_261_121 },
    );
  });

  test('read the same out of 1,000 generated responses', () => {
    fc.assert(
      fc.property(response, (text) => {
        expect(readOurs(Buffer.from(text, 'latin1'))).toEqual(readTheirs(text));
      }),
      { numRuns: 1000, seed: 20_261_122 },
    );
  });

  test('npm sip reads what we print: 500 messages through our parser and serializer', () => {
    fc.assert(
      fc.property(fc.oneof(request, response), fc.boolean(), (text, compact) => {
        const result = parseMessage(Buffer.from(text, 'latin1'), NODE_CODEC);
        if (result.type !== 'message') throw new Error(`not read: ${result.type}`);
        const printed = Buffer.from(serialize(result.message, NODE_CODEC, { compact })).toString('latin1');
        expect(readTheirs(printed)).toEqual(readTheirs(text));
      }),
      { numRuns: 500, seed: 20_261_123 },
    );
  });

  test('we read what npm sip prints: 500 messages through its parser and stringifier', () => {
    fc.assert(
      fc.property(fc.oneof(request, response), (text) => {
        const printed = sip.stringify(sip.parse(text) as object);
        expect(readOurs(Buffer.from(printed, 'latin1'))).toEqual(readTheirs(text));
      }),
      { numRuns: 500, seed: 20_261_124 },
    );
  });
});
