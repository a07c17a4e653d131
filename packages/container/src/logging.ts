// Logging is pino's. A terminal gets readable lines, anything else JSON; no line ever carries an Authorization header
// or a raw control character, whatever was passed to the logger.
import { Logger } from '@siplet/api';
import { pino } from 'pino';

export { Logger };

/** Where log lines go; process.stdout fits. */
export interface LogDestination {
  write(line: string): unknown;
  readonly isTTY?: boolean;
}

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** pino's level names; 'info' when left out, 'silent' for nothing. */
  readonly level?: string;
  readonly destination?: LogDestination;
  /** Readable lines instead of JSON; by default when the destination is a terminal. */
  readonly pretty?: boolean;
  /** Epoch milliseconds for the time of a line; the system's by default. */
  readonly wallTime?: () => number;
}

/** Makes the container's own logger. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const destination: LogDestination = options.destination ?? process.stdout;
  const pretty = options.pretty ?? destination.isTTY === true;
  const { wallTime } = options;
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      ...(wallTime === undefined ? {} : { timestamp: () => `,"time":${Math.round(wallTime())}` }),
    },
    {
      write(line: string): void {
        const safe = redactLine(line);
        destination.write(pretty ? prettyLine(safe) : safe);
      },
    },
  );
}

/** A logger that writes nothing. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

// "authorization":"…", "authorization",["…"] or ["Authorization","…"] in JSON.
const KEYED = /"((?:proxy-)?authorization)"\s*([:,])\s*(\[[^\]]*\]|"(?:[^"\\]|\\.)*")/gi;
// A header line inside a JSON string, with its folded continuation lines (RFC 3261 §7.3.1).
const HEADER_LINE = /((?:proxy-)?authorization[ \t]*:[ \t]*)(?:[^"\\]|\\[^rn]|(?:\\r)?\\n(?: |\\t)|\\r(?!\\n))*/gi;
const CONTROL = /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Removes credentials from one JSON log line and escapes the control characters that JSON leaves alone. */
export function redactLine(line: string): string {
  let safe = line;
  if (/authorization/i.test(line))
    safe = safe.replace(KEYED, '"$1"$2"[redacted]"').replace(HEADER_LINE, '$1[redacted]');
  return safe.replace(CONTROL, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
};

/** Turns one JSON log line into `12:00:01.234 info  text key=value`, with the stack of an error below. */
export function prettyLine(line: string): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, err, ...fields } = record;
  const clock = typeof time === 'number' ? new Intl.DateTimeFormat('en-GB', CLOCK).format(time) : '';
  const parts = [clock, LEVELS[Number(level)] ?? String(level), oneLine(asText(msg))];
  for (const [name, value] of Object.entries(fields)) parts.push(`${name}=${fieldText(value)}`);
  return `${parts.join(' ')}${errorText(err)}\n`;
}

const CLOCK: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
};

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[\w@.:;/+-]+$/.test(value) ? value : oneLine(JSON.stringify(value) ?? '');
}

function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  const text = typeof stack === 'string' ? stack : asText(message);
  return text
    .split('\n')
    .map((each) => `\n    ${oneLine(each.trim())}`)
    .join('');
}

// A peer's text must not start a new line or move the cursor (log injection).
// oxlint-disable-next-line no-control-regex
const RAW_CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function oneLine(text: string): string {
  return text.replace(RAW_CONTROL, escapeUnit);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
