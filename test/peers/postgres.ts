import { execFile } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './app.ts';

const run = promisify(execFile);
const VERSIONS = '/usr/lib/postgresql';

/** A PostgreSQL server of this test alone: Debian's programs, a folder and a port of its own. */
export class Postgres implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly version: string;

  private constructor(folder: string, port: number, version: string) {
    this.folder = folder;
    this.port = port;
    this.version = version;
  }

  static async start(): Promise<Postgres> {
    const version = readdirSync(VERSIONS).toSorted((a, b) => Number(b) - Number(a))[0] ?? '15';
    const folder = mkdtempSync(join(tmpdir(), 'siplet-postgres-'));
    const server = new Postgres(folder, await freePort(), version);
    if (process.getuid?.() === 0) {
      // The server refuses to run as root, so the folder has to belong to somebody else.
      const { stdout } = await run('id', ['-u', 'postgres']);
      chownSync(folder, Number(stdout), -1);
    }
    await server.#as('initdb', ['-D', server.#data, '-U', 'siplet', '--auth=trust', '--no-sync', '-E', 'UTF8']);
    await server.resume();
    await server.#as('createdb', ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'siplet', 'siplet']);
    return server;
  }

  get url(): string {
    return `postgresql://siplet@127.0.0.1:${this.port}/siplet`;
  }

  /** Stops the server as a failure would: open connections are cut. */
  async halt(): Promise<void> {
    await this.#as('pg_ctl', ['-D', this.#data, '-m', 'immediate', '-w', 'stop']);
  }

  async resume(): Promise<void> {
    const options = `-p ${this.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${this.folder} -c fsync=off`;
    await this.#as('pg_ctl', ['-D', this.#data, '-l', join(this.folder, 'log'), '-w', '-o', options, 'start']);
  }

  async query(sql: string): Promise<string> {
    const where = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'siplet', '-d', 'siplet'];
    return (await this.#as('psql', [...where, '-At', '-c', sql])).trim();
  }

  async stop(): Promise<void> {
    await this.halt().catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  async #as(program: string, args: readonly string[]): Promise<string> {
    const path = join(VERSIONS, this.version, 'bin', program);
    const [command, all] =
      process.getuid?.() === 0 ? ['/usr/sbin/runuser', ['-u', 'postgres', '--', path, ...args]] : [path, [...args]];
    return (await run(command, all, { cwd: this.folder })).stdout;
  }
}
