// What can be configured, under which names, and which source wins: flag, then SIPLET_* variable, then file, then default.
import { suggest } from '@siplet/app-router';
import { UsageError } from './usage-error.ts';

/** The settings of `siplet run`. */
export interface Settings {
  /** SIP listeners such as udp://127.0.0.1:5060. */
  readonly sip: readonly string[];
  /** HTTP port; false for none. */
  readonly http: number | false;
  readonly host: string;
  readonly dar: string | undefined;
  readonly advertise: string | undefined;
  readonly logLevel: string;
  /** Seconds that calls have to end after the first signal. */
  readonly drain: number;
}

/** Where a value came from, for messages. */
export interface Sourced {
  readonly value: unknown;
  readonly source: string;
}

/** One setting: its names, and how its text is read. */
export interface SettingInfo {
  readonly key: keyof Settings;
  readonly flag: string;
  readonly env: string;
  readonly help: string;
  readonly argument: string;
  /** Reads a text or a value of the configuration file; undefined when it is none. */
  readonly read: (value: unknown) => unknown;
  readonly wanted: string;
}

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Every setting, in the order of the help. */
export const SETTINGS: readonly SettingInfo[] = [
  {
    key: 'sip',
    flag: 'sip',
    env: 'SIPLET_SIP',
    argument: 'URI…',
    help: 'SIP listeners; default udp and tcp on port 5060 of --host',
    wanted: 'addresses such as udp://127.0.0.1:5060, separated by commas',
    read: readList,
  },
  {
    key: 'http',
    flag: 'http',
    env: 'SIPLET_HTTP',
    argument: 'PORT',
    help: 'HTTP port, with SIP over WebSocket at /sip; default 8080; off for none',
    wanted: 'a port from 0 to 65535, or off',
    read: readPort,
  },
  {
    key: 'host',
    flag: 'host',
    env: 'SIPLET_HOST',
    argument: 'ADDR',
    help: 'address to listen on; default 127.0.0.1',
    wanted: 'an address',
    read: readText,
  },
  {
    key: 'dar',
    flag: 'dar',
    env: 'SIPLET_DAR',
    argument: 'FILE',
    help: 'router file (DAR); default: every request goes to the only application',
    wanted: 'the path of a file',
    read: readText,
  },
  {
    key: 'advertise',
    flag: 'advertise',
    env: 'SIPLET_ADVERTISE',
    argument: 'HOST[:PORT]',
    help: 'address that peers are told instead of the one listened on',
    wanted: 'a host name or address',
    read: readText,
  },
  {
    key: 'logLevel',
    flag: 'log-level',
    env: 'SIPLET_LOG_LEVEL',
    argument: 'LEVEL',
    help: `${LEVELS.join(', ')}; default info`,
    wanted: `one of ${LEVELS.join(', ')}`,
    read: (value) => (typeof value === 'string' && LEVELS.includes(value) ? value : undefined),
  },
  {
    key: 'drain',
    flag: 'drain',
    env: 'SIPLET_DRAIN',
    argument: 'SECONDS',
    help: 'time for calls to end after the first signal; default 30',
    wanted: 'a number of seconds',
    read: readSeconds,
  },
];

/** The variable that names the configuration file. */
export const CONFIG_VARIABLE = 'SIPLET_CONFIG';

/** Merges the three sources; an unknown name in any of them is an error with a suggestion. */
export function mergeSettings(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  file: { readonly path: string; readonly values: Readonly<Record<string, unknown>> } | undefined,
): Settings {
  checkEnvironment(environment);
  if (file !== undefined) checkFile(file);
  const values = new Map<string, unknown>();
  for (const info of SETTINGS) {
    const found = pick(info, flags, environment, file);
    if (found === undefined) continue;
    const value = info.read(found.value);
    if (value === undefined) throw new UsageError(`${found.source} is ${show(found.value)}; it must be ${info.wanted}`);
    values.set(info.key, value);
  }
  const host = (values.get('host') as string | undefined) ?? '127.0.0.1';
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    sip: [`udp://${shown}:5060`, `tcp://${shown}:5060`],
    http: 8080,
    host,
    dar: undefined,
    advertise: undefined,
    logLevel: 'info',
    drain: 30,
    ...(Object.fromEntries(values) as Partial<Settings>),
  };
}

/** `; did you mean "x"?` or nothing. */
export function hint(name: string, candidates: Iterable<string>): string {
  const near = suggest(name, candidates);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function pick(
  info: SettingInfo,
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  file: { readonly path: string; readonly values: Readonly<Record<string, unknown>> } | undefined,
): Sourced | undefined {
  const flag = flags[info.flag];
  if (flag !== undefined) return { value: flag, source: `--${info.flag}` };
  const variable = environment[info.env];
  if (variable !== undefined && variable !== '') return { value: variable, source: info.env };
  const value = file?.values[info.key];
  return value === undefined ? undefined : { value, source: `${file?.path ?? ''}: ${info.key}` };
}

function checkEnvironment(environment: Readonly<Record<string, string | undefined>>): void {
  const known = [...SETTINGS.map((each) => each.env), CONFIG_VARIABLE];
  for (const name of Object.keys(environment))
    if (name.startsWith('SIPLET_') && !known.includes(name))
      throw new UsageError(`the environment variable ${name} is not known${hint(name, known)}`);
}

function checkFile(file: { readonly path: string; readonly values: Readonly<Record<string, unknown>> }): void {
  const known = SETTINGS.map((each) => each.key);
  for (const name of Object.keys(file.values))
    if (!known.some((key) => key === name))
      throw new UsageError(`${file.path}: there is no setting ${name}${hint(name, known)}`);
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function readList(value: unknown): readonly string[] | undefined {
  const parts = (Array.isArray(value) ? value : [value]).flatMap((each) =>
    typeof each === 'string' ? each.split(/[\s,]+/).filter((part) => part !== '') : [undefined],
  );
  if (parts.length === 1 && parts[0] === 'off') return [];
  return parts.length > 0 && parts.every((each) => each !== undefined) ? parts : undefined;
}

function readPort(value: unknown): number | false | undefined {
  if (value === 'off' || value === false) return false;
  const port = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined;
}

function readSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds) ? seconds : undefined;
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : (JSON.stringify(value) ?? String(value));
}
