import { parseArgs } from 'node:util';
import { join } from 'node:path';
import type { DatabaseLocation } from './database.ts';

/** How the example was started. */
export interface Options {
  readonly host: string;
  readonly httpPort: number;
  /** The UDP and TCP port. */
  readonly sipPort: number;
  /** What phones are told instead of `host`. */
  readonly advertise?: string;
  readonly domain: string;
  /** The digest challenges of the registrar, in their order. */
  readonly digest: readonly ('SHA-256' | 'MD5')[];
  readonly database: DatabaseLocation;
  /** pino's name of a level. */
  readonly logLevel: string;
  /** Path of the DAR file. */
  readonly dar: string;
}

/** A mistake on the command line or in the environment. */
export class UsageError extends Error {}

/** What `--help` prints. */
export const HELP = `Usage: click-to-dial [options]

  --http PORT       port of the page and of SIP over WebSocket   (SIPLET_HTTP, PORT; 8080)
  --sip PORT        UDP and TCP port for softphones              (SIPLET_SIP; 5060)
  --host ADDRESS    address to listen on                         (SIPLET_HOST; 127.0.0.1)
  --advertise HOST  what phones are told instead of ADDRESS      (SIPLET_ADVERTISE)
  --data DIR        folder of the database                       (SIPLET_DATA; ./data)
  --domain NAME     SIP domain                                   (SIPLET_DOMAIN; example.com)
  --dar FILE        application router configuration             (SIPLET_DAR)
  --digest md5 | sha-256 | both   what phones are challenged with  (SIPLET_DIGEST; md5)
                    Many phones give up when they are offered anything but MD5.
  --log-level LEVEL trace, debug, info, warn, error, silent        (SIPLET_LOG_LEVEL; info)
  --help            this text

  DATABASE_URL=postgres://user:password@host/name  uses PostgreSQL instead of a folder.
`;

const FLAGS = {
  http: { type: 'string' },
  sip: { type: 'string' },
  host: { type: 'string' },
  advertise: { type: 'string' },
  data: { type: 'string' },
  domain: { type: 'string' },
  dar: { type: 'string' },
  digest: { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Reads flags, then the environment, then the defaults; `undefined` asks for the help text. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv, defaultDar: string): Options | undefined {
  const flags = readFlags(args);
  if (flags.help === true) return undefined;
  const setting = (flag: string | undefined, name: string): string | undefined => flag ?? (env[name] || undefined);
  checkEnvironment(env);
  const host = setting(flags.host, 'SIPLET_HOST') ?? '127.0.0.1';
  const advertise = setting(flags.advertise, 'SIPLET_ADVERTISE');
  const url = env['DATABASE_URL'] || undefined;
  const domain = (setting(flags.domain, 'SIPLET_DOMAIN') ?? 'example.com').toLowerCase();
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(domain)) throw new UsageError(`--domain ${domain} is not a host name`);
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url))
    throw new UsageError('DATABASE_URL must start with postgres:// or postgresql://');
  return {
    host,
    domain,
    httpPort: port('--http', setting(flags.http, 'SIPLET_HTTP') ?? (env['PORT'] || '8080')),
    sipPort: port('--sip', setting(flags.sip, 'SIPLET_SIP') ?? '5060'),
    database:
      url === undefined ? { folder: setting(flags.data, 'SIPLET_DATA') ?? join(process.cwd(), 'data') } : { url },
    logLevel: logLevel(setting(flags['log-level'], 'SIPLET_LOG_LEVEL') ?? 'info'),
    digest: digest(setting(flags.digest, 'SIPLET_DIGEST') ?? 'md5'),
    dar: setting(flags.dar, 'SIPLET_DAR') ?? defaultDar,
    ...(advertise === undefined ? {} : { advertise }),
  };
}

function readFlags(args: readonly string[]): { [K in keyof typeof FLAGS]?: K extends 'help' ? boolean : string } {
  try {
    return parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)} (--help lists the options)`);
  }
}

const NAMES = ['HTTP', 'SIP', 'HOST', 'ADVERTISE', 'DATA', 'DOMAIN', 'DAR', 'DIGEST', 'LOG_LEVEL'].map(
  (each) => `SIPLET_${each}`,
);

function checkEnvironment(env: NodeJS.ProcessEnv): void {
  const unknown = Object.keys(env).find((name) => name.startsWith('SIPLET_') && !NAMES.includes(name));
  if (unknown !== undefined) throw new UsageError(`${unknown} is not a setting; there are ${NAMES.join(', ')}`);
}

function digest(text: string): readonly ('SHA-256' | 'MD5')[] {
  const choices = { md5: ['MD5'], 'sha-256': ['SHA-256'], both: ['SHA-256', 'MD5'] } as const;
  const choice = Object.entries(choices).find(([name]) => name === text.toLowerCase());
  if (choice === undefined) throw new UsageError(`--digest ${text} is not one of md5, sha-256, both`);
  return choice[1];
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

function logLevel(text: string): string {
  if (!LEVELS.includes(text)) throw new UsageError(`--log-level ${text} is not one of ${LEVELS.join(', ')}`);
  return text;
}

function port(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new UsageError(`${name} ${text} is not a port from 0 to 65535`);
  return value;
}
