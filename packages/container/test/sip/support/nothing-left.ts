import { expect } from '@jest/globals';
import { expectNoLeaks as expectNothingCounted } from '@siplet/testing';
import type { Duration, TestContainer } from '@siplet/testing';

/** Nothing is left: no session, transaction, timer or mailbox, and no index entry that would find one. */
export async function expectNoLeaks(t: TestContainer, options: { after?: Duration } = {}): Promise<void> {
  await expectNothingCounted(t, options);
  expect(t.container.runtime.sessions.counts()).toEqual({
    applicationSessions: 0,
    sipSessions: 0,
    mailboxes: 0,
    timers: 0,
    indexEntries: 0,
  });
}
