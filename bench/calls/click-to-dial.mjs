// CPU microseconds per click-to-dial call. Run: npm run bench -- click-to-dial [--calls 2000] [--pairs 8] [--hold 0] [--profile]
//
// The server is the example as users start it, in a child process. The phones are plain UDP sockets in this process that answer at once, so
// that what /proc says of the child is the server's cost alone: HTTP request, two INVITE transactions, ACKs, BYE, state for the page.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '2000' },
    pairs: { type: 'string', default: '8' },
    hold: { type: 'string', default: '0' },
    profile: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const CALLS = Number(options.calls);
const PAIRS = Number(options.pairs);
const OFFER =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n';
const md5 = (text) => createHash('md5').update(text).digest('hex');

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A phone that answers everything at once; `onCallEnd` runs when it has been told BYE or its own BYE was answered. */
class Phone {
  constructor(name, server) {
    this.name = name;
    this.server = server;
    this.socket = createSocket('udp4');
    this.hangsUp = false;
    this.cseq = 1;
    this.waiting = new Map();
    this.onCallEnd = () => {};
    this.socket.on('message', (bytes) => this.receive(bytes.toString('latin1')));
  }

  async open() {
    await new Promise((resolve) => this.socket.bind(0, '127.0.0.1', resolve));
    this.port = this.socket.address().port;
  }

  send(text) {
    this.socket.send(text, this.server, '127.0.0.1');
  }

  async register() {
    const challenge = await this.request(
      'REGISTER',
      'sip:example.com',
      '',
      `reg-${this.name}@bench`,
      `<sip:${this.name}@example.com>`,
    );
    const header = challenge.split('\r\n').find((line) => /^www-authenticate:/i.test(line) && !/SHA/i.test(line));
    const nonce = /nonce="([^"]+)"/.exec(header)[1];
    const realm = /realm="([^"]+)"/.exec(header)[1];
    const opaque = /opaque="([^"]+)"/.exec(header)?.[1];
    const ha1 = md5(`${this.name}:${realm}:${this.name}`);
    const response = md5(`${ha1}:${nonce}:00000001:abc:auth:${md5('REGISTER:sip:example.com')}`);
    const answer = await this.request(
      'REGISTER',
      'sip:example.com',
      `Authorization: Digest username="${this.name}",realm="${realm}",nonce="${nonce}",uri="sip:example.com",response="${response}",algorithm=MD5,qop=auth,nc=00000001,cnonce="abc"${opaque ? `,opaque="${opaque}"` : ''}\r\nExpires: 3600\r\n`,
      `reg-${this.name}@bench`,
      `<sip:${this.name}@example.com>`,
    );
    if (!answer.startsWith('SIP/2.0 200'))
      throw new Error(`${this.name} could not register: ${answer.split('\r\n')[0]}`);
  }

  request(method, uri, extra, callId, to) {
    const cseq = ++this.cseq;
    const text = `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${this.name}${cseq}\r\nMax-Forwards: 70\r\nFrom: <sip:${this.name}@example.com>;tag=${this.name}\r\nTo: ${to}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\nContact: <sip:${this.name}@127.0.0.1:${this.port}>\r\n${extra}Content-Length: 0\r\n\r\n`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name}: no answer to ${method}`)), 5000);
      this.waiting.set(cseq, (response) => (clearTimeout(timer), resolve(response)));
      this.send(text);
    });
  }

  receive(text) {
    const lines = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
    const header = (name) =>
      lines
        .find((line) => line.toLowerCase().startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    if (text.startsWith('SIP/2.0')) {
      const number = Number(header('cseq').split(' ')[0]);
      if (Number(text.slice(8, 11)) < 200) return;
      this.waiting.get(number)?.(text);
      this.waiting.delete(number);
      return;
    }
    const method = text.slice(0, text.indexOf(' '));
    const vias = lines.filter((line) => /^via:/i.test(line)).join('\r\n');
    const reply = (status, extra = '', body = '') =>
      this.send(
        `SIP/2.0 ${status}\r\n${vias}\r\nFrom: ${header('from')}\r\nTo: ${header('to')}${/;tag=/.test(header('to')) ? '' : `;tag=${this.name}`}\r\nCall-ID: ${header('call-id')}\r\nCSeq: ${header('cseq')}\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`,
      );
    if (method === 'INVITE') {
      this.invite = {
        contact: /<([^>]+)>/.exec(header('contact'))[1],
        from: header('from'),
        to: `${header('to')};tag=${this.name}`,
        callId: header('call-id'),
      };
      const contact = `Contact: <sip:${this.name}@127.0.0.1:${this.port}>\r\n`;
      reply('180 Ringing', contact);
      reply('200 OK', `${contact}Content-Type: application/sdp\r\n`, OFFER);
    } else if (method === 'ACK') {
      if (this.hangsUp) setTimeout(() => void this.bye(), Number(options.hold));
    } else if (method === 'BYE') {
      reply('200 OK');
      this.onCallEnd();
    }
  }

  async bye() {
    const { contact, from, to, callId } = this.invite;
    const cseq = ++this.cseq;
    this.send(
      `BYE ${contact} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bKb${this.name}${cseq}\r\nMax-Forwards: 70\r\nFrom: ${to}\r\nTo: ${from}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} BYE\r\nContent-Length: 0\r\n\r\n`,
    );
  }
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ
}

const http = await freePort();
const sip = await freePort();
const folder = mkdtempSync(join(tmpdir(), 'siplet-bench-'));
const bin = fileURLToPath(new URL('../../examples/click-to-dial/bin/click-to-dial.js', import.meta.url));
const child = spawn(
  process.execPath,
  [
    ...(options.profile ? ['--cpu-prof', `--cpu-prof-dir=${folder}/profile`] : []),
    bin,
    '--http',
    String(http),
    '--sip',
    String(sip),
    '--data',
    join(folder, 'data'),
  ],
  { stdio: ['ignore', 'pipe', 'pipe'] },
);
let output = '';
child.stdout.on('data', (bytes) => (output += bytes));
child.stderr.on('data', (bytes) => (output += bytes));
const base = `http://127.0.0.1:${http}`;
try {
  for (let tries = 0; ; tries++) {
    try {
      await fetch(`${base}/`);
      break;
    } catch (error) {
      if (tries > 100 || child.exitCode !== null)
        throw new Error(`the server did not start:\n${output}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const post = (path, body, cookie) =>
    fetch(base + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...(cookie ? { cookie } : {}) },
      body: JSON.stringify(body),
    });
  const pairs = [];
  for (let index = 0; index < PAIRS; index++) {
    const phones = [];
    for (const side of ['a', 'b']) {
      const name = `bench${side}${index}`;
      await post('/signup', { name, password: name });
      const phone = new Phone(name, sip);
      await phone.open();
      await phone.register();
      phones.push(phone);
    }
    const login = await post('/login', { name: phones[0].name, password: phones[0].name });
    const cookie = login.headers
      .getSetCookie()
      .map((value) => value.split(';')[0])
      .join('; ');
    pairs.push({ phones, cookie });
  }
  let placed = 0;
  let failed = 0;
  const worker = async ({ phones, cookie }, total) => {
    phones[1].hangsUp = true;
    while (placed < total) {
      placed++;
      const ended = new Promise((resolve) => (phones[0].onCallEnd = resolve));
      let answer = await post('/calls', { to: phones[1].name }, cookie);
      for (let tries = 0; answer.status === 409 && tries < 50; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 2)); // the last BYE's answer is still on its way
        answer = await post('/calls', { to: phones[1].name }, cookie);
      }
      if (answer.status !== 202) {
        failed++;
        continue;
      }
      await answer.arrayBuffer();
      await ended;
    }
  };
  const run = async (total) => {
    placed = 0;
    failed = 0;
    const cpu = cpuSeconds(child.pid);
    const start = performance.now();
    await Promise.all(pairs.map((pair) => worker(pair, total)));
    const seconds = (performance.now() - start) / 1000;
    return { cpu: cpuSeconds(child.pid) - cpu, seconds };
  };
  await run(Math.min(500, CALLS)); // warm up the compiler
  const { cpu, seconds } = await run(CALLS);
  process.stdout.write(
    `${CALLS} calls, ${PAIRS} at a time: ${Math.round((cpu / CALLS) * 1e6)} CPU µs a call, ${Math.round(CALLS / seconds)} calls/s, ${failed} failed\n`,
  );
  for (const { phones } of pairs) for (const phone of phones) phone.socket.close();
  const stopping = performance.now();
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  process.stdout.write(`stopped in ${Math.round(performance.now() - stopping)} ms, with every phone registered\n`);
  if (options.profile) printProfile(join(folder, 'profile'));
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

/** Self time by file, the biggest first. */
function printProfile(directory) {
  const profile = JSON.parse(readFileSync(join(directory, readdirSync(directory)[0]), 'utf8'));
  const self = new Map();
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  profile.samples.forEach((id, index) => {
    const { functionName, url } = byId.get(id).callFrame;
    const place =
      functionName === '(idle)'
        ? ''
        : url
            .replace(/^.*\/(packages|examples|node_modules)\//, '$1/')
            .split('/')
            .slice(0, url.includes('node_modules') ? 3 : 4)
            .join('/') || functionName;
    if (place) self.set(place, (self.get(place) ?? 0) + profile.timeDeltas[index]);
  });
  const total = [...self.values()].reduce((a, b) => a + b, 0);
  for (const [place, time] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 25))
    process.stdout.write(`${((100 * time) / total).toFixed(1).padStart(5)} %  ${place}\n`);
}
