// The router of a container: one of its own, the default router with a DAR file, or none but the only application.
import { readFile } from 'node:fs/promises';
import type { SipApplicationRouter } from '@siplet/api';
import { checkApplications, DarError, DefaultApplicationRouter, formatFinding, parseDar } from '@siplet/app-router';
import type { DarFile } from '@siplet/app-router';
import { darUnreadable } from '../errors.ts';
import type { Logger } from '../logging.ts';
import { isRouter } from '../options.ts';
import type { ResolvedOptions } from '../options.ts';
import { OnlyApplicationRouter } from './only-router.ts';

/** The router and where it came from. */
export interface RouterChoice {
  readonly router: SipApplicationRouter;
  /** Nothing was configured: works for one application only. */
  readonly isFallback: boolean;
  readonly dar: DarFile | undefined;
}

/**
 * Makes the router that the options ask for.
 * @throws {ContainerError} CTR_ERR_OPT_DAR_UNREADABLE
 * @throws {DarError} with file, line and column
 */
export async function makeRouter(option: ResolvedOptions['router']): Promise<RouterChoice> {
  if (option !== undefined && isRouter(option)) return { router: option, isFallback: false, dar: undefined };
  const text = option?.darText ?? (option?.dar === undefined ? undefined : await read(option.dar));
  if (text === undefined) return { router: new OnlyApplicationRouter(), isFallback: true, dar: undefined };
  const dar = parseDar(text, option?.dar ?? 'router.darText');
  return { router: new DefaultApplicationRouter(dar), isFallback: false, dar };
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
 * Checks that every application that a DAR file names is deployed, and logs what is doubtful in the file.
 * @throws {DarError} DAR_ERR_UNKNOWN_APPLICATION
 */
export function checkDarApplications(dar: DarFile | undefined, deployed: readonly string[], logger: Logger): void {
  if (dar === undefined) return;
  for (const warning of dar.warnings) logger.warn({ code: warning.code }, formatFinding(warning));
  const findings = checkApplications(dar, deployed);
  const [first] = findings;
  if (first !== undefined) throw new DarError(first, findings);
}
