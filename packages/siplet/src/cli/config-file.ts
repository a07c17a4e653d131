// siplet.config.json, .js or .ts: an object with the settings of `siplet run`.
import { access, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './usage-error.ts';

/** What a configuration file holds. */
export interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const NAMES = ['siplet.config.ts', 'siplet.config.js', 'siplet.config.mjs', 'siplet.config.json'];

/** Reads the named file, or the first usual one in the folder; undefined when there is none. */
export async function readConfigFile(folder: string, named: string | undefined): Promise<ConfigFile | undefined> {
  const path = named ?? (await firstExisting(folder));
  if (path === undefined) return undefined;
  let values: unknown;
  try {
    values = await load(resolve(folder, path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ERR_MODULE_NOT_FOUND';
    throw new UsageError(`cannot read the configuration file ${path}: ${missing ? 'there is no such file' : message}`);
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new UsageError(`${path} must contain (or export as default) an object`);
  return { path, values: values as Readonly<Record<string, unknown>> };
}

async function firstExisting(folder: string): Promise<string | undefined> {
  for (const name of NAMES) {
    try {
      await access(resolve(folder, name));
      return name;
    } catch {
      // the next one
    }
  }
  return undefined;
}

async function load(path: string): Promise<unknown> {
  if (path.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8'));
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  return module.default;
}
