import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App, freePort } from './app.ts';
import { until } from './child.ts';
import { CallLoad } from './load.ts';
import { describePeers } from './describe-peers.ts';
import { Postgres } from './postgres.ts';
import { listening, phone, registerPhones, Sipp } from './sipp.ts';

describePeers('the application on PostgreSQL', ['sipp', 'pg_ctlcluster'], () => {
  let postgres: Postgres;
  let app: App;
  beforeAll(async () => {
    postgres = await Postgres.start();
    app = await App.start({ env: { DATABASE_URL: postgres.url } });
  }, 60_000);
  afterAll(async () => {
    await app?.stop();
    await postgres?.stop();
  }, 30_000);

  test('phones register, and a hundred calls are placed by HTTP, answered and ended', async () => {
    await using load = await CallLoad.prepare(app, 5);
    const result = await load.run(100);
    expect([...result.wrong]).toEqual([]);
    expect(app.errors).toEqual([]);
  }, 90_000);

  test('bindings live in the database: they outlast a restart of the application', async () => {
    const port = await freePort();
    await registerPhones(app, ['alice', 'bob'], port);
    await app.stop();
    app = await App.start({ env: { DATABASE_URL: postgres.url } });
    await using phones = await listening(await Sipp.start('answer', { port, calls: 2 }));
    const alice = await app.logIn('alice');
    const call = await alice.call('bob');
    await alice.waitForState(call.id, 'connected');
    expect(await alice.hangUp(call.id)).toBe(204);
    await phones.succeeded();
  }, 60_000);

  test('the database stops in mid-call: registrations get 503, the call goes on and ends well, and all is well again', async () => {
    const alice = await app.logIn('alice');
    await using first = await phone(app, 'alice', 'answer');
    await using second = await phone(app, 'bob', 'hang-up', { values: { talk: 6_000 } });
    const events = await alice.events();
    const call = await alice.call('bob');
    await alice.waitForState(call.id, 'connected');
    const printed = app.child.lines.length;
    await postgres.halt();
    await registerPhones(app, ['carol'], await freePort(), { expect: 503 });
    await app.child.waitFor(/database/i, 5_000, printed);
    await Promise.all([first.succeeded(), second.succeeded()]);
    await until('the end on the page', () => events.statesOf(call.id).at(-1)?.state === 'ended');
    await events.close();
    await postgres.resume();
    await until(
      'registrations to work again',
      async () => {
        try {
          await registerPhones(app, ['carol'], await freePort());
          return true;
        } catch {
          return false;
        }
      },
      20_000,
      500,
    );
    expect(app.child.exitCode).toBeUndefined();
  }, 90_000);
});
