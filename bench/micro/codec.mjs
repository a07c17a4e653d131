// Parse and serialize a 900-byte INVITE that is only forwarded (one Via added, Max-Forwards lowered). Run: npm run bench -- codec
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { parseMessage, serialize } from '@siplet/sip';

const require = createRequire(import.meta.url);
const sip = require('sip');

const BODY =
  'v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n';
const INVITE = Buffer.from(
  [
    'INVITE sip:bob@example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport',
    'Max-Forwards: 70',
    'From: "Alice" <sip:alice@example.com>;tag=1928301774',
    'To: <sip:bob@example.com>',
    'Call-ID: a84b4c76e66710@192.0.2.10',
    'CSeq: 314159 INVITE',
    'Contact: <sip:alice@192.0.2.10:5060>',
    'User-Agent: Example/1.0',
    'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE',
    'Supported: replaces, timer',
    'Content-Type: application/sdp',
    `Content-Length: ${BODY.length}`,
    '',
    BODY,
  ].join('\r\n'),
  'latin1',
);
const codec = {
  decode: (bytes, start, end) => bytes.latin1Slice(start, end),
  encode(text, body) {
    const bytes = Buffer.allocUnsafe(text.length + (body?.length ?? 0));
    bytes.latin1Write(text, 0);
    if (body) bytes.set(body, text.length);
    return bytes;
  },
};
const variants = {
  '@siplet/sip': () => {
    const { message } = parseMessage(INVITE, codec);
    message.headers.set('Max-Forwards', String(message.headers.maxForwards - 1));
    message.headers.prepend('Via', 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabcdef;rport');
    return serialize(message, codec).length;
  },
  'npm sip': () => {
    const message = sip.parse(INVITE.toString('latin1'));
    message.headers['max-forwards']--;
    message.headers.via.unshift({
      version: '2.0',
      protocol: 'UDP',
      host: '192.0.2.1',
      port: 5060,
      params: { branch: 'z9hG4bKabcdef', rport: null },
    });
    return Buffer.from(sip.stringify(message), 'latin1').length;
  },
};
const ROUNDS = 7;
const ITERATIONS = 30_000;
const results = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
let sink = 0;
for (let round = 0; round < ROUNDS + 2; round++) {
  for (const [name, work] of Object.entries(variants)) {
    globalThis.gc?.();
    const cpu = process.cpuUsage();
    for (let i = 0; i < ITERATIONS; i++) sink += work();
    const { user, system } = process.cpuUsage(cpu);
    if (round >= 2) results[name].push((user + system) / ITERATIONS);
  }
}
for (const [name, times] of Object.entries(results)) {
  times.sort((a, b) => a - b);
  process.stdout.write(
    `${name.padEnd(12)} ${times[ROUNDS >> 1].toFixed(2)} µs a message (min ${times[0].toFixed(2)}, max ${times.at(-1).toFixed(2)}), ${INVITE.length} bytes\n`,
  );
}
process.exitCode = sink > 0 ? 0 : 1;
