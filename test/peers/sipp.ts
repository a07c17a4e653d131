import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, freePort, isFreeForUdp } from './app.ts';
import { Child, pause, until } from './child.ts';
import { peerPath } from './peer.ts';

const SCENARIOS = join(dirname(fileURLToPath(import.meta.url)), 'scenarios');

export type Transport = 'udp' | 'tcp';

/** The scenario files by what the phone does. */
export type ScenarioName =
  | 'ack-again'
  | 'answer'
  | 'call'
  | 'cross'
  | 'early-bye'
  | 'hang-up'
  | 'hang-up-both'
  | 'late-ringing'
  | 'mute'
  | 'no-answer'
  | 'register'
  | 'reject';

export interface SippOptions {
  readonly transport?: Transport;
  /** The values for {{placeholders}} in the scenario; ring and talk are milliseconds. */
  readonly values?: Readonly<Record<string, string | number>>;
  /** Calls to take before ending well (default 1). */
  readonly calls?: number;
  readonly port?: number;
  readonly timeoutSeconds?: number;
  readonly args?: readonly string[];
  /** Where requests go, for scenarios that begin. */
  readonly remote?: string;
}

/** One SIP message as SIPp logged it. */
export interface Logged {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly sent: boolean;
  readonly callId: string;
  readonly cseq: string;
  readonly firstLine: string;
}

const DEFAULTS = { ring: 20, talk: 100, again: 700, silence: 500, status: '486 Busy Here', expect: 200 };

const MEDIA_PORTS = { first: 20_000, count: 12_000, each: 4 }; // above freePort(), below outgoing connections
let mediaBlock = Number(process.env['JEST_WORKER_ID'] ?? 1) * 750;

/** A block of four UDP ports: SIPp binds audio and, two further on, video, whether a scenario has media or not. */
async function freeMediaPort(): Promise<number> {
  for (;;) {
    const port = MEDIA_PORTS.first + ((mediaBlock++ * MEDIA_PORTS.each) % MEDIA_PORTS.count);
    if ((await isFreeForUdp(port)) && (await isFreeForUdp(port + 2))) return port;
  }
}

/** One SIPp process with one scenario. */
export class Sipp implements AsyncDisposable {
  readonly child: Child;
  readonly port: number;
  readonly transport: Transport;
  readonly folder: string;

  private constructor(child: Child, port: number, transport: Transport, folder: string) {
    this.child = child;
    this.port = port;
    this.transport = transport;
    this.folder = folder;
  }

  static async start(name: ScenarioName, options: SippOptions = {}): Promise<Sipp> {
    const folder = mkdtempSync(join(tmpdir(), 'siplet-sipp-'));
    const values: Record<string, string | number> = { ...DEFAULTS, ...options.values };
    const text = readFileSync(join(SCENARIOS, `${name}.xml`), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
      const value = values[key];
      if (value === undefined) throw new Error(`Scenario ${name} wants a value for ${key}`);
      return String(value);
    });
    const file = join(folder, `${name}.xml`);
    writeFileSync(file, text);
    const port = options.port ?? (await freePort());
    const transport = options.transport ?? 'udp';
    const mediaPort = await freeMediaPort();
    const child = new Child(
      `sipp ${name}`,
      peerPath('sipp'),
      [
        ...(options.remote === undefined ? [] : [options.remote]),
        '-sf',
        file,
        '-i',
        '127.0.0.1',
        '-p',
        String(port),
        '-mi',
        '127.0.0.1',
        '-mp',
        String(mediaPort),
        '-t',
        transport === 'udp' ? 'u1' : 't1',
        '-m',
        String(options.calls ?? 1),
        '-key',
        'domain',
        App.domain,
        '-nostdin',
        '-timeout',
        String(options.timeoutSeconds ?? 60),
        '-timeout_error',
        '-fd',
        '3600',
        '-max_socket',
        '500',
        '-trace_err',
        '-error_file',
        join(folder, 'errors.log'),
        '-trace_shortmsg',
        '-shortmessage_file',
        join(folder, 'messages.log'),
        ...(options.args ?? []),
      ],
      { cwd: folder },
    );
    return new Sipp(child, port, transport, folder);
  }

  /** Everything sent and received so far. */
  get log(): readonly Logged[] {
    let text: string;
    try {
      text = readFileSync(join(this.folder, 'messages.log'), 'utf8');
    } catch {
      return [];
    }
    return text
      .split('\n')
      .map((line) => line.split('\t'))
      .filter((fields) => fields.length >= 7)
      .map((fields) => ({
        at: Number(fields[2]) * 1000,
        sent: fields[3] === 'S',
        callId: fields[4] ?? '',
        cseq: fields[5] ?? '',
        firstLine: fields.slice(6).join(' ').trim(),
      }));
  }

  /** The log as one line a message, for error messages. */
  get story(): string {
    return this.log
      .slice(0, 60)
      .map((m) => `${m.sent ? '→' : '←'} ${m.firstLine}  (${m.cseq})`)
      .join('\n');
  }

  /** Waits for a message in the log. */
  waitForMessage(sent: boolean, start: string, timeoutMs = 10_000): Promise<Logged> {
    return until(
      `SIPp ${this.child.name} to ${sent ? 'send' : 'receive'} ${start}`,
      () => this.log.find((m) => m.sent === sent && m.firstLine.startsWith(start)),
      timeoutMs,
    );
  }

  /** Waits until every call of the scenario went as written; SIPp's own judgement. */
  async succeeded(timeoutMs = 60_000): Promise<void> {
    try {
      await this.child.finished(timeoutMs);
    } catch (error) {
      let errors = '';
      try {
        errors = readFileSync(join(this.folder, 'errors.log'), 'utf8');
      } catch {
        // SIPp writes that file only when it has something to say.
      }
      const tail = this.child.lines
        .slice(-30)
        .map((l) => l.text)
        .join('\n');
      throw new Error(
        `${this.child.name} did not go as written (code ${this.child.exitCode}).\n${this.story}\n${errors}\n${tail}`,
        { cause: error },
      );
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === undefined) this.child.process.kill('SIGCONT');
    await this.child.stop('SIGTERM', 1_000);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export interface RegisterOptions {
  readonly transport?: Transport;
  readonly expires?: number;
  /** The digest user, when it is not the person of the address. */
  readonly user?: string;
  readonly password?: string;
  /** The status that ends the second REGISTER (default 200). */
  readonly expect?: number;
}

/** Registers people's phones, all on one port, with digest. */
export async function registerPhones(
  app: App,
  names: readonly string[],
  port: number,
  options: RegisterOptions = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'siplet-users-'));
  const file = join(folder, 'users.csv');
  const expires = options.expires ?? 600;
  const rows = names.map((name) => {
    const password = options.password ?? name;
    return `${name};[authentication username=${options.user ?? name} password=${password}];${expires};`;
  });
  writeFileSync(file, `SEQUENTIAL\n${rows.join('\n')}\n`);
  const transport = options.transport ?? 'udp';
  const sipp = await Sipp.start('register', {
    remote: `127.0.0.1:${app.sipPort}`,
    port,
    transport,
    calls: names.length,
    values: { expect: options.expect ?? 200 },
    timeoutSeconds: 20,
    args: ['-inf', file, '-r', '50', '-l', '20'],
  });
  try {
    await sipp.succeeded(25_000);
  } finally {
    await sipp.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until SIPp has its socket: until then a first INVITE would only be heard as a retransmission. */
export async function listening(sipp: Sipp): Promise<Sipp> {
  await pause(150);
  if (sipp.child.exitCode !== undefined) throw new Error(`SIPp ended at once:\n${sipp.child.text}`);
  return sipp;
}

/** Registers one phone and lets it behave as the scenario says. */
export async function phone(
  app: App,
  name: string | readonly string[],
  scenario: ScenarioName,
  options: SippOptions = {},
): Promise<Sipp> {
  const port = options.port ?? (await freePort());
  const transport = options.transport ?? 'udp';
  await registerPhones(app, typeof name === 'string' ? [name] : name, port, { transport });
  return listening(await Sipp.start(scenario, { ...options, port }));
}
