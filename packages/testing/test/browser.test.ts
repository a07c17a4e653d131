import { describe, expect, test } from '@jest/globals';
import { Browser, VirtualClock } from '@siplet/testing';
import { fastify } from 'fastify';
import type { FastifyRequest } from 'fastify';

/** A server of a few routes: what it was asked, cookies, and a stream. */
function site() {
  const clock = new VirtualClock();
  const app = fastify();
  const asked: FastifyRequest['headers'][] = [];
  let left = 0;
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.addHook('onRequest', async (request) => void asked.push(request.headers));
  app.get('/', async (request) => ({ cookie: request.headers.cookie ?? '' }));
  app.post('/login', async (request, reply) => {
    void reply.header('set-cookie', ['id=abc; Path=/; HttpOnly; SameSite=Lax', 'theme=dark']);
    return reply.code(303).header('location', '/').send(JSON.stringify(request.body));
  });
  app.post('/logout', async (_request, reply) => reply.header('set-cookie', 'id=; Max-Age=0').send('bye'));
  app.get('/events', (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.on('close', () => (left += 1));
    raw.writeHead(200, { 'content-type': 'text/event-stream' });
    raw.write(
      `retry: 3000\n\n: comment\n\nevent: hello\ndata: ${String(request.headers['last-event-id'] ?? 'new')}\n\n`,
    );
    clock.setTimer(5000, () => raw.write('id: 7\nevent: call\ndata: {"state":\ndata: "ringing"}\n\n'));
    clock.setTimer(9000, () => raw.write('data: plain\n\n'));
  });
  const browser = (): Browser => new Browser(async (request) => app.inject(request), clock);
  return { clock, asked, browser, left: () => left };
}

describe('a browser without a screen', () => {
  test('keeps cookies, and forgets those that the server takes back', async () => {
    const { browser } = site();
    const one = browser();
    const login = await one.login('alice', 'secret');
    expect([login.statusCode, login.json()]).toEqual([303, { name: 'alice', password: 'secret' }]);
    expect((await one.get('/')).json()).toEqual({ cookie: 'id=abc; theme=dark' });
    await one.post('/logout');
    expect((await one.get('/')).json()).toEqual({ cookie: 'theme=dark' });
    expect((await browser().get('/')).json()).toEqual({ cookie: '' });
  });

  test('sends what a page of the same origin sends', async () => {
    const { browser, asked } = site();
    await browser().post('/login', { json: { name: 'a' } });
    await browser().get('/', { acceptJson: true });
    await browser().get('/');
    await browser().delete('/');
    expect(asked[2]?.accept).toContain('text/html');
    expect(asked[3]?.accept).toBe('*/*');
    expect(asked[0]).toMatchObject({
      host: 'siplet.test',
      origin: 'http://siplet.test',
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
      accept: 'application/json',
    });
    expect(asked[1]).toMatchObject({ host: 'siplet.test', accept: 'application/json' });
    expect(asked[1]).not.toHaveProperty('origin');
  });

  test('reads server-sent events as they come, in virtual time', async () => {
    const { browser, clock, left } = site();
    const events = await browser().events('/events', { lastEventId: '6' });
    expect(await events.next()).toMatchObject({ event: 'hello', data: '6', at: 0 });
    const call = await events.next('call');
    expect([call.at, call.id, call.json()]).toEqual([5000, '7', { state: 'ringing' }]);
    expect(await events.next()).toMatchObject({ event: 'message', data: 'plain', at: 9000 });
    await expect(events.next('more')).rejects.toMatchObject({ code: 'TST_ERR_STALLED' });
    events.close();
    await clock.settle();
    expect([events.isClosed, left()]).toEqual([true, 1]);
  });
});
