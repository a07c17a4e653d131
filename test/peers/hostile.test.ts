import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, freePort } from './app.ts';
import { Child, pause, until } from './child.ts';
import { describePeers } from './describe-peers.ts';
import { peerPath } from './peer.ts';

const WELL = 5_000;

/** A well-made OPTIONS request, to be spoilt by the tests. */
function options(port: number, extra = '', body = ''): string {
  return [
    'OPTIONS sip:example.com SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${Math.random().toString(36).slice(2)};rport`,
    'Max-Forwards: 70',
    'From: <sip:tester@example.com>;tag=1',
    'To: <sip:example.com>',
    `Call-ID: ${Math.random().toString(36).slice(2)}@127.0.0.1`,
    'CSeq: 1 OPTIONS',
    ...(extra === '' ? [] : [extra]),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

describe('malformed input over real sockets', () => {
  let app: App;
  let udp: Datagrams;
  const answers: string[] = [];

  beforeAll(async () => {
    app = await App.start();
    udp = createSocket('udp4');
    udp.on('message', (message) => void answers.push(message.toString('latin1')));
    udp.bind(0, '127.0.0.1');
    await once(udp, 'listening');
  }, 30_000);
  afterAll(async () => {
    udp?.close();
    await app?.stop();
  }, 30_000);

  const send = (data: string | Uint8Array): void => udp.send(data, app.sipPort, '127.0.0.1');
  const port = (): number => udp.address().port;

  async function answersWell(): Promise<void> {
    answers.length = 0;
    send(options(port()));
    await until('an answer to a good OPTIONS', () => answers.some((text) => text.startsWith('SIP/2.0 200')), WELL);
    expect(app.child.exitCode).toBeUndefined();
    expect((await fetch(`${app.http}/`)).status).toBe(200);
  }

  test('ten thousand datagrams of noise', async () => {
    for (let i = 0; i < 10_000; i++) {
      const noise = new Uint8Array(1 + Math.floor(Math.random() * 1_400));
      crypto.getRandomValues(noise);
      send(noise);
      if (i % 200 === 0) await pause(1);
    }
    await answersWell();
  }, 60_000);

  test('a good request with any one byte changed, and cut at any place', async () => {
    const good = Buffer.from(options(port()), 'latin1');
    for (let i = 0; i < good.length; i++) {
      const bad = Buffer.from(good);
      bad[i] = Math.floor(Math.random() * 256);
      send(bad);
      send(good.subarray(0, i));
      if (i % 50 === 0) await pause(1);
    }
    await answersWell();
  }, 60_000);

  test('what can be answered is answered 400 (RFC 3261 §8.2 and §16.3)', async () => {
    answers.length = 0;
    send(options(port()).replace('CSeq: 1 OPTIONS', 'CSeq: one OPTIONS'));
    await until('a 400', () => answers.some((text) => text.startsWith('SIP/2.0 400')), WELL);
  });

  test.each([
    ['a datagram of 65 507 bytes', () => options(0, `Subject: ${'x'.repeat(60_000)}`)],
    ['ten thousand headers', () => options(0, Array.from({ length: 5_000 }, () => 'X: y').join('\r\n'))],
    ['a body shorter than its Content-Length', () => options(0).replace('Content-Length: 0', 'Content-Length: 500')],
    ['a negative Content-Length', () => options(0).replace('Content-Length: 0', 'Content-Length: -1')],
    ['a CSeq above 2^31', () => options(0).replace('CSeq: 1 ', 'CSeq: 99999999999 ')],
    ['headers named like object keys', () => options(0, '__proto__: x\r\nconstructor: y\r\ntoString: z')],
    ['an INVITE to oneself with a bad Contact', () => options(0, 'Contact: <sip:@@@>').replaceAll('OPTIONS', 'INVITE')],
    [
      'a response that belongs to nothing',
      () => options(0).replace('OPTIONS sip:example.com SIP/2.0', 'SIP/2.0 200 OK'),
    ],
    ['an INVITE with nine hundred unclosed quotes', () => options(0, `Contact: ${'"'.repeat(901)}`)],
    ['deeply nested comments', () => options(0, `User-Agent: ${'('.repeat(4_000)}`)],
  ])('%s does no harm', async (_, make) => {
    for (let i = 0; i < 20; i++) send(make());
    await pause(50);
    await answersWell();
  });

  test('TCP: noise, a header without end, and a wrong Content-Length close that connection and no other', async () => {
    const good = connect(app.sipPort, '127.0.0.1');
    await once(good, 'connect');
    const bad = [
      Buffer.from(Array.from({ length: 2_000 }, () => Math.floor(Math.random() * 256))),
      Buffer.from(`OPTIONS sip:example.com SIP/2.0\r\nSubject: ${'x'.repeat(2_000_000)}`),
      Buffer.from(options(0).replace('Content-Length: 0', 'Content-Length: 99999999999')),
      Buffer.from(options(0).replace('Content-Length: 0', 'Content-Length: nothing')),
    ];
    for (const bytes of bad) {
      const socket = connect(app.sipPort, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(bytes);
      socket.resume();
      await Promise.race([new Promise((resolve) => socket.once('close', resolve)), pause(1_500)]);
      socket.destroy();
    }
    let heard = '';
    good.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    good.write(options(port()).replace('SIP/2.0/UDP', 'SIP/2.0/TCP'));
    await until('an answer over TCP', () => heard.startsWith('SIP/2.0 200'), WELL);
    good.destroy();
    await answersWell();
  }, 30_000);

  test('TCP: a request that comes byte by byte is answered, and fifty slow ones do not keep others waiting', async () => {
    const slow = Array.from({ length: 50 }, () => connect(app.sipPort, '127.0.0.1'));
    for (const socket of slow) {
      socket.on('error', () => undefined);
      socket.write('O');
    }
    const socket = connect(app.sipPort, '127.0.0.1');
    socket.setNoDelay(true);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    for (const byte of options(port()).replace('SIP/2.0/UDP', 'SIP/2.0/TCP')) {
      socket.write(byte);
      await pause(1);
    }
    await until('an answer to the slow request', () => heard.startsWith('SIP/2.0 200'), WELL);
    await answersWell();
    socket.destroy();
    for (const each of slow) each.destroy();
  }, 30_000);

  test('WebSocket: the wrong subprotocol is refused, noise and huge frames do no harm (RFC 7118 §4)', async () => {
    const url = `ws://127.0.0.1:${app.httpPort}/sip`;
    const wrong = new WebSocket(url, 'chat');
    await new Promise((resolve) => {
      wrong.addEventListener('error', resolve);
      wrong.addEventListener('close', resolve);
    });
    expect(wrong.readyState).not.toBe(WebSocket.OPEN);
    for (const frame of ['nonsense\r\n\r\n', 'x'.repeat(1_000_000), options(0, 'Via: a')]) {
      const socket = new WebSocket(url, 'sip');
      await new Promise((resolve) => {
        socket.addEventListener('open', resolve);
        socket.addEventListener('error', resolve);
      });
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
      await pause(100);
      socket.close();
    }
    await answersWell();
  }, 30_000);

  test('HTTP: bad JSON, a huge body and an unknown path get a clear status', async () => {
    const post = (body: string, type = 'application/json'): Promise<Response> =>
      fetch(`${app.http}/login`, {
        method: 'POST',
        headers: { 'content-type': type, accept: 'application/json' },
        body,
      });
    expect((await post('{"name":')).status).toBe(400);
    expect((await post(`{"name":"${'x'.repeat(3_000_000)}"}`)).status).toBe(413);
    expect((await post('{"name":["alice"],"password":{}}')).status).toBeLessThan(500);
    expect((await fetch(`${app.http}/no-such-thing`)).status).toBe(404);
    await answersWell();
  }, 30_000);

  test('none of it was an error of the server', () => {
    expect(app.errors).toEqual([]);
  });
});

describe('mistakes when starting', () => {
  test('a port in use: one clear message and exit code 1', async () => {
    await using app = await App.start({ probe: false });
    const args = ['--http', String(await freePort()), '--sip', String(app.sipPort), '--host', '127.0.0.1'];
    await using second = App.spawn([...args, '--data', app.data]);
    await second.finished(15_000, 1);
    expect(second.text).toMatch(/in use/i);
    expect(second.text).toContain(String(app.sipPort));
    expect(second.text).not.toMatch(/\n\s+at /);
  }, 30_000);

  test('a data folder that cannot be written: one clear message and exit code 1', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siplet-data-'));
    // Nobody, not even root, can make a folder below a file.
    const data = join(folder, 'file', 'data');
    await writeFile(join(folder, 'file'), '');
    const args = ['--http', String(await freePort()), '--sip', String(await freePort()), '--host', '127.0.0.1'];
    await using child = App.spawn([...args, '--data', data]);
    await child.finished(15_000, 1);
    expect(child.text).toContain(data);
    expect(child.text).not.toMatch(/\n\s+at /);
    await rm(folder, { recursive: true });
  }, 30_000);
});

describe('a mistake in the application router file', () => {
  test('one clear message with file and line, and exit code 1', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siplet-dar-'));
    const file = join(folder, 'wrong.properties');
    await writeFile(file, '# first\nREGISTER: ("ClickToDial" "DAR:From"\n');
    const args = ['--http', String(await freePort()), '--sip', String(await freePort()), '--host', '127.0.0.1'];
    await using child = App.spawn([...args, '--data', join(folder, 'data'), '--dar', file]);
    await child.finished(15_000, 1);
    expect(child.text).toMatch(/wrong\.properties:2\b/);
    expect(child.text).not.toMatch(/\n\s+at /);
    await rm(folder, { recursive: true });
  }, 30_000);
});

describePeers('sipsak', ['sipsak'], () => {
  test('OPTIONS over UDP and TCP is answered 200', async () => {
    await using app = await App.start({ probe: false });
    for (const transport of ['udp', 'tcp']) {
      const uri = `sip:127.0.0.1:${app.sipPort}`;
      await using child = new Child('sipsak', peerPath('sipsak'), ['-E', transport, '-s', uri, '-v']);
      await child.finished(10_000);
    }
  }, 30_000);
});
