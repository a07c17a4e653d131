import { readFile } from 'node:fs/promises';
import type { Container } from '@siplet/container';
import { helpText, parseCommand } from './arguments.ts';
import { readConfigFile } from './config-file.ts';
import { banner, loadEntry, start } from './run.ts';
import { CONFIG_VARIABLE, mergeSettings } from './settings.ts';

/** What the command uses of its process. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Calls the listener at each SIGINT or SIGTERM; the result stops that. */
  readonly onSignal: (listener: () => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

const FORCED_EXIT = 130; // 128 + SIGINT, as shells report it

/** Runs the command line and resolves with the exit code: after stop() for `run`, at once for the rest. Never rejects. */
export async function main(args: readonly string[], shell: Shell = processShell()): Promise<number> {
  try {
    const command = parseCommand(args);
    if (command.type === 'help') {
      shell.out(helpText());
      return 0;
    }
    const version = await ownVersion();
    if (command.type === 'version') {
      shell.out(`${version}\n`);
      return 0;
    }
    const file = await readConfigFile(shell.cwd, command.config ?? shell.env[CONFIG_VARIABLE]);
    const settings = mergeSettings(command.flags, shell.env, file);
    const container = await start(settings, await loadEntry(shell.cwd, command.entry));
    shell.out(banner(container, version));
    await untilStopped(container, settings.drain, shell);
    return 0;
  } catch (error) {
    shell.error(`siplet: ${oneLine(error)}\n`);
    return 1;
  }
}

async function untilStopped(container: Container, drainSeconds: number, shell: Shell): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let signals = 0;
    const forget = shell.onSignal(() => {
      signals += 1;
      if (signals > 1) {
        shell.exit(FORCED_EXIT);
        return;
      }
      shell.error('siplet: letting calls end; press Ctrl+C again to stop at once\n');
      container
        .stop({ drain: drainSeconds * 1000 })
        .finally(() => forget())
        .then(resolve, reject);
    });
  });
}

async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

// One line, whatever was thrown; the code helps to find it in the documentation.
function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const text = error.message.split('\n')[0] ?? error.name;
  return typeof code === 'string' && !text.includes(code) ? `${text} [${code}]` : text;
}

function processShell(): Shell {
  return {
    env: process.env,
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    onSignal(listener) {
      process.on('SIGINT', listener).on('SIGTERM', listener);
      return () => process.removeListener('SIGINT', listener).removeListener('SIGTERM', listener);
    },
    exit: (code) => process.exit(code),
  };
}
