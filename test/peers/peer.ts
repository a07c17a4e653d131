import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** The programs of other people that these tests talk to, and the Debian package of each. */
const PACKAGES = {
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

/** Where the program is; only inside {@link describePeers}, which has made sure that it is there. */
export function peerPath(name: PeerName): string {
  const path = findPeer(name);
  if (path === undefined) throw new Error(`${name} is not installed (Debian package ${PACKAGES[name]})`);
  return path;
}

/**
 * A group of tests that need programs of other people. Without one of them the group is skipped and says why;
 * with SIPLET_REQUIRE_PEERS=1 (as .ci/run sets it) a missing program is a failure.
 */
export function describePeers(title: string, peers: readonly PeerName[], body: () => void): void {
  const missing = peers.filter((peer) => findPeer(peer) === undefined);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const why = missing.map((peer) => `${peer} is not installed (Debian package ${PACKAGES[peer]})`).join(', ');
  if (process.env['SIPLET_REQUIRE_PEERS'] === '1') {
    test(`${title}: ${why}`, () => {
      expect(missing).toEqual([]);
    });
  } else {
    describe(title, () => {
      test.skip(`skipped: ${why}`, () => undefined);
    });
  }
}
