import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getSipApplicationMetadata } from '@siplet/annotations';
import { createContainer, pointUri } from '@siplet/container';
import type { Container, ContainerOptions, DeployOptions } from '@siplet/container';
import type { Settings } from './settings.ts';
import { UsageError } from './usage-error.ts';

type ApplicationClass = Parameters<Container['deploy']>[0];

/** The applications of a module, and what to deploy them with. */
export interface Entry {
  readonly applications: readonly ApplicationClass[];
  readonly deployOptions: DeployOptions;
}

/**
 * Loads the module that `siplet run` was given.
 * @throws {UsageError} when there is none, or nothing in it can be deployed
 */
export async function loadEntry(folder: string, entry: string): Promise<Entry> {
  const path = resolve(folder, entry);
  if (!existsSync(path)) throw new UsageError(`there is no module ${entry}`);
  const module = await importEntry(path, entry);
  const applications = [...new Set(Object.values(module))].filter(isApplication);
  if (applications.length === 0) {
    throw new UsageError(`${entry} exports no class with @SipApplication (it exports ${list(Object.keys(module))})`);
  }
  const { deployOptions } = module;
  const options: unknown = typeof deployOptions === 'function' ? await deployOptions() : deployOptions;
  return { applications, deployOptions: (options ?? {}) as DeployOptions };
}

async function importEntry(path: string, entry: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError && /\.[cm]?ts$/.test(entry)) {
      throw new UsageError(
        `${entry} has to be compiled first, because Node cannot read decorators: run tsc, then siplet run its .js file`,
      );
    }
    throw error;
  }
}

function isApplication(value: unknown): value is ApplicationClass {
  return typeof value === 'function' && getSipApplicationMetadata(value as ApplicationClass) !== undefined;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}

/** The options of the container for these settings. */
export function containerOptions(settings: Settings): ContainerOptions {
  const { sip, http, host, dar, advertise, logLevel } = settings;
  return {
    sip: { listen: sip, ...(advertise === undefined ? {} : { advertise }) },
    http: http === false ? false : { port: http, host },
    ...(dar === undefined ? {} : { router: { dar } }),
    logger: { level: logLevel },
  };
}

/** Makes a container, deploys and starts. */
export async function start(settings: Settings, entry: Entry): Promise<Container> {
  const container = await createContainer(containerOptions(settings));
  for (const application of entry.applications) await container.deploy(application, entry.deployOptions);
  await container.start();
  return container;
}

/** What is printed once everything is up: every address. */
export function banner(container: Container, version: string): string {
  const rows: [string, string][] = [];
  const http = container.httpAddress;
  if (http !== undefined) {
    const host = http.host.includes(':') ? `[${http.host}]` : http.host;
    for (const { config } of container.applications)
      rows.push(['HTTP', `http://${host}:${http.port}${config.contextPath}/`]);
    rows.push(['SIP', `ws://${host}:${http.port}/sip`]);
  }
  for (const point of container.sipListeningPoints)
    if (point.protocol !== 'WS') rows.push(['SIP', `${pointUri(point)}${advertised(point)}`]);
  rows.push(['Runs', container.applications.map((each) => each.name).join(', ')]);
  const lines = [...new Set(rows.map(([left, right]) => `  ${left.padEnd(6)} ${right}`))];
  return `siplet ${version}\n${lines.join('\n')}\n`;
}

function advertised(point: Container['sipListeningPoints'][number]): string {
  const shown = `${point.advertisedHost}:${point.advertisedPort}`;
  return pointUri(point).endsWith(`//${shown}`) ? '' : ` (peers are told ${shown})`;
}
