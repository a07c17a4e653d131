// The router of a container: one of its own, the default router with a DAR file, or none but the only application.
import { readFile } from 'node:fs/promises';
import type { SipApplicationRouter } from '@siplet/api';
import { DefaultApplicationRouter, parseDar } from '@siplet/app-router';
import type { DarFile } from '@siplet/app-router';
import { darUnknownApplication, darUnreadable } from '../errors.ts';
import { isRouter } from '../options.ts';
import type { ResolvedOptions } from '../options.ts';
import { OnlyApplicationRouter } from './only-router.ts';
import { didYouMean } from './suggest.ts';

/** The router and where it came from. */
export interface RouterChoice {
  readonly router: SipApplicationRouter;
  /** Nothing was configured: works for one application only. */
  readonly isFallback: boolean;
  readonly dar: { readonly file: string; readonly content: DarFile } | undefined;
}

/**
 * Makes the router that the options ask for.
 * @throws {ContainerError} CTR_ERR_OPT_DAR_UNREADABLE
 */
export async function makeRouter(option: ResolvedOptions['router']): Promise<RouterChoice> {
  if (option !== undefined && isRouter(option)) return { router: option, isFallback: false, dar: undefined };
  const file = option?.dar ?? 'router.darText';
  const text = option?.darText ?? (option?.dar === undefined ? undefined : await read(option.dar));
  if (text === undefined) return { router: new OnlyApplicationRouter(), isFallback: true, dar: undefined };
  const content = parseDar(text, file);
  return { router: new DefaultApplicationRouter(content), isFallback: false, dar: { file, content } };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw darUnreadable.because(error, file, READ_ERRORS.get(code ?? '') ?? message);
  }
}

const READ_ERRORS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a folder'],
]);

/**
 * Checks that every application that a DAR file names is deployed.
 * @throws {ContainerError} CTR_ERR_DAR_UNKNOWN_APPLICATION
 */
export function checkDarApplications(choice: RouterChoice, deployed: readonly string[]): void {
  if (choice.dar === undefined) return;
  for (const entry of choice.dar.content.entries) {
    for (const { applicationName, line } of entry.tuples) {
      if (deployed.includes(applicationName)) continue;
      throw darUnknownApplication(choice.dar.file, line, applicationName, didYouMean(applicationName, deployed));
    }
  }
}
