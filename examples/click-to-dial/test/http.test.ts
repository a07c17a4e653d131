import { describe, expect, test } from '@jest/globals';
import { callOf, peopleOf, place, startApp } from './app.ts';

describe('signing in', () => {
  test('GET / shows the login page with the three accounts, and the directory afterwards', async () => {
    await using app = await startApp();
    const browser = app.t.browser();
    const before = await browser.get('/');
    expect(before.statusCode).toBe(200);
    expect(before.headers['content-type']).toMatch(/^text\/html/);
    for (const name of ['alice', 'bob', 'carol']) expect(before.body).toContain(`password: ${name}`);
    const response = await browser.login('alice');
    expect([response.statusCode, response.headers.location]).toEqual([303, '/']);
    const after = await browser.get('/');
    expect(after.body).toContain('data-call="bob"');
    expect(after.body).toContain('data-name="alice"');
    expect(String(after.headers['content-security-policy'])).toMatch(/default-src 'self'/);
    expect(String(after.headers['content-security-policy'])).not.toContain('unsafe-inline');
    const out = await browser.post('/logout', { form: {} });
    expect([out.statusCode, out.headers.location]).toEqual([303, '/']);
    expect((await browser.get('/')).body).toContain('password: alice');
  });

  test('JSON is answered with JSON: 200 {name}, 401 {error}', async () => {
    await using app = await startApp();
    const browser = app.t.browser();
    const wrong = await browser.post('/login', { json: { name: 'alice', password: 'x' } });
    expect([wrong.statusCode, wrong.json()]).toEqual([401, { error: 'Name or password is wrong' }]);
    const unknown = await browser.post('/login', { json: { name: 'mallory', password: 'x' } });
    expect([unknown.statusCode, unknown.json()]).toEqual([401, wrong.json()]);
    const right = await browser.post('/login', { json: { name: 'alice', password: 'alice' } });
    expect([right.statusCode, right.json()]).toEqual([200, { name: 'alice' }]);
    const form = await browser.post('/login', { form: { name: 'bob', password: 'bob' }, acceptJson: true });
    expect(form.json()).toEqual({ name: 'bob' });
    const anything = { form: { name: 'bob', password: 'bob' }, headers: { accept: '*/*' } };
    const byHand = await browser.post('/login', anything);
    expect([byHand.statusCode, byHand.headers.location]).toEqual([303, '/']);
  });

  test('a wrong password on the form gives the page again, with the reason', async () => {
    await using app = await startApp();
    const response = await app.t.browser().login('alice', '<script>');
    expect(response.statusCode).toBe(401);
    expect(response.body).toContain('Name or password is wrong');
    expect(response.body).not.toContain('<script>alert');
  });

  test('changes the session id, so that a planted session is worth nothing', async () => {
    await using app = await startApp();
    const browser = app.t.browser();
    await browser.login('alice');
    const first = [...browser.cookies.values()].join();
    await browser.login('alice');
    expect([...browser.cookies.values()].join()).not.toBe(first);
  });

  test('ten wrong passwords in a minute close the door for a minute', async () => {
    await using app = await startApp();
    const browser = app.t.browser();
    const attempt = async (password: string): Promise<number> =>
      (await browser.post('/login', { json: { name: 'alice', password } })).statusCode;
    for (let count = 0; count < 10; count += 1) expect(await attempt('x')).toBe(401);
    expect(await attempt('alice')).toBe(429);
    await app.t.clock.advance('61s');
    expect(await attempt('alice')).toBe(200);
  });

  test('sign-up adds somebody who can sign in and register', async () => {
    await using app = await startApp();
    const browser = app.t.browser();
    const response = await browser.post('/signup', {
      form: { name: 'Dave', displayName: 'Dave <b>', password: 'secret' },
    });
    expect([response.statusCode, response.headers.location]).toEqual([303, '/']);
    expect((await browser.get('/')).body).toContain('Dave &lt;b&gt;');
    const phone = app.t.phone('sip:dave@example.com', { password: 'secret' });
    expect((await phone.register()).status).toBe(200);
    const again = await app.t.browser().post('/signup', { json: { name: 'dave', password: 'x' } });
    expect([again.statusCode, again.json<{ error: string }>().error]).toEqual([409, 'Somebody has that name already']);
    expect((await app.t.browser().post('/signup', { json: { name: '', password: 'x' } })).statusCode).toBe(400);
    await app.expectClean();
  });

  test('signing out ends the event streams', async () => {
    await using app = await startApp();
    const browser = await app.browser('alice');
    const events = await browser.events('/events');
    await events.next('people');
    await browser.post('/logout', { json: {} });
    await app.t.settled();
    expect(events.isClosed).toBe(true);
    expect(app.t.container.counts().openResponses).toBe(0);
  });

  test('one browser can be several people, each tab its own', async () => {
    await using app = await startApp();
    const browser = app.t.browser();
    await browser.login('alice');
    await browser.login('bob');
    expect((await browser.get('/')).body).toContain('data-name="bob"');
    expect((await browser.get('/?as=alice')).body).toContain('data-name="alice"');
    expect((await browser.get('/?as=carol')).body).toContain('password: alice');
    const out = await browser.post('/logout', { form: { as: 'bob' } });
    expect([out.statusCode, out.headers.location]).toEqual([303, '/login']);
    expect((await browser.get('/?as=bob')).body).toContain('password: alice');
    expect((await browser.get('/')).body).toContain('data-name="alice"');
  });
});

describe('without signing in', () => {
  test.each([
    ['GET', '/people'],
    ['GET', '/calls'],
    ['GET', '/calls/x'],
    ['GET', '/events'],
    ['POST', '/calls'],
    ['POST', '/phone'],
    ['DELETE', '/calls/x'],
  ])('%s %s is 401 for a program', async (method, url) => {
    await using app = await startApp();
    const response = await app.t.browser().request(method, url, { acceptJson: true });
    expect(response.statusCode).toBe(401);
    expect(response.json()).toHaveProperty('error');
  });

  test('a person is sent to the first page', async () => {
    await using app = await startApp();
    const response = await app.t.browser().get('/people');
    expect([response.statusCode, response.headers.location]).toEqual([303, '/']);
  });
});

describe('the interface', () => {
  test('GET /people is the directory', async () => {
    await using app = await startApp();
    const browser = await app.browser('alice');
    expect((await browser.get('/people', { acceptJson: true })).json()).toEqual([
      { name: 'alice', displayName: 'Alice', registered: false, phones: 0, busy: false },
      { name: 'bob', displayName: 'Bob', registered: false, phones: 0, busy: false },
      { name: 'carol', displayName: 'Carol', registered: false, phones: 0, busy: false },
    ]);
    const phone = await app.phone('bob');
    expect((await peopleOf(browser)).get('bob')).toMatchObject({ registered: true, contact: phone.contactUri });
    await app.expectClean();
  });

  test('POST /calls takes a form too, and a person is sent back to the page', async () => {
    await using app = await startApp();
    await app.phone('alice');
    await app.phone('bob');
    const browser = await app.browser('alice');
    const response = await browser.post('/calls', { form: { to: 'bob' } });
    expect([response.statusCode, response.headers.location]).toEqual([303, '/']);
    const page = (await browser.get('/')).body;
    expect(page).toMatch(/data-call-id="[^"]+"/);
    const busy = await browser.post('/calls', { form: { to: 'bob' } });
    expect(busy.statusCode).toBe(409);
    expect(busy.body).toContain('You are busy');
    const id = /data-call-id="([^"]+)"/.exec(page)?.[1] ?? '';
    const ended = await browser.post(`/calls/${id}`, { form: { action: 'hangup' } });
    expect([ended.statusCode, ended.headers.location]).toEqual([303, '/']);
    expect((await callOf(browser, id)).state).toBe('ended');
    await app.expectClean();
  });

  test('calls are shown to their two people only', async () => {
    await using app = await startApp();
    await app.phone('alice');
    await app.phone('bob');
    const { id } = await place(await app.browser('alice'), 'bob');
    const carol = await app.browser('carol');
    expect((await carol.get(`/calls/${id}`, { acceptJson: true })).statusCode).toBe(404);
    expect((await carol.delete(`/calls/${id}`)).statusCode).toBe(404);
    expect((await carol.get('/calls', { acceptJson: true })).json()).toEqual([]);
    const bob = await app.browser('bob');
    expect((await bob.get('/calls', { acceptJson: true })).json()).toHaveLength(1);
    await bob.delete(`/calls/${id}`);
    await app.expectClean();
  });

  test('GET /events begins with everything, then tells changes', async () => {
    await using app = await startApp();
    const browser = await app.browser('alice');
    const events = await browser.events('/events');
    expect(events.response.headers['content-type']).toMatch(/^text\/event-stream/);
    expect((await events.next('people')).json()).toHaveLength(3);
    await app.phone('bob');
    await app.t.settled();
    expect(events.received.findLast((each) => each.event === 'people')?.data).toContain(
      '"displayName":"Bob","registered":true',
    );
    events.close();
    await app.expectClean();
  });

  test('the phone in the page gets a password of its own, which ends with the login', async () => {
    await using app = await startApp();
    const browser = await app.browser('alice');
    const pass = (await browser.post('/phone', { json: {} })).json<{
      uri: string;
      user: string;
      password: string;
      path: string;
    }>();
    expect(pass).toMatchObject({ uri: 'sip:alice@example.com', path: '/sip' });
    expect(pass.user).toMatch(/^alice~/);
    const options = {
      authUser: pass.user,
      password: pass.password,
      transport: 'ws' as const,
      algorithms: ['MD5' as const],
    };
    const phone = app.t.phone('sip:alice@example.com', options);
    expect((await phone.register()).status).toBe(200);
    const thief = app.t.phone('sip:bob@example.com', { ...options, name: 'thief' });
    expect((await thief.register()).status).toBe(403);
    await phone.unregister();
    await browser.post('/logout', { json: {} });
    expect((await phone.register()).status).toBe(401);
  });

  test('an address that leads nowhere is 404 in the language of the asker', async () => {
    await using app = await startApp();
    const browser = app.t.browser();
    expect((await browser.get('/nowhere')).body).toContain('There is nothing at this address');
    expect((await browser.get('/nowhere', { acceptJson: true })).json()).toEqual({ error: 'Not found' });
    expect((await browser.get('/assets/../package.json')).statusCode).toBe(404);
  });

  test('the page of another site cannot place calls', async () => {
    await using app = await startApp();
    const browser = await app.browser('alice');
    const response = await browser.post('/calls', {
      form: { to: 'bob' },
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    });
    expect(response.statusCode).toBe(403);
  });

  test('the database is gone: the page says so with 503, and comes back with it', async () => {
    await using app = await startApp();
    const browser = await app.browser('alice');
    app.database.broken = true;
    expect((await browser.get('/people', { acceptJson: true })).statusCode).toBe(503);
    app.database.broken = false;
    expect((await browser.get('/people', { acceptJson: true })).statusCode).toBe(200);
  });
});
