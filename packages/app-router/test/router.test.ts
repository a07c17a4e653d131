import { describe, expect, test } from '@jest/globals';
import { ServletParseError, SipApplicationRoutingRegion, type PlainData, type SipServletRequest } from '@siplet/api';
import { DefaultApplicationRouter, describeDecision, parseDar, type Decision, type Verdict } from '@siplet/app-router';

const FILE = 'test.dar.properties';

interface FakeRequest {
  readonly method?: string;
  readonly from?: string;
  readonly to?: string;
  readonly originator?: string;
  readonly addresses?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

function request(fields: FakeRequest = {}): SipServletRequest {
  const address = (uri: string): unknown => ({ getURI: () => ({ toString: () => uri }) });
  const fake = {
    getMethod: () => fields.method ?? 'INVITE',
    getFrom: () => address(fields.from ?? 'sip:alice@example.com'),
    getTo: () => address(fields.to ?? 'sip:bob@example.com'),
    getHeader: (name: string) => fields.headers?.[name],
    getAddressHeader: (name: string) => {
      if (fields.headers?.[name] !== undefined) throw new ServletParseError('SIP_ERR_TEST', 'no address');
      const uri = fields.addresses?.[name];
      return uri === undefined ? undefined : address(uri);
    },
    getApplicationSession: () =>
      fields.originator === undefined ? undefined : { getApplicationName: () => fields.originator },
  };
  return fake as unknown as SipServletRequest;
}

const tuple = (
  app: string,
  region = 'ORIGINATING',
  modifier = 'NO_ROUTE',
  route = '',
  subscriber = 'DAR:From',
): string => `("${app}", "${subscriber}", "${region}", "${route}", "${modifier}", "")`;

function routerFor(
  text: string,
  deployed = ['A', 'B', 'C'],
): { router: DefaultApplicationRouter; decisions: Decision[] } {
  const decisions: Decision[] = [];
  const router = new DefaultApplicationRouter(parseDar(text, FILE), {
    onDecision: (decision) => decisions.push(decision),
  });
  router.applicationDeployed(deployed);
  return { router, decisions };
}

/** Asks as a container does: NEW first, then CONTINUE with the state of each answer, until nothing is left. */
function walk(router: DefaultApplicationRouter, first: FakeRequest = {}): string[] {
  const steps: string[] = [];
  let info = router.getNextApplication(request(first), undefined, 'NEW', undefined, undefined);
  while (info !== undefined && steps.length < 10) {
    const name = info.getNextApplicationName();
    steps.push(`${name} ${info.getRoutingRegion()?.getLabel()}`);
    const next = { ...first, ...(name === undefined ? {} : { originator: name }) };
    info = router.getNextApplication(
      request(next),
      info.getRoutingRegion(),
      'CONTINUE',
      undefined,
      info.getStateInfo(),
    );
  }
  return steps;
}

describe('the default application router (JSR 289 Appendix C)', () => {
  test.each<[string, string, FakeRequest, string[]]>([
    ['one tuple, one application', `INVITE: ${tuple('A')}`, {}, ['A ORIGINATING']],
    ['tuples follow one another', `INVITE: ${tuple('A')}, ${tuple('B')}`, {}, ['A ORIGINATING', 'B ORIGINATING']],
    [
      'the same application in two regions runs twice',
      `INVITE: ${tuple('A')}, ${tuple('A', 'TERMINATING')}`,
      {},
      ['A ORIGINATING', 'A TERMINATING'],
    ],
    [
      'the same application twice in one region runs once',
      `INVITE: ${tuple('A')}, ${tuple('A')}, ${tuple('B')}`,
      {},
      ['A ORIGINATING', 'B ORIGINATING'],
    ],
    [
      'the same application may come back after another',
      `INVITE: ${tuple('A')}, ${tuple('B')}, ${tuple('A')}`,
      {},
      ['A ORIGINATING', 'B ORIGINATING', 'A ORIGINATING'],
    ],
    ['an application that is not deployed is skipped', `INVITE: ${tuple('X')}, ${tuple('B')}`, {}, ['B ORIGINATING']],
    ['a method without tuples has no application', `REGISTER: ${tuple('A')}`, {}, []],
    [
      'ALL serves methods without tuples',
      `INVITE: ${tuple('A')}\nALL: ${tuple('B')}`,
      { method: 'MESSAGE' },
      ['B ORIGINATING'],
    ],
    [
      'ALL does not follow when a list has been used up',
      `INVITE: ${tuple('A')}\nALL: ${tuple('B')}`,
      {},
      ['A ORIGINATING'],
    ],
    [
      'ALL serves a method of whose tuples none fits',
      `INVITE: ${tuple('X')}\nALL: ${tuple('B')}, ${tuple('C')}`,
      {},
      ['B ORIGINATING', 'C ORIGINATING'],
    ],
    ['methods are case-sensitive (RFC 3261 §7.1)', `INVITE: ${tuple('A')}`, { method: 'invite' }, []],
    ['an application never gets the request it made itself', `INVITE: ${tuple('A')}`, { originator: 'A' }, []],
    [
      'other applications do get it, wherever they stand',
      `INVITE: ${tuple('B')}, ${tuple('A')}, ${tuple('C')}`,
      { originator: 'A' },
      ['B ORIGINATING', 'C ORIGINATING'],
    ],
    [
      'an application outside the list may make requests for those in it',
      `INVITE: ${tuple('B')}`,
      { originator: 'Z' },
      ['B ORIGINATING'],
    ],
  ])('%s', (_title, text, first, steps) => {
    expect(walk(routerFor(text).router, first)).toEqual(steps);
  });

  test('answers with region constants, routes and modifier', () => {
    const { router } = routerFor(`INVITE: ${tuple('X', 'TERMINATING', 'ROUTE', 'sip:192.0.2.1;lr')}`);
    const info = router.getNextApplication(request(), undefined, 'NEW', undefined, undefined);
    expect(info?.getRoutingRegion()).toBe(SipApplicationRoutingRegion.TERMINATING_REGION);
    expect(info?.getRoutes()).toEqual(['sip:192.0.2.1;lr']);
    expect(info?.getRouteModifier()).toBe('ROUTE');
  });

  test.each<[string, FakeRequest, string | undefined]>([
    ['DAR:From', {}, 'sip:alice@example.com'],
    ['DAR:to', {}, 'sip:bob@example.com'],
    ['DAR:P-Asserted-Identity', { addresses: { 'P-Asserted-Identity': 'tel:+1' } }, 'tel:+1'],
    ['DAR:P-Asserted-Identity', {}, undefined],
    ['DAR:Subject', { headers: { Subject: 'lunch' } }, 'lunch'],
    ['sip:all@example.com', {}, 'sip:all@example.com'],
  ])('takes the subscriber from %s', (source, fields, expected) => {
    const { router } = routerFor(`INVITE: ${tuple('A', 'ORIGINATING', 'NO_ROUTE', '', source)}`);
    const info = router.getNextApplication(request(fields), undefined, 'NEW', undefined, undefined);
    expect(info?.getNextApplicationName()).toBe('A');
    expect(info?.getSubscriberURI()).toBe(expected);
  });

  test('does not hide a failure of the request that has nothing to do with its headers', () => {
    const { router } = routerFor(`INVITE: ${tuple('A', 'ORIGINATING', 'NO_ROUTE', '', 'DAR:Subject')}`);
    const failing = Object.assign(request(), {
      getAddressHeader: () => {
        throw new RangeError('broken');
      },
    });
    expect(() => router.getNextApplication(failing, undefined, 'NEW', undefined, undefined)).toThrow('broken');
  });

  test('begins anew with NEW and goes on with CONTINUE and REVERSE (JSR 289 §15.2.2)', () => {
    const { router } = routerFor(`INVITE: ${tuple('A')}, ${tuple('B')}`);
    const state = router.getNextApplication(request(), undefined, 'NEW', undefined, undefined)?.getStateInfo();
    const ask = (directive: 'NEW' | 'CONTINUE' | 'REVERSE'): string | undefined =>
      router.getNextApplication(request(), undefined, directive, undefined, state)?.getNextApplicationName();
    expect([ask('NEW'), ask('CONTINUE'), ask('REVERSE')]).toEqual(['A', 'B', 'B']);
  });

  test('keeps its state as plain data that survives JSON', () => {
    const { router } = routerFor(`INVITE: ${tuple('A')}, ${tuple('B')}`);
    const state = router.getNextApplication(request(), undefined, 'NEW', undefined, undefined)?.getStateInfo();
    const copy = JSON.parse(JSON.stringify(state)) as PlainData;
    expect(copy).toEqual(state);
    expect(router.getNextApplication(request(), undefined, 'CONTINUE', undefined, copy)?.getNextApplicationName()).toBe(
      'B',
    );
  });

  test.each<PlainData>([
    null,
    0,
    'x',
    [],
    {},
    { list: 'INVITE' },
    { list: 'INVITE', index: '0', application: 'A', region: 'x' },
  ])('begins anew when state information is not its own: %j', (state) => {
    const { router } = routerFor(`INVITE: ${tuple('A')}`);
    expect(
      router.getNextApplication(request(), undefined, 'CONTINUE', undefined, state)?.getNextApplicationName(),
    ).toBe('A');
  });

  test('follows deployment and undeployment', () => {
    const { router } = routerFor(`INVITE: ${tuple('A')}, ${tuple('B')}`);
    router.applicationUndeployed(['A']);
    expect(walk(router)).toEqual(['B ORIGINATING']);
    router.applicationDeployed(['A']);
    expect(walk(router)).toEqual(['A ORIGINATING', 'B ORIGINATING']);
    router.destroy();
    expect(walk(router)).toEqual([]);
  });

  test('finds a call its place again after the file was replaced', () => {
    const { router } = routerFor(`INVITE: ${tuple('A')}, ${tuple('B')}`);
    const state = router.getNextApplication(request(), undefined, 'NEW', undefined, undefined)?.getStateInfo();
    const next = (): string | undefined =>
      router.getNextApplication(request(), undefined, 'CONTINUE', undefined, state)?.getNextApplicationName();
    router.configure(parseDar(`INVITE: ${tuple('C')}, ${tuple('A')}, ${tuple('B')}`, FILE));
    expect(next()).toBe('B');
    router.configure(parseDar(`INVITE: ${tuple('C')}, ${tuple('B')}`, FILE));
    expect(next()).toBeUndefined();
    router.configure(parseDar(`REGISTER: ${tuple('C')}`, FILE));
    expect(next()).toBeUndefined();
  });

  test('takes properties at init in place of a file, and without any keeps what it has', () => {
    const { router } = routerFor(`INVITE: ${tuple('A')}`);
    router.init();
    expect(walk(router)).toEqual(['A ORIGINATING']);
    router.init({ INVITE: tuple('B') });
    expect(walk(router)).toEqual(['B ORIGINATING']);
    expect(router.getDar().file).toBe('properties');
  });

  test('has no application for anything without a file', () => {
    expect(walk(new DefaultApplicationRouter())).toEqual([]);
  });
});

describe('a decision record', () => {
  const verdicts = (decision: Decision | undefined): [string, Verdict][] =>
    decision?.considered.map(({ tuple: { applicationName }, verdict }) => [applicationName, verdict]) ?? [];

  test('says of every tuple why it was chosen or not', () => {
    const { router, decisions } = routerFor(
      `INVITE: ${tuple('Z')}, ${tuple('X')}, ${tuple('A')}, ${tuple('A')}, ${tuple('B')}`,
      ['A', 'B', 'Z'],
    );
    const info = router.getNextApplication(request({ originator: 'Z' }), undefined, 'NEW', undefined, undefined);
    router.getNextApplication(request(), undefined, 'CONTINUE', undefined, info?.getStateInfo());
    expect(decisions.map(verdicts)).toEqual([
      [
        ['Z', 'originator'],
        ['X', 'notDeployed'],
        ['A', 'chosen'],
        ['A', 'later'],
        ['B', 'later'],
      ],
      [
        ['Z', 'passed'],
        ['X', 'passed'],
        ['A', 'passed'],
        ['A', 'repeated'],
        ['B', 'chosen'],
      ],
    ]);
  });

  test.each<[string, string, FakeRequest, string]>([
    [
      'the tuple that was chosen',
      `\nINVITE: ${tuple('A')}`,
      {},
      'INVITE goes to A (ORIGINATING, test.dar.properties:2)',
    ],
    [
      'that there is no list',
      `REGISTER: ${tuple('A')}`,
      {},
      'test.dar.properties has no tuple for INVITE, nor for ALL',
    ],
    [
      'why none fits',
      `INVITE: ${tuple('X')}\nALL: ${tuple('A')}`,
      { originator: 'A' },
      'test.dar.properties has no tuple that fits INVITE: X (line 1) is not deployed, A (line 2) made the request itself',
    ],
  ])('is told in a sentence: %s', (_title, text, fields, sentence) => {
    const { router } = routerFor(text);
    expect(describeDecision(router.explain(request(fields), 'NEW', undefined))).toBe(sentence);
  });

  test('tells the end of a list from a missing one', () => {
    const { router } = routerFor(`INVITE: ${tuple('A')}`);
    const { stateInfo } = router.explain(request(), 'NEW', undefined);
    const end = router.explain(request(), 'CONTINUE', stateInfo);
    expect(end.outcome).toBe('exhausted');
    expect(describeDecision(end)).toBe('test.dar.properties has no further tuple for INVITE');
  });
});
