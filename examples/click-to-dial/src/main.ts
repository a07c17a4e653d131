import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { createContainer, type Container } from 'siplet';
import { assemble } from './application.ts';
import { isOver } from './call.ts';
import { ClickToDial } from './click-to-dial.ts';
import { type Database, openDatabase } from './database.ts';
import { HELP, type Options, readOptions, UsageError } from './options.ts';

const DRAIN_MS = 5_000;

/** Starts the example and keeps it running until SIGINT or SIGTERM. */
export async function main(args: readonly string[] = process.argv.slice(2)): Promise<void> {
  try {
    const options = readOptions(
      args,
      process.env,
      fileURLToPath(new URL('../click-to-dial.dar.properties', import.meta.url)),
    );
    if (options === undefined) return void process.stdout.write(HELP);
    const { container, database } = await start(options);
    process.stdout.write(banner(container, database, options, performance.now()));
    stopOnSignals(container, database);
  } catch (error) {
    process.stderr.write(`click-to-dial: ${explain(error)}\n`);
    process.exitCode = 1;
  }
}

async function start(options: Options): Promise<{ container: Container; database: Database }> {
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const container = await createContainer({
    sip: {
      listen: [`udp://${host}:${options.sipPort}`, `tcp://${host}:${options.sipPort}`],
      ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
    },
    http: { port: options.httpPort, host: options.host },
    router: { dar: options.dar },
    logger: { level: options.logLevel },
  });
  const database = await open(options);
  try {
    const parts = assemble(database, {
      domain: options.domain,
      digest: options.digest,
      clock: { now: () => container.ports.clock.wallTime() },
      sipAddress: () => sipAddress(container),
      report: (message, cause) => container.logger.warn({ err: cause }, message),
    });
    parts.book.watch((call) => {
      const news = isOver(call) ? `${call.state}: ${call.reason ?? ''}` : 'begins';
      if (isOver(call) || call.state === 'calling-first')
        container.logger.info({ call: call.id }, `Call ${call.from} → ${call.to} ${news}`);
    });
    await parts.model.seed();
    await container.deploy(ClickToDial, parts.deployOptions);
    await container.start();
    return { container, database };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function open(options: Options): Promise<Database> {
  try {
    return await openDatabase(options.database);
  } catch (error) {
    const place =
      'url' in options.database
        ? 'DATABASE_URL'
        : `the data folder ${'folder' in options.database ? options.database.folder : ''}`;
    const remedy =
      'url' in options.database
        ? 'check that the server is up and the account may create tables'
        : 'choose a folder you may write to with --data DIR';
    throw new UsageError(`cannot use ${place}: ${reasonOf(error)}; ${remedy}`);
  }
}

function sipAddress(container: Container): string | undefined {
  const point = container.sipListeningPoints.find((each) => each.protocol === 'UDP');
  return point === undefined ? undefined : `${point.advertisedHost}:${point.advertisedPort}`;
}

function banner(container: Container, database: Database, options: Options, tookMs: number): string {
  const http = container.httpAddress;
  const local = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(http?.host ?? '');
  const shown = options.advertise ?? (local ? 'localhost' : options.host);
  const page = `${shown}:${http?.port ?? options.httpPort}`;
  const points = container.sipListeningPoints.filter((each) => each.protocol !== 'WS');
  const sip = [`ws://${page}/sip`, ...points.map(advertised)];
  return `
  Click to dial                                            ready in ${(tookMs / 1000).toFixed(1)} s

  Open        http://${page}
              sign in as alice, then open a second tab as bob, and call
  SIP         ${sip.join('   ')}
  Domain      ${options.domain}     accounts alice, bob and carol, password = name
  Data        ${database.description}
  Routing     ${options.dar}

  Stop with Ctrl+C.

`;
}

/** What a phone on the network is given; a listener on every address is none. */
function advertised(point: Container['sipListeningPoints'][number]): string {
  return `${point.protocol.toLowerCase()}://${point.advertisedHost}:${point.advertisedPort}`;
}

function stopOnSignals(container: Container, database: Database): void {
  const stop = async (): Promise<void> => {
    // A second signal ends the process at once.
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
    await container.stop({ drain: DRAIN_MS });
    await database.close();
  };
  const onSignal = (): void => void stop();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

/** One line that says what is wrong and what to do. */
function explain(error: unknown): string {
  return error instanceof UsageError ? error.message : reasonOf(error);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message === '' && error.cause !== undefined ? reasonOf(error.cause) : error.message;
  const code =
    'code' in error && typeof error.code === 'string' && !text.includes(error.code) ? ` (${error.code})` : '';
  return `${text.split('\n')[0] ?? ''}${code}`;
}
