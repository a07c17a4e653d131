import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { Migrator } from '@mikro-orm/migrations';
import { type EntityManager, MikroORM, NodeSqliteDialect, type Options, SqliteDriver } from '@mikro-orm/sql';
import { Migration20261121PeopleAndRegistrations } from './migrations/migration-20261121-people-and-registrations.ts';
import { Person } from './person.entity.ts';
import { Registration } from './registration.entity.ts';

/** Where the data lives: a folder with an SQLite file, memory only, or PostgreSQL. */
export type DatabaseLocation = { readonly folder: string } | { readonly memory: true } | { readonly url: string };

/** An open database, its schema up to date. */
export interface Database {
  /** What the banner says: `SQLite, /srv/data/click-to-dial.sqlite`. */
  readonly description: string;
  readonly orm: MikroORM;
  /** A unit of work of its own. */
  fork(): EntityManager;
  close(): Promise<void>;
}

const COMMON = {
  entities: [Person, Registration],
  metadataProvider: ReflectMetadataProvider,
  extensions: [Migrator],
  forceUtcTimezone: true,
  migrations: { migrationsList: [Migration20261121PeopleAndRegistrations], snapshot: false, silent: true },
} satisfies Options;

const SQLITE_PRAGMAS = ['pragma busy_timeout = 3000', 'pragma journal_mode = wal', 'pragma synchronous = normal'];

/** Opens the database and brings its schema up to date; throws when the place is unusable. */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  const [options, description] = 'url' in location ? await postgres(location.url) : sqlite(location);
  const orm = await MikroORM.init({ ...COMMON, ...options });
  try {
    // Two processes may share the folder: readers beside a writer, and a moment's patience for the lock.
    if ('folder' in location) for (const pragma of SQLITE_PRAGMAS) await orm.em.getConnection().execute(pragma);
    await migrate(orm, 'url' in location ? 5 : 1);
  } catch (error) {
    await orm.close(true);
    throw error;
  }
  return { description, orm, fork: () => orm.em.fork(), close: () => orm.close(true) };
}

/** Two servers that start at once on one PostgreSQL make the same tables: the one that comes second looks again. */
async function migrate(orm: MikroORM, attempts: number): Promise<void> {
  try {
    await orm.migrator.up();
  } catch (error) {
    if (attempts <= 1) throw error;
    await setTimeout(200);
    await migrate(orm, attempts - 1);
  }
}

function sqlite(location: { folder: string } | { memory: true }): [Options, string] {
  let dbName = ':memory:';
  if ('folder' in location) {
    makeFolder(resolve(location.folder));
    accessSync(location.folder, constants.W_OK);
    dbName = join(location.folder, 'click-to-dial.sqlite');
  }
  const options: Options = {
    driver: SqliteDriver,
    dbName,
    driverOptions: new NodeSqliteDialect(dbName),
  };
  return [options, dbName === ':memory:' ? 'SQLite in memory' : `SQLite, ${dbName}`];
}

// Not mkdir's own `recursive`: in a place such as /proc, where nothing can be made, that never returns.
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder));
  mkdirSync(folder);
}

async function postgres(url: string): Promise<[Options, string]> {
  const { PostgreSqlDriver } = await import('@mikro-orm/postgresql');
  const shown = new URL(url);
  return [{ driver: PostgreSqlDriver, clientUrl: url }, `PostgreSQL, ${shown.hostname}${shown.pathname}`];
}
