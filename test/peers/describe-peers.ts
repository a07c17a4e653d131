import { describe, expect, test } from '@jest/globals';
import { findPeer, PACKAGES, type PeerName } from './peer.ts';

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
