import { parseArgs } from 'node:util';
import { hint, SETTINGS } from './settings.ts';
import { UsageError } from './usage-error.ts';

/** A command line, understood. */
export type Command =
  | { readonly type: 'help' }
  | { readonly type: 'version' }
  | {
      readonly type: 'run';
      readonly entry: string;
      readonly flags: Readonly<Record<string, unknown>>;
      readonly config: string | undefined;
    };

const COMMANDS = ['run', 'help', 'version'];
const FLAGS = [...SETTINGS.map((each) => each.flag), 'config', 'help', 'version'];
const SIP_URI = /^(?:udp|tcp):\/\//i;

/**
 * Reads the arguments after the program's name.
 * @throws {UsageError} for unknown names, with a suggestion
 */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values['help'] === true) return { type: 'help' };
  if (values['version'] === true) return { type: 'version' };
  const [command, ...rest] = positionals;
  if (command === undefined || command === 'help') return { type: 'help' };
  if (command === 'version') return { type: 'version' };
  if (command !== 'run') throw new UsageError(`there is no command ${command}${hint(command, COMMANDS)}`);
  // `--sip udp://… tcp://…`: what looks like a listener and follows is one.
  const listeners = rest.filter((each) => SIP_URI.test(each));
  const [entry, ...others] = rest.filter((each) => !SIP_URI.test(each));
  if (entry === undefined) throw new UsageError('say which module to run: siplet run ./dist/app.js');
  if (others.length > 0) throw new UsageError(`only one module can be run, and ${others.join(', ')} is left over`);
  const { config, sip, ...flags } = values;
  const uris = [...(Array.isArray(sip) ? sip : []), ...listeners];
  return {
    type: 'run',
    entry,
    flags: uris.length === 0 ? flags : { ...flags, sip: uris },
    config: typeof config === 'string' ? config : undefined,
  };
}

function parse(args: readonly string[]): { values: Record<string, unknown>; positionals: string[] } {
  for (const argument of args) {
    if (argument === '--') break;
    const name = /^--(?<name>[^=]+)/.exec(argument)?.groups?.['name'];
    if (name !== undefined && !FLAGS.includes(name))
      throw new UsageError(`there is no option --${name}${withDashes(hint(name, FLAGS))}`);
  }
  try {
    const options = Object.fromEntries(
      SETTINGS.map(({ flag }) => [flag, { type: 'string' as const, multiple: flag === 'sip' }]),
    );
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...options,
        config: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
    return { values, positionals };
  } catch (error) {
    // Node's message goes on with advice about positional arguments.
    const { message } = error as Error;
    throw new UsageError(message.replace(/[\n.][^]*$/, ''));
  }
}

function withDashes(text: string): string {
  return text.replace('did you mean ', 'did you mean --');
}

/** The text of `siplet --help`. */
export function helpText(): string {
  const rows = SETTINGS.map(({ flag, argument, env, help }) => [`--${flag} ${argument}`, `${help} (${env})`]);
  rows.push(['--config FILE', 'settings; default siplet.config.ts, .js, .mjs or .json in this folder (SIPLET_CONFIG)']);
  rows.push(['-h, --help', 'this text'], ['-v, --version', 'the version']);
  return [
    'Usage: siplet run ENTRY [options]',
    '',
    'Runs the applications that the module ENTRY exports (classes with @SipApplication); what it exports as',
    '`deployOptions` (an object, or a function that returns one) is passed to deploy().',
    '',
    ...rows.map(([left = '', right = '']) => `  ${left.padEnd(24)} ${right}`),
    '',
    'An option goes before its variable, the variable before the file.',
    'SIGINT and SIGTERM let calls end; a second signal ends the process at once.',
    '',
  ].join('\n');
}
