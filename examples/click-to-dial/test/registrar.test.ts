import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Phone, WireResponse } from '@siplet/testing';
import { type App, callOf, peopleOf, place, startApp } from './app.ts';

/** A REGISTER of Alice's phone with other headers than the usual ones. */
async function register(
  phone: Phone,
  headers: Record<string, unknown>,
  aor = 'sip:alice@example.com',
): Promise<WireResponse> {
  return phone.sendRequest('REGISTER', aor, { headers });
}

async function contactsOf(app: App, name = 'alice'): Promise<string[]> {
  return (await app.parts.model.getBindings(`${name}@example.com`)).map((each) => each.contact);
}

const unregistered = (app: App, name: string): Phone => app.t.phone(`sip:${name}@example.com`, { password: name });

describe('registering', () => {
  test.each(['udp', 'tcp', 'ws'] as const)(
    'over %s answers a challenge, lists the contact with its seconds, and shows on the page',
    async (transport) => {
      await using app = await startApp();
      const phone = app.t.phone('sip:alice@example.com', { password: 'alice', transport });
      const result = await phone.register({ expiresSeconds: 600 });
      expect(result.status).toBe(200);
      expect(result.contacts).toEqual([`<${phone.contactUri}>;expires=600`]);
      expect(phone.heard[0]?.text).toMatch(/^SIP\/2\.0 401 /);
      const browser = await app.browser('bob');
      expect((await peopleOf(browser)).get('alice')).toMatchObject({ registered: true, contact: phone.contactUri });
      expect(result.response?.headers['contact']).toBeDefined();
      await app.expectClean();
    },
  );

  test('a phone that knows only MD5 is served, also one that looks at the first challenge only', async () => {
    await using app = await startApp();
    const phone = app.t.phone('sip:alice@example.com', { password: 'alice', algorithms: ['MD5'] });
    expect((await phone.register()).status).toBe(200);
    await app.expectClean();
  });

  test('a wrong password, an unknown user and a user without password look the same', async () => {
    await using app = await startApp();
    const shape = async (aor: string, password: string): Promise<string> => {
      const phone = app.t.phone(aor, { password });
      expect((await phone.register()).status).toBe(401);
      const texts = phone.heard.map((each) => each.text);
      return texts
        .map((text) =>
          text.replaceAll(/nonce="[^"]*"|tag=[^;\r\n]+|branch=[^;\r\n]+|received=[^;\r\n]+|rport=\d+/g, '…'),
        )
        .map((text) => text.replaceAll(/(From|To|Call-ID|Via):.*\r\n/gi, ''))
        .join('\n');
    };
    expect(await shape('sip:alice@example.com', 'wrong')).toBe(await shape('sip:mallory@example.com', 'wrong'));
  });

  test('another one’s address is refused (403), whether it exists or not', async () => {
    await using app = await startApp();
    const alice = unregistered(app, 'alice');
    const contact = { contact: `<${alice.contactUri}>`, expires: '600' };
    expect((await register(alice, contact, 'sip:bob@example.com')).status).toBe(403);
    expect((await register(alice, contact, 'sip:mallory@example.com')).status).toBe(403);
    expect(await contactsOf(app, 'bob')).toEqual([]);
    await app.expectClean();
  });

  test('another domain is not found (404); this server’s own address and port stand for the domain', async () => {
    await using app = await startApp();
    const alice = unregistered(app, 'alice');
    const contact = { contact: `<${alice.contactUri}>`, expires: '600' };
    expect((await register(alice, contact, 'sip:alice@elsewhere.example')).status).toBe(404);
    expect((await register(alice, contact, 'sip:alice@10.0.0.1:5099')).status).toBe(404);
    expect((await register(alice, contact, 'sip:alice@10.0.0.1:5060')).status).toBe(200);
    await register(alice, { contact: '*', expires: '0' });
    await app.expectClean();
  });

  test.each([
    ['59', 423],
    ['60', 200],
    ['1', 423],
    ['soon', 200],
  ])('asking for %s seconds is answered %i (RFC 3261 §10.3)', async (expires, status) => {
    await using app = await startApp();
    const alice = unregistered(app, 'alice');
    const answer = await register(alice, { contact: `<${alice.contactUri}>;expires=${expires}` });
    expect(answer.status).toBe(status);
    if (status === 423) expect(String(answer.headers['min-expires'])).toBe('60');
    await register(alice, { contact: '*', expires: '0' });
    await app.expectClean();
  });

  test('more than an hour is cut to an hour; a parameter of the contact wins over the header', async () => {
    await using app = await startApp();
    const alice = unregistered(app, 'alice');
    expect((await alice.register({ expiresSeconds: 100_000 })).contacts).toEqual([
      `<${alice.contactUri}>;expires=3600`,
    ]);
    await register(alice, { contact: '<sip:alice@10.0.0.50>;expires=120', expires: '900' });
    const [binding] = await app.parts.model.getBindings('alice@example.com');
    expect(binding?.contact).toBe('sip:alice@10.0.0.50');
    const left = (binding?.expiresAt.getTime() ?? 0) - app.parts.model.now();
    expect(left).toBeGreaterThan(119_000);
    expect(left).toBeLessThanOrEqual(120_000);
    await register(alice, { contact: '*', expires: '0' });
    await app.expectClean();
  });

  test('several contacts are kept, queried without Contact, and removed one by one or with *', async () => {
    await using app = await startApp();
    const alice = unregistered(app, 'alice');
    await register(alice, { contact: '<sip:a@10.0.0.50>, <sip:b@10.0.0.50>', expires: '600' });
    expect(new Set(await contactsOf(app))).toEqual(new Set(['sip:a@10.0.0.50', 'sip:b@10.0.0.50']));
    const query = await register(alice, {});
    expect(query.status).toBe(200);
    await register(alice, { contact: '<sip:a@10.0.0.50>;expires=0' });
    expect(await contactsOf(app)).toEqual(['sip:b@10.0.0.50']);
    expect((await register(alice, { contact: '*', expires: '5' })).status).toBe(400);
    expect((await register(alice, { contact: '*', expires: '0' })).status).toBe(200);
    expect(await contactsOf(app)).toEqual([]);
    await app.expectClean();
  });

  test('the eleventh contact is refused, and the ten stay', async () => {
    await using app = await startApp();
    const alice = unregistered(app, 'alice');
    const ten = Array.from({ length: 10 }, (_, index) => `<sip:a${index}@10.0.0.50>`).join(', ');
    expect((await register(alice, { contact: ten, expires: '600' })).status).toBe(200);
    expect((await register(alice, { contact: '<sip:b@10.0.0.50>', expires: '600' })).status).toBe(403);
    expect(await contactsOf(app)).toHaveLength(10);
    await register(alice, { contact: '*', expires: '0' });
    await app.expectClean();
  });

  test('a contact that is this server itself is refused, because calls to it would run in a circle', async () => {
    await using app = await startApp();
    const alice = unregistered(app, 'alice');
    expect((await register(alice, { contact: '<sip:alice@10.0.0.1:5060>', expires: '600' })).status).toBe(403);
    expect((await register(alice, { contact: '<sip:alice@10.0.0.1>', expires: '600' })).status).toBe(403);
    expect((await register(alice, { contact: '<sip:alice@10.0.0.1:5099>', expires: '600' })).status).toBe(200);
    await register(alice, { contact: '*', expires: '0' });
    await app.expectClean();
  });

  test('no GRUU is promised, because none would be resolved', async () => {
    await using app = await startApp();
    const phone = await app.phone('alice', { transport: 'ws' });
    expect(phone.heard.some((each) => each.text.includes('gruu'))).toBe(false);
    await app.expectClean();
  });

  test('OPTIONS is answered 200', async () => {
    await using app = await startApp();
    const phone = unregistered(app, 'alice');
    expect((await phone.sendRequest('OPTIONS', 'sip:example.com')).status).toBe(200);
    await app.expectClean();
  });
});

describe('a binding ends', () => {
  test('in the second in which it expires, and the pages hear it', async () => {
    await using app = await startApp();
    const browser = await app.browser('bob');
    const events = await browser.events('/events');
    const alice = unregistered(app, 'alice');
    await alice.register({ expiresSeconds: 60 });
    const since = app.t.clock.now();
    await app.t.clock.advance('59s');
    expect((await peopleOf(browser)).get('alice')?.registered).toBe(true);
    await app.t.clock.advance('2s');
    expect((await peopleOf(browser)).get('alice')?.registered).toBe(false);
    const last = events.received.findLast((each) => each.event === 'people');
    expect(last?.data).toContain('"name":"alice","displayName":"Alice","registered":false');
    expect((last?.at ?? 0) - since).toBeGreaterThan(59_000);
    expect((last?.at ?? 0) - since).toBeLessThan(60_500);
    events.close();
    await app.expectClean();
  });

  test('not while it is refreshed', async () => {
    await using app = await startApp();
    const browser = await app.browser('bob');
    const alice = unregistered(app, 'alice');
    await alice.register({ expiresSeconds: 60, refresh: true });
    await app.t.clock.advance('5m');
    expect((await peopleOf(browser)).get('alice')?.registered).toBe(true);
    expect(await contactsOf(app)).toHaveLength(1);
    await alice.unregister();
    await app.expectClean();
  });

  test('with the WebSocket it came over', async () => {
    await using app = await startApp();
    const browser = await app.browser('bob');
    const events = await browser.events('/events');
    const alice = await app.phone('alice', { transport: 'ws' });
    alice.goSilent();
    await app.t.settled();
    expect((await peopleOf(browser)).get('alice')?.registered).toBe(false);
    expect(events.received.findLast((each) => each.event === 'people')?.data).toContain(
      '"displayName":"Alice","registered":false',
    );
    events.close();
  });
});

test('after a restart the phones on UDP are still registered and expire in time, those in browsers are not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'click-to-dial-'));
  try {
    {
      await using before = await startApp({ folder });
      await unregistered(before, 'alice').register({ expiresSeconds: 600 });
      await before.phone('bob', { transport: 'ws' });
    }
    await using after = await startApp({ folder });
    const browser = await after.browser('carol');
    const registered = async (): Promise<string[]> =>
      [...(await peopleOf(browser)).values()].filter((each) => each.registered).map((each) => each.name);
    expect(await registered()).toEqual(['alice']);
    const events = await browser.events('/events');
    await after.t.clock.advance('599s');
    expect(await registered()).toEqual(['alice']);
    await after.t.clock.advance('2s');
    expect(events.received.findLast((each) => each.event === 'people')?.data).not.toContain('"registered":true');
    events.close();
    await after.expectClean();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('when the database is gone', () => {
  test('registering is answered 503, the log says what to do, and calls in progress go on', async () => {
    await using app = await startApp();
    const alice = await app.phone('alice');
    const bob = await app.phone('bob');
    alice.onInvite({ act: 'answer', ringFor: '2s' });
    bob.onInvite({ act: 'answer', ringFor: '2s' });
    const browser = await app.browser('alice');
    const { id } = await place(browser, 'bob');
    await app.t.clock.advance('1s');
    app.database.broken = true;
    const refused = await bob.register();
    expect(refused.status).toBe(503);
    expect(Number(refused.response?.headers['retry-after'])).toBeGreaterThan(0);
    expect(app.t.log.map((each) => each.msg).join('\n')).toMatch(/REGISTER.*503.*DATABASE_URL/);
    // Alice picks up only now: the way to Bob is the one the call began with.
    await app.t.clock.advance('4s');
    expect(await callOf(browser, id)).toMatchObject({ state: 'connected' });
    await bob.hangUp();
    await app.t.settled();
    expect(await callOf(browser, id)).toMatchObject({ state: 'ended', reason: 'Bob hung up' });
    app.database.broken = false;
    expect((await bob.register()).status).toBe(200);
    await app.expectClean({ errors: true });
  });
});
