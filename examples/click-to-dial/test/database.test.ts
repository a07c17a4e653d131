import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Database, type DatabaseLocation, openDatabase } from '../src/database.ts';
import { Person } from '../src/person.entity.ts';
import { Registration } from '../src/registration.entity.ts';

const folder = mkdtempSync(join(tmpdir(), 'click-to-dial-'));
const url = process.env['DATABASE_URL'];
const PLACES: [string, DatabaseLocation][] = [
  ['SQLite in memory', { memory: true }],
  ['SQLite in a folder', { folder: join(folder, 'made', 'on', 'demand') }],
  ...(url === undefined ? [] : [['PostgreSQL', { url }] as [string, DatabaseLocation]]),
];

let database: Database | undefined;
afterEach(async () => {
  await database?.fork().nativeDelete(Person, { aor: 'dora@example.com' });
  await database?.close();
  database = undefined;
  rmSync(folder, { recursive: true, force: true });
});

describe.each(PLACES)('%s', (_name, place) => {
  test('the schema is made by the migrations, and times, numbers and booleans come back as they went in', async () => {
    database = await openDatabase(place);
    const at = new globalThis.Date(1_795_000_000_123);
    const writer = database.fork();
    writer.create(Person, {
      aor: 'dora@example.com',
      name: 'dora',
      displayName: 'Dora',
      ha1Md5: 'm',
      ha1Sha256: 's',
      demo: true,
      createdAt: at,
    });
    await writer.flush();
    writer.create(Registration, {
      id: '0f8fad5b-d9cb-469f-a165-70867728950e',
      aor: 'dora@example.com',
      contact: 'sip:dora@127.0.0.1:5071;transport=udp',
      callId: 'c',
      cseq: 4_294_967_295,
      transport: 'UDP',
      sourceAddress: '127.0.0.1',
      sourcePort: 5071,
      flowToken: '',
      userAgent: '',
      createdAt: at,
      expiresAt: at,
    });
    await writer.flush();
    const reader = database.fork();
    const person = await reader.findOneOrFail(Person, { name: 'dora' });
    expect(person).toMatchObject({ displayName: 'Dora', demo: true, createdAt: at });
    const binding = await reader.findOneOrFail(Registration, { aor: 'dora@example.com' });
    expect(binding).toMatchObject({ cseq: 4_294_967_295, sourcePort: 5071, expiresAt: at });
    expect(await reader.count(Registration, { expiresAt: { $gt: at } })).toBe(0);
    await reader.nativeDelete(Person, { aor: 'dora@example.com' });
    expect(await database.fork().count(Registration, { aor: 'dora@example.com' })).toBe(0);
  });
});
