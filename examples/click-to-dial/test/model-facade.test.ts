import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Database, type DatabaseLocation, openDatabase } from '../src/database.ts';
import { ModelFacade, type RegisterUpdate } from '../src/model-facade.ts';
import { Person } from '../src/person.entity.ts';

const url = process.env['DATABASE_URL'];
const PLACES: [string, DatabaseLocation][] = [
  ['SQLite', { memory: true }],
  ...(url === undefined ? [] : [['PostgreSQL', { url }] as [string, DatabaseLocation]]),
];

describe.each(PLACES)('the model on %s', (_name, place) => {
  const domain = 'model.example';
  let database: Database;
  let model: ModelFacade;
  let now = 1_795_000_000_000;

  beforeEach(async () => {
    database = await openDatabase(place);
    model = new ModelFacade(() => database.fork(), { domain, clock: { now: () => now } });
    await model.seed();
  });

  afterEach(async () => {
    await database.fork().nativeDelete(Person, { aor: { $like: `%@${domain}` } });
    await database.close();
  });

  const update = (more: Partial<RegisterUpdate> = {}): RegisterUpdate => ({
    aor: model.aorOf('alice'),
    callId: 'call-1',
    cseq: 1,
    contacts: [{ uri: 'sip:alice@10.0.0.9', expires: 60 }],
    transport: 'UDP',
    sourceAddress: '10.0.0.9',
    sourcePort: 5060,
    flowToken: 'flow-1',
    userAgent: '',
    ...more,
  });
  const register = (more?: Partial<RegisterUpdate>): ReturnType<ModelFacade['register']> =>
    model.register(update(more), (a, b) => a.toLowerCase() === b.toLowerCase());
  const contacts = async (): Promise<string[]> =>
    (await model.getBindings(model.aorOf('alice'))).map((each) => each.contact);

  test('seeding twice changes nothing, and passwords are kept only as digest hashes', async () => {
    await model.seed();
    const people = await model.getPeople();
    expect(people.map((each) => each.name)).toEqual(['alice', 'bob', 'carol']);
    expect(JSON.stringify(people)).not.toContain('"password"');
    expect(await model.checkPassword('alice', 'alice')).toBe(true);
    expect(await model.checkPassword('alice', 'bob')).toBe(false);
    expect(await model.checkPassword('nobody', 'nobody')).toBe(false);
  });

  test('a name is taken once and must look like one', async () => {
    expect(await model.signUp('dave', ' Dave ', 'secret')).toBe('ok');
    expect(await model.signUp('dave', '', 'other')).toBe('taken');
    expect(await model.signUp('a~b', '', 'secret')).toBe('bad-name');
    expect(await model.signUp('erin', '', '')).toBe('bad-password');
    expect((await model.getPerson('dave'))?.displayName).toBe('Dave');
  });

  test('a binding is refreshed, compared by the rules of URIs, and gone after its time (RFC 3261 §10.3)', async () => {
    await register();
    await register({ cseq: 2, contacts: [{ uri: 'SIP:alice@10.0.0.9', expires: 120 }] });
    expect(await contacts()).toEqual(['SIP:alice@10.0.0.9']);
    now += 119_999;
    expect(await contacts()).toHaveLength(1);
    now += 1;
    expect(await contacts()).toEqual([]);
    expect(await model.dropExpired(model.aorOf('alice'))).toBe(true);
    expect(await model.dropExpired(model.aorOf('alice'))).toBe(false);
  });

  test('the same Call-ID needs a higher CSeq, or nothing of the request is applied (RFC 3261 §10.3 step 7)', async () => {
    await register({ cseq: 5 });
    const late = await register({
      cseq: 5,
      contacts: [
        { uri: 'sip:other@10.0.0.8', expires: 60 },
        { uri: 'sip:alice@10.0.0.9', expires: 0 },
      ],
    });
    expect(late).toEqual({ ok: false, reason: 'out-of-order' });
    expect(await contacts()).toEqual(['sip:alice@10.0.0.9']);
    expect((await register({ callId: 'after a reboot', cseq: 1 })).ok).toBe(true);
  });

  test('ten contacts are enough for one address', async () => {
    const many = Array.from({ length: 10 }, (_, index) => ({ uri: `sip:a${index}@10.0.0.9`, expires: 60 }));
    expect((await register({ contacts: many })).ok).toBe(true);
    expect(await register({ cseq: 2, contacts: [{ uri: 'sip:a11@10.0.0.9', expires: 60 }] })).toEqual({
      ok: false,
      reason: 'too-many-contacts',
    });
    expect((await register({ cseq: 2, contacts: '*' })).ok).toBe(true);
    expect(await contacts()).toEqual([]);
  });

  test('a closed connection and a restart take away what cannot be reached any more', async () => {
    await register({ transport: 'WS', flowToken: 'socket' });
    await register({ callId: 'udp', contacts: [{ uri: 'sip:alice@10.0.0.7', expires: 60 }], flowToken: 'udp-flow' });
    expect(await model.dropFlow('socket')).toEqual([model.aorOf('alice')]);
    expect(await model.dropFlow('socket')).toEqual([]);
    await register({
      callId: 'ws',
      contacts: [{ uri: 'sip:x@y.invalid', expires: 60 }],
      transport: 'WS',
      flowToken: 'b',
    });
    await model.dropStale();
    expect(await contacts()).toEqual(['sip:alice@10.0.0.7']);
  });

  test('the phone that was registered last comes first', async () => {
    await register();
    now += 1000;
    await register({ callId: 'second', contacts: [{ uri: 'sip:alice@10.0.0.7', expires: 60 }] });
    now += 1000;
    await register({ cseq: 2 });
    expect(await contacts()).toEqual(['sip:alice@10.0.0.7', 'sip:alice@10.0.0.9']);
  });
});
