import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../src/cli/main.ts';
import type { Shell } from '../src/cli/main.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const ENTRY = './fixtures/entry.ts';

class TestShell implements Shell {
  readonly env: Record<string, string | undefined>;
  readonly cwd: string;
  readonly exits: number[] = [];
  readonly listeners = new Set<() => void>();
  stdout = '';
  stderr = '';
  #started: (() => void) | undefined;

  constructor(env: Record<string, string | undefined> = {}, cwd = HERE) {
    this.env = env;
    this.cwd = cwd;
  }

  readonly out = (text: string): void => {
    this.stdout += text;
  };

  readonly error = (text: string): void => {
    this.stderr += text;
  };

  readonly onSignal = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    this.#started?.();
    return () => this.listeners.delete(listener);
  };

  readonly exit = (code: number): void => void this.exits.push(code);

  signal(): void {
    for (const listener of this.listeners) listener();
  }

  async started(): Promise<void> {
    if (this.listeners.size > 0) return;
    await new Promise<void>((resolve) => {
      this.#started = resolve;
    });
  }
}

/** Runs to the end what is expected to fail or to end by itself. */
async function run(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
  cwd = HERE,
): Promise<TestShell & { code: number }> {
  const shell = new TestShell(env, cwd);
  const code = await main(args, shell);
  return Object.assign(shell, { code });
}

const FREE = ['--sip', 'udp://127.0.0.1:0,tcp://127.0.0.1:0', '--http', '0', '--log-level', 'silent'];

describe('siplet run', () => {
  test('starts the applications of a module, prints every address and stops at the first signal', async () => {
    const shell = new TestShell({ GREETING: 'hello' });
    const ended = main(['run', ENTRY, ...FREE], shell);
    await Promise.race([shell.started(), ended]);
    expect(shell.stderr).toBe('');
    expect(shell.stdout).toMatch(
      /^siplet \d+\.\d+\.\d+\n {2}HTTP {3}http:\/\/127\.0\.0\.1:\d+\/\n {2}SIP {4}ws:\/\/127\.0\.0\.1:\d+\/sip\n {2}SIP {4}udp:\/\/127\.0\.0\.1:\d+\n {2}SIP {4}tcp:\/\/127\.0\.0\.1:\d+\n {2}Runs {3}Fixture\n$/,
    );
    const url = /http:\S+/.exec(shell.stdout)?.[0] ?? '';
    expect(await (await fetch(url)).text()).toBe('greeting from deployOptions');
    shell.signal();
    expect(await ended).toBe(0);
    expect(shell.listeners.size).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test('ends the process at the second signal', async () => {
    const shell = new TestShell();
    const ended = main(['run', ENTRY, ...FREE], shell);
    await Promise.race([shell.started(), ended]);
    shell.signal();
    shell.signal();
    expect(shell.exits).toEqual([130]);
    expect(await ended).toBe(0);
  });

  test('says in one line that a port is in use, and exits with 1', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => void blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as AddressInfo;
    const http = await run(['run', ENTRY, ...FREE.slice(0, 2), '--http', String(port), '--log-level', 'silent']);
    expect([http.code, http.stderr]).toEqual([
      1,
      `siplet: HTTP port ${port} on 127.0.0.1 is in use. Stop the other program or choose another port with http.port (or --http). [CTR_ERR_HTTP_PORT_IN_USE]\n`,
    ]);
    const sip = await run(['run', ENTRY, '--sip', `tcp://127.0.0.1:${port}`, '--http', 'off', '--log-level', 'silent']);
    expect(sip.code).toBe(1);
    expect(sip.stderr).toMatch(
      new RegExp(`^siplet: tcp://127\\.0\\.0\\.1:${port} is already in use\\..*\\[TPT_ERR_PORT_IN_USE\\]\\n$`),
    );
    await new Promise((resolve) => void blocker.close(resolve));
  });

  test('names file and line of a mistake in the router file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siplet-'));
    try {
      const dar = join(folder, 'app.dar.properties');
      await writeFile(dar, '# calls\nINVITE: ("Fixtur", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0")\n');
      const unknown = await run(['run', ENTRY, ...FREE, '--dar', dar]);
      expect(unknown.code).toBe(1);
      expect(unknown.stderr).toContain(`${dar}:2:9: No application 'Fixtur' is deployed.`);
      expect(unknown.stderr).toMatch(/Did you mean.*Fixture/i);
      const missing = await run(['run', ENTRY, ...FREE, '--dar', join(folder, 'none')]);
      expect(missing.stderr).toMatch(/^siplet: The router file .*none cannot be read: there is no such file\. /);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    [['run'], 'say which module to run: siplet run ./dist/app.js'],
    [['run', './none.js'], 'there is no module ./none.js'],
    [
      ['run', './fixtures/empty.ts'],
      './fixtures/empty.ts exports no class with @SipApplication (it exports nothingHere)',
    ],
    [['run', ENTRY, './other.js'], 'only one module can be run, and ./other.js is left over'],
    [['rnu', ENTRY], 'there is no command rnu; did you mean run?'],
    [['run', ENTRY, '--htpp', '1'], 'there is no option --htpp; did you mean --http?'],
    [['run', ENTRY, '--http', 'eighty'], '--http is "eighty"; it must be a port from 0 to 65535, or off'],
    [['run', ENTRY, '--http'], "Option '--http <value>' argument missing"],
    [
      ['run', ENTRY, '--log-level', 'loud'],
      '--log-level is "loud"; it must be one of trace, debug, info, warn, error, fatal, silent',
    ],
  ])('%j is refused with one line', async (args, message) => {
    const { code, stderr, stdout } = await run(args);
    expect([code, stderr, stdout]).toEqual([1, `siplet: ${message}\n`, '']);
  });

  test('a listener that is no address is refused with the option', async () => {
    const { code, stderr } = await run(['run', ENTRY, '--sip', 'udp:5060']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^siplet: Option sip\.listen is \["udp:5060"\]; it must be a list of addresses/);
  });
});

describe('configuration', () => {
  test('a flag goes before its variable, the variable before the file, the file before the default', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siplet-'));
    try {
      const config = { sip: 'off', http: 0, logLevel: 'silent', host: '127.0.0.3', drain: 0 };
      await writeFile(join(folder, 'siplet.config.json'), JSON.stringify(config));
      const address = async (args: readonly string[], env: Record<string, string>): Promise<string> => {
        const shell = new TestShell(env, folder);
        const ended = main(['run', relative(folder, join(HERE, ENTRY)), ...args], shell);
        await Promise.race([shell.started(), ended]);
        shell.signal();
        expect([await ended, shell.stderr]).toEqual([0, expect.stringContaining('letting calls end')]);
        return /http:\/\/([\d.]+):/.exec(shell.stdout)?.[1] ?? shell.stdout;
      };
      expect(await address([], {})).toBe('127.0.0.3');
      expect(await address([], { SIPLET_HOST: '127.0.0.2' })).toBe('127.0.0.2');
      expect(await address(['--host', '127.0.0.1'], { SIPLET_HOST: '127.0.0.2' })).toBe('127.0.0.1');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('an unknown variable or setting is an error with a suggestion', async () => {
    const env = await run(['run', ENTRY], { SIPLET_HTPP: '1' });
    expect(env.stderr).toBe('siplet: the environment variable SIPLET_HTPP is not known; did you mean SIPLET_HTTP?\n');
    const folder = await mkdtemp(join(tmpdir(), 'siplet-'));
    try {
      await writeFile(join(folder, 'my.json'), '{"htttp": 1}');
      const file = await run(['run', ENTRY, '--config', 'my.json'], {}, folder);
      expect(file.stderr).toBe('siplet: my.json: there is no setting htttp; did you mean http?\n');
      const missing = await run(['run', ENTRY], { SIPLET_CONFIG: 'none.json' }, folder);
      expect(missing.stderr).toBe('siplet: cannot read the configuration file none.json: there is no such file\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('--help and --version print to standard output and exit with 0', async () => {
  const help = await run(['--help']);
  expect([help.code, help.stderr]).toEqual([0, '']);
  for (const name of ['--sip', '--http', '--host', '--dar', '--advertise', 'SIPLET_HTTP'])
    expect(help.stdout).toContain(name);
  const version = await run(['--version']);
  expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
});
