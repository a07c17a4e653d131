// Measures what decision 001 says about the npm package `sip`. Run: node bench/micro/npm-sip-limits.mjs
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

const request = (extra, from = '<sip:a@example.com>;tag=1') =>
  [
    'OPTIONS sip:b@example.com SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1${extra}`,
    `From: ${from}`,
    'To: <sip:b@example.com>',
    'Call-ID: 1@x',
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

/** One datagram to a `sip` server in a child process; prints how the child ended. */
function victim(via) {
  const source = `
    const sip = require('sip'); const dgram = require('node:dgram');
    const probe = dgram.createSocket('udp4');
    probe.bind(0, '127.0.0.1', () => {
      const port = probe.address().port;
      probe.close(() => {
        sip.start({ address: '127.0.0.1', port, tcp: false, udp: true }, () => {});
        const c = dgram.createSocket('udp4');
        c.send(${JSON.stringify(request(via))}, port, '127.0.0.1');
        setTimeout(() => { console.log('alive'); process.exit(0); }, 500);
      });
    });`;
  const child = spawnSync(process.execPath, ['-e', source], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  return child.status === 0
    ? 'alive'
    : `ended, exit ${child.status}: ${(child.stderr.match(/\w*Error: .*/) ?? ['?'])[0]}`;
}

const sip = require('sip');
const rows = [];
rows.push(['one datagram, plain Via', victim('')]);
rows.push(['one datagram, Via parameter __proto__', victim(';__proto__')]);
for (const spaces of [250, 500, 1000, 2000]) {
  const text = request('', `<${' '.repeat(spaces)}`);
  const start = performance.now();
  sip.parse(text);
  rows.push([
    `parse, From "<" and ${spaces} spaces (${text.length} bytes)`,
    `${(performance.now() - start).toFixed(0)} ms`,
  ]);
}
for (const [name, uri] of [
  ['IPv6 reference', 'sip:[2001:db8::1]:5060'],
  ['tel URI', 'tel:+15551234'],
  ['capital scheme', 'SIP:b@example.com'],
])
  rows.push([`parseUri, ${name}`, String(sip.parseUri(uri)?.host ?? sip.parseUri(uri)?.user ?? sip.parseUri(uri))]);
rows.push(['method RE%47IST%45R parses as', sip.parse(request('').replaceAll('OPTIONS', 'RE%47IST%45R')).method]);
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
