import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App, type Person } from './app.ts';
import { Baresip } from './baresip.ts';
import { Chromium, Tab } from './browser.ts';
import { pause, until } from './child.ts';
import { describePeers } from './describe-peers.ts';

const TALK_MS = 4_000;
const MUST_HEAR_SECONDS = 2;

let app: App;
let chromium: Chromium;

async function start(): Promise<void> {
  app = await App.start();
  chromium = await Chromium.start();
}

async function stop(): Promise<void> {
  await chromium?.stop();
  await app?.stop();
}

interface PersonRow {
  readonly name: string;
  readonly registered: boolean;
  readonly phones: number;
}

async function rowOf(person: Person, name: string): Promise<PersonRow | undefined> {
  return ((await person.request('GET', '/people')).json as PersonRow[]).find((row) => row.name === name);
}

describePeers('phones in two tabs of a browser', ['chromium'], () => {
  beforeAll(start, 60_000);
  afterAll(stop, 30_000);

  test('one clicks Call, both answer, they hear each other, and a hang-up frees both', async () => {
    await using alice = await Tab.open(chromium, app, 'alice', 440);
    await using bob = await Tab.open(chromium, app, 'bob', 1000);
    await alice.call('bob');
    await alice.answer();
    await bob.answer();
    await alice.waitForPhone('talking');
    await bob.waitForPhone('talking');
    await alice.waitForTone(1000);
    await bob.waitForTone(440);
    expect((await alice.newestCall()).state).toBe('connected');
    await bob.hangUp();
    await alice.waitForPhone('ready');
    await bob.waitForPhone('ready');
    await until('the page to show the end', async () => (await alice.newestCall()).state === 'ended');
    expect((await alice.newestCall()).text).toMatch(/Bob hung up/);
    expect([...alice.complaints, ...bob.complaints]).toEqual([]);
  }, 60_000);

  test('a second tab of the same browser signs in as somebody else, and the two can call each other', async () => {
    const profile = await chromium.profile();
    const page = await profile.newPage();
    await page.goto(`${app.http}/`);
    await page.locator('.account:has-text("Alice")').click();
    await page.locator('#phone[data-state="ready"]').waitFor();
    const [second] = await Promise.all([profile.waitForEvent('page'), page.locator('.chip:has-text("Bob")').click()]);
    await second.locator('#phone[data-state="ready"]').waitFor();
    await page.locator('button[data-call="bob"]:enabled').click();
    await page.locator('#answer').click();
    await second.locator('#answer').click();
    await second.locator('#phone[data-state="talking"]').waitFor();
    await page.locator('#phone[data-state="talking"]').waitFor();
    // The page itself says what it hears: here the beep of Chromium's own fake microphone.
    for (const each of [page, second]) await each.locator('#phone[data-hears]:not([data-hears=""])').waitFor();
    await page.reload();
    await second.locator('#phone[data-state="ready"]').waitFor();
    await page.locator('#me[data-name="alice"]').waitFor({ state: 'attached' });
    await profile.close();
  }, 60_000);

  test('a declined call says so on the page and frees the other phone', async () => {
    await using alice = await Tab.open(chromium, app, 'alice', 440);
    await using bob = await Tab.open(chromium, app, 'bob', 1000);
    await alice.call('bob');
    await alice.answer();
    await bob.waitForPhone('ringing');
    await bob.hangUp();
    await alice.waitForPhone('ready');
    await until('the page to show the end', async () => (await alice.newestCall()).state === 'failed');
    expect((await alice.newestCall()).text).toMatch(/declined/);
  }, 60_000);

  test('a reload leaves no ghost binding, and a closed tab none at all (RFC 7118 §5)', async () => {
    const carol = await app.logIn('carol');
    await using alice = await Tab.open(chromium, app, 'alice', 440);
    await using bob = await Tab.open(chromium, app, 'bob', 1000);
    for (let i = 0; i < 3; i++) {
      await bob.page.reload();
      await bob.waitForPhone('ready', 15_000);
    }
    await until('one binding of bob', async () => (await rowOf(carol, 'bob'))?.phones === 1, 5_000);
    await alice.call('bob');
    await alice.answer();
    await bob.answer();
    await alice.waitForTone(1000);
    await bob.close();
    await alice.waitForPhone('ready');
    await until('no binding of bob', async () => (await rowOf(carol, 'bob'))?.registered === false, 5_000);
    await until('the page to show the end', async () => (await alice.newestCall()).state === 'ended');
  }, 60_000);
});

describePeers('a phone in a tab and a desktop phone', ['chromium', 'baresip'], () => {
  beforeAll(start, 60_000);
  afterAll(stop, 30_000);

  test.each(['tab', 'desktop'] as const)(
    'baresip with DTLS-SRTP and ICE, the %s rung first: both hear the other',
    async (first) => {
      const carol = await app.logIn('carol');
      await using alice = await Tab.open(chromium, app, 'alice', 440);
      await using baresip = await Baresip.start(app, 'carol', { tone: 1000, webrtc: true });
      if (first === 'tab') await alice.call('carol');
      else await carol.call('alice');
      await alice.answer();
      await alice.waitForPhone('talking');
      await alice.waitForTone(1000);
      await pause(TALK_MS);
      await alice.hangUp();
      await baresip.waitForEvent('CALL_CLOSED');
      await pause(300);
      expect(baresip.secondsHeard(440)).toBeGreaterThan(MUST_HEAR_SECONDS);
      await alice.waitForPhone('ready');
    },
    60_000,
  );

  test('baresip with plain RTP, the tab rung first: 488, the page says why, and both phones are free', async () => {
    await using alice = await Tab.open(chromium, app, 'alice', 440);
    await using _baresip = await Baresip.start(app, 'carol', { tone: 1000 });
    await alice.call('carol');
    await alice.answer();
    await until('the page to show the end', async () => (await alice.newestCall()).state === 'failed');
    expect((await alice.newestCall()).text).toMatch(/media not compatible/i);
    await alice.waitForPhone('ready');
    const [call] = await (await app.logIn('alice')).calls();
    expect(call).toMatchObject({ legs: [{}, { status: 488 }] });
  }, 60_000);

  test('baresip with plain RTP rung first: the tab refuses with 488, the page says why, and both phones are free', async () => {
    const carol = await app.logIn('carol');
    await using alice = await Tab.open(chromium, app, 'alice', 440);
    await using baresip = await Baresip.start(app, 'carol', { tone: 1000 });
    const call = await carol.call('alice');
    await alice.answer();
    const over = await carol.waitForEnd(call.id);
    expect(over).toMatchObject({ state: 'failed' });
    expect(over.reason).toMatch(/media not compatible/i);
    await baresip.waitForEvent('CALL_CLOSED');
    await alice.waitForPhone('ready');
    expect((await alice.newestCall()).text).toMatch(/media not compatible/i);
  }, 60_000);

  test('nothing is left over', async () => {
    const gone = async (): Promise<boolean> => {
      const { engine } = await app.vitals();
      return engine['client'] === 0 && engine['server'] === 0 && engine['accepted'] === 0;
    };
    await until('all transactions to go', gone, 60_000, 2_000);
    expect(app.errors).toEqual([]);
  }, 90_000);
});
