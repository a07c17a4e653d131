import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, type CallView, freePort, type Person, type Vitals } from './app.ts';
import { pause, until } from './child.ts';
import { describePeers } from './describe-peers.ts';
import { phone, registerPhones, type ScenarioName, Sipp, type SippOptions } from './sipp.ts';

type Phone = readonly [ScenarioName, SippOptions['values']?, SippOptions['args']?];

interface Stage {
  readonly from: Person;
  readonly to: Person;
  readonly first: Sipp;
  readonly second: Sipp;
  readonly call: CallView;
}

/** One way in which a call can end: what the phones do, what the page does, and how the call must end. */
interface Story {
  readonly title: string;
  readonly first: Phone;
  readonly second: Phone;
  readonly act?: (stage: Stage) => Promise<void>;
  /** What must be true of the phones afterwards, where SIPp itself cannot judge it. */
  readonly verify?: (stage: Stage) => Promise<void>;
  readonly state: 'ended' | 'failed';
  readonly reason: RegExp;
  /** The SIP status the first or second leg must show. */
  readonly status?: readonly [0 | 1, number];
  /** Phones that are not asked whether all went as written: they have been frozen or are not involved. */
  readonly unasked?: readonly ('first' | 'second')[];
  readonly seconds?: number;
}

interface Outcome {
  readonly view: CallView;
  readonly afterMs: number;
}

// Each row is one of the failures in "What bad input and bad luck get".
const STORIES: readonly Story[] = [
  {
    title: 'the caller hangs up',
    first: ['hang-up', { talk: 300 }],
    second: ['answer'],
    state: 'ended',
    reason: /^Sa\d+ hung up/i,
  },
  {
    title: 'the callee hangs up',
    first: ['answer'],
    second: ['hang-up', { talk: 300 }],
    state: 'ended',
    reason: /^Sb\d+ hung up/i,
  },
  {
    title: 'both hang up at once',
    first: ['hang-up-both', { talk: 1_500 }],
    second: ['hang-up-both', { talk: 1_500 }],
    act: async ({ from, first, second, call }) => {
      // Both wake up with the time of their talk long over, so both BYEs are on the way before either arrives.
      await from.waitForState(call.id, 'connected');
      for (const each of [first, second]) each.child.process.kill('SIGSTOP');
      await pause(2_000);
      for (const each of [first, second]) each.child.process.kill('SIGCONT');
    },
    // SIPp calls it a failure when a BYE comes between its timer and its own BYE, although it answers that one too.
    verify: async ({ first, second }) => {
      await Promise.all([first.child.exited, second.child.exited]);
      for (const { log, story } of [first, second]) {
        const of = (sent: boolean, start: string): number =>
          new Set(
            log
              .filter((m) => m.sent === sent && m.firstLine.startsWith(start) && /BYE/.test(m.cseq))
              .map((m) => m.cseq),
          ).size;
        expect({ story, byes: of(true, 'BYE') + of(false, 'BYE') }).not.toMatchObject({ byes: 0 });
        expect({ story, answered: of(false, 'SIP/2.0') }).toEqual({ story, answered: of(true, 'BYE') });
        expect({ story, answers: of(true, 'SIP/2.0 200') }).toEqual({ story, answers: of(false, 'BYE') });
      }
    },
    unasked: ['first', 'second'],
    state: 'ended',
    reason: /hung up/,
  },
  {
    title: "the caller's phone is busy (486)",
    first: ['reject', { status: '486 Busy Here' }],
    second: ['mute'],
    state: 'failed',
    reason: /busy/,
    status: [0, 486],
    unasked: ['second'],
  },
  {
    title: "the caller's phone declines (603)",
    first: ['reject', { status: '603 Decline' }],
    second: ['mute'],
    state: 'failed',
    reason: /declined/,
    status: [0, 603],
    unasked: ['second'],
  },
  {
    title: "the callee's phone is busy (486)",
    first: ['answer'],
    second: ['reject', { status: '486 Busy Here' }],
    state: 'failed',
    reason: /busy/,
    status: [1, 486],
  },
  {
    title: "the callee's phone declines (603)",
    first: ['answer'],
    second: ['reject', { status: '603 Decline' }],
    state: 'failed',
    reason: /declined/,
    status: [1, 603],
  },
  {
    title: "the callee's phone cannot use the media (488)",
    first: ['answer'],
    second: ['reject', { status: '488 Not Acceptable Here' }],
    state: 'failed',
    reason: /media not compatible/i,
    status: [1, 488],
  },
  {
    title: "the callee's phone redirects (302), which is not followed",
    first: ['answer'],
    second: ['reject', { status: '302 Moved Temporarily' }],
    state: 'failed',
    reason: /elsewhere/,
    status: [1, 302],
  },
  {
    title: "the caller's phone rings and nobody answers: it is cancelled",
    first: ['no-answer'],
    second: ['mute'],
    state: 'failed',
    reason: /did not answer within 45/,
    unasked: ['second'],
    seconds: 60,
  },
  {
    title: "the callee's phone rings and nobody answers: it is cancelled before the caller's phone gives up after 32 s",
    first: ['answer'],
    second: ['no-answer'],
    state: 'failed',
    reason: /did not answer within 25/,
    seconds: 40,
  },
  {
    title: "the caller's phone never says a word (timer B, RFC 3261 §17.1.1.2)",
    first: ['mute'],
    second: ['mute'],
    state: 'failed',
    reason: /did not react|went away|reached/,
    unasked: ['first', 'second'],
    seconds: 50,
  },
  {
    title: "the callee's phone never says a word",
    first: ['answer'],
    second: ['mute'],
    state: 'failed',
    reason: /did not (react|answer)|went away|reached/,
    unasked: ['second'],
    seconds: 50,
  },
  {
    title: "the caller's phone vanishes while it rings",
    first: ['no-answer'],
    second: ['mute'],
    act: async ({ from, first, call }) => {
      await from.waitForState(call.id, 'ringing-first');
      first.child.process.kill('SIGSTOP');
    },
    state: 'failed',
    reason: /did not answer|went away/,
    unasked: ['first', 'second'],
    seconds: 60,
  },
  {
    title: "the callee's phone vanishes while it rings",
    first: ['answer'],
    second: ['no-answer'],
    act: async ({ from, second, call }) => {
      await from.waitForState(call.id, 'ringing-second');
      second.child.process.kill('SIGSTOP');
    },
    state: 'failed',
    reason: /did not answer|went away/,
    unasked: ['second'],
    seconds: 40,
  },
  {
    title: "the callee's phone vanishes in mid-call and the caller hangs up: its BYE is never answered",
    first: ['hang-up', { talk: 3_000 }],
    second: ['answer'],
    act: async ({ from, second, call }) => {
      await from.waitForState(call.id, 'connected');
      second.child.process.kill('SIGSTOP');
    },
    state: 'ended',
    reason: /hung up/,
    unasked: ['second'],
  },
  {
    title: "the caller's phone vanishes in mid-call and the callee hangs up",
    first: ['answer'],
    second: ['hang-up', { talk: 3_000 }],
    act: async ({ from, first, call }) => {
      await from.waitForState(call.id, 'connected');
      first.child.process.kill('SIGSTOP');
    },
    state: 'ended',
    reason: /hung up/,
    unasked: ['first'],
  },
  {
    title: "the caller's phone loses the ACK and sends its 200 again: it gets the ACK again (RFC 3261 §13.2.2.4)",
    // -nr: SIPp would take the second ACK for a retransmission and answer it with another 200, for ever.
    first: ['ack-again', {}, ['-nr']],
    second: ['hang-up', { talk: 2_500 }],
    state: 'ended',
    reason: /hung up/,
  },
  {
    title: "the callee's phone loses the ACK and sends its 200 again: it gets the ACK again",
    first: ['hang-up', { talk: 2_500 }],
    second: ['ack-again', {}, ['-nr']],
    state: 'ended',
    reason: /hung up/,
  },
  {
    title: "the caller hangs up while the callee's phone rings",
    first: ['early-bye', { talk: 600 }],
    second: ['no-answer'],
    state: 'ended',
    reason: /hung up before/,
  },
  {
    title: 'DELETE before any answer came: the CANCEL waits for the first one (RFC 3261 §9.1)',
    first: ['late-ringing', { silence: 700 }],
    second: ['mute'],
    act: ({ from, call }) => deleted(from, call),
    state: 'ended',
    reason: /on the page/,
    unasked: ['second'],
  },
  {
    title: "DELETE while the caller's phone rings",
    first: ['no-answer'],
    second: ['mute'],
    act: deleteIn('ringing-first'),
    state: 'ended',
    reason: /on the page/,
    unasked: ['second'],
  },
  {
    title: "DELETE while the callee's phone has not rung yet",
    first: ['answer'],
    second: ['late-ringing', { silence: 700 }],
    act: deleteIn('calling-second'),
    state: 'ended',
    reason: /on the page/,
  },
  {
    title: "DELETE while the callee's phone rings",
    first: ['answer'],
    second: ['no-answer'],
    act: deleteIn('ringing-second'),
    state: 'ended',
    reason: /on the page/,
  },
  {
    title: 'DELETE while they talk',
    first: ['answer'],
    second: ['answer'],
    act: deleteIn('connected'),
    state: 'ended',
    reason: /on the page/,
  },
  {
    title: "DELETE just when the caller's phone answers: CANCEL and 200 cross",
    first: ['cross'],
    second: ['mute'],
    act: deleteIn('ringing-first'),
    state: 'ended',
    reason: /on the page/,
    unasked: ['second'],
  },
  {
    title: "DELETE just when the callee's phone answers: CANCEL and 200 cross",
    first: ['answer'],
    second: ['cross'],
    act: deleteIn('ringing-second'),
    state: 'ended',
    reason: /on the page/,
  },
];

function optionsOf([, values, args]: Phone): SippOptions {
  return { values: values ?? {}, args: args ?? [], timeoutSeconds: 150 };
}

function deleteIn(state: string) {
  return async ({ from, call }: Stage): Promise<void> => {
    await from.waitForState(call.id, state);
    await deleted(from, call);
  };
}

async function deleted(from: Person, call: CallView): Promise<void> {
  expect(await from.hangUp(call.id)).toBe(204);
}

describePeers('each failure ends with both legs clean', ['sipp'], () => {
  let app: App;
  const outcomes = new Map<Story, Promise<Outcome>>();
  const phones: Sipp[] = [];

  beforeAll(async () => {
    app = await App.start();
    const stages: (() => Promise<Outcome>)[] = [];
    for (const [index, story] of STORIES.entries()) {
      const from = await app.signUp(`sa${index}`);
      const to = await app.signUp(`sb${index}`);
      const [first, second] = await Promise.all([
        phone(app, from.name, story.first[0], optionsOf(story.first)),
        phone(app, to.name, story.second[0], optionsOf(story.second)),
      ]);
      phones.push(first, second);
      stages.push(() => play(story, { from, to, first, second }));
    }
    for (const [index, stage] of stages.entries()) {
      const outcome = stage();
      outcome.catch(() => undefined);
      outcomes.set(STORIES[index] as Story, outcome);
      await pause(50);
    }
  }, 120_000);

  afterAll(async () => {
    await Promise.all(phones.map((each) => each.stop()));
    await app?.stop();
  }, 30_000);

  async function play(story: Story, cast: Omit<Stage, 'call'>): Promise<Outcome> {
    const begun = performance.now();
    const call = await cast.from.call(cast.to.name);
    await story.act?.({ ...cast, call });
    const view = await cast.from.waitForEnd(call.id, (story.seconds ?? 15) * 1000);
    const afterMs = performance.now() - begun;
    await story.verify?.({ ...cast, call });
    for (const side of ['first', 'second'] as const)
      if (story.unasked?.includes(side) !== true) await cast[side].succeeded(45_000);
    return { view, afterMs };
  }

  test.each(STORIES.map((story) => [story.title, story] as const))(
    '%s',
    async (_, story) => {
      const { view } = (await outcomes.get(story)) as Outcome;
      expect(view.state).toBe(story.state);
      expect(view.reason).toMatch(story.reason);
      if (story.status !== undefined)
        expect((view['legs'] as { status?: number }[])[story.status[0]]?.status).toBe(story.status[1]);
    },
    120_000,
  );

  test("a callee is not disturbed when the caller's own phone fails", () => {
    const undisturbed = STORIES.flatMap((story, index) =>
      story.second[0] === 'mute' && story.first[0] !== 'answer' ? [phones[index * 2 + 1]] : [],
    );
    expect(undisturbed.length).toBeGreaterThan(5);
    for (const each of undisturbed) expect(each?.log).toEqual([]);
  });

  test('nothing is left over: no session, no transaction, no timer of a call', async () => {
    // Each registered address of record has one application session, for its expiry. The last turn of a call may still
    // be referred to by the frame that ran it, hence one more.
    const most = STORIES.length * 2 + 1;
    let now: Vitals | undefined;
    await until(
      'all of it to go',
      async () => {
        now = await app.vitals();
        const { client, server, accepted } = now.engine;
        const { SipSession, SipApplicationSession } = now.live;
        const sessions = SipSession === 0 && (SipApplicationSession ?? 0) <= most;
        return client === 0 && server === 0 && accepted === 0 && sessions;
      },
      110_000,
      3_000,
    ).catch(() => undefined);
    expect(now?.live).toMatchObject({ SipSession: 0, ClientTransaction: 0, ServerTransaction: 0 });
    expect(now?.live['SipApplicationSession']).toBeLessThanOrEqual(most);
    expect(now?.engine).toMatchObject({ client: 0, server: 0, accepted: 0 });
    expect(app.errors).toEqual([]);
  }, 120_000);
});

describePeers('calls that cannot be placed', ['sipp'], () => {
  let app: App;
  beforeAll(async () => {
    app = await App.start({ probe: false });
  }, 30_000);
  afterAll(async () => {
    await app?.stop();
  }, 30_000);

  test('nobody logged in: 401; unknown person: 404; no phone on either side: 409', async () => {
    const response = await fetch(`${app.http}/calls`, { method: 'POST', headers: { accept: 'application/json' } });
    expect(response.status).toBe(401);
    const alice = await app.logIn('alice');
    expect((await alice.request('POST', '/calls', { to: 'nobody' })).status).toBe(404);
    expect((await alice.request('POST', '/calls', { to: 'bob' })).status).toBe(409);
    await registerPhones(app, ['alice'], await freePort());
    expect((await alice.request('POST', '/calls', { to: 'bob' })).status).toBe(409);
    expect(await alice.calls()).toEqual([]);
  }, 30_000);

  test('a phone that is in a call already: 409 for caller and callee, and the call goes on', async () => {
    const [alice, carol] = [await app.logIn('alice'), await app.logIn('carol')];
    await using first = await phone(app, 'alice', 'answer');
    await using second = await phone(app, 'bob', 'answer');
    await using third = await phone(app, 'carol', 'mute');
    const call = await alice.call('bob');
    await alice.waitForState(call.id, 'connected');
    for (const to of ['alice', 'bob']) expect((await carol.request('POST', '/calls', { to })).status).toBe(409);
    expect((await alice.request('POST', '/calls', { to: 'carol' })).status).toBe(409);
    expect((await alice.callView(call.id)).state).toBe('connected');
    expect(third.log).toEqual([]);
    expect(await alice.hangUp(call.id)).toBe(204);
    await Promise.all([first.succeeded(), second.succeeded()]);
  }, 30_000);

  describe('digest', () => {
    test('a wrong password is challenged again, and the right one works afterwards', async () => {
      await registerPhones(app, ['carol'], await freePort(), { password: 'wrong', expect: 401 });
      await registerPhones(app, ['carol'], await freePort());
    }, 30_000);

    test('an unknown user is answered exactly like a wrong password', async () => {
      await registerPhones(app, ['mallory'], await freePort(), { expect: 401 });
    }, 30_000);

    test("somebody else's address: 403", async () => {
      await registerPhones(app, ['bob'], await freePort(), { user: 'alice', password: 'alice', expect: 403 });
    }, 30_000);
  });
});
