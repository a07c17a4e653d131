import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs of other people that these tests talk to, and the Debian package of each. */
export const PACKAGES = {
  sipp: 'sip-tester',
  baresip: 'baresip-core',
  linphonec: 'linphone-cli',
  sipsak: 'sipsak',
  chromium: 'chromium',
  pg_ctlcluster: 'postgresql',
} as const;

export type PeerName = keyof typeof PACKAGES;

/** Where the program is, or undefined when this machine has none. */
export function findPeer(name: PeerName): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** Where the program is; throws when this machine has none. */
export function peerPath(name: PeerName): string {
  const path = findPeer(name);
  if (path === undefined) throw new Error(`${name} is not installed (Debian package ${PACKAGES[name]})`);
  return path;
}
