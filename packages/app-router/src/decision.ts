import type { PlainData, SipApplicationRoutingDirective } from '@siplet/api';
import { ALL_METHODS, type DarFile, type DarSubscriber, type DarTuple } from './dar.ts';

/** What the router is asked, as plain data and two look-ups. */
export interface RoutingQuestion {
  readonly method: string;
  readonly directive: SipApplicationRoutingDirective;
  /** The application that made the request, `undefined` for one that came from outside. */
  readonly originator: string | undefined;
  /** What the last decision about this call left behind. */
  readonly stateInfo: PlainData | undefined;
  isDeployed(applicationName: string): boolean;
  /** The subscriber identity that a tuple asks for, `undefined` when the request has none. */
  subscriber(source: DarSubscriber): string | undefined;
}

/** Why a tuple was chosen or passed over. */
export type Verdict =
  | 'chosen'
  /** It stands before the tuple that was chosen last. */
  | 'passed'
  /** The application made this request itself. */
  | 'originator'
  /** It names the application and region that were chosen last. */
  | 'repeated'
  /** The application is not deployed. */
  | 'notDeployed'
  /** A tuple before it was chosen. */
  | 'later';

/** One tuple that was looked at. */
export interface Consideration {
  readonly list: string;
  readonly tuple: DarTuple;
  readonly verdict: Verdict;
}

/** How a decision ended: with a tuple, with none that fits, with none left, or without a list for the method. */
export type Outcome = 'chosen' | 'noneFits' | 'exhausted' | 'noList';

/** A decision of the router, with every tuple that played a part. */
export interface Decision {
  readonly file: string;
  readonly method: string;
  readonly directive: SipApplicationRoutingDirective;
  readonly outcome: Outcome;
  readonly considered: readonly Consideration[];
  readonly chosen: DarTuple | undefined;
  readonly subscriberURI: string | undefined;
  readonly stateInfo: RouterState | undefined;
}

/** The state information of the default router: where in which list it stands. */
export interface RouterState {
  readonly [key: string]: PlainData | undefined;
  readonly list: string;
  readonly index: number;
  readonly application: string;
  readonly region: string;
  readonly originator?: string;
}

/** Decides a question by a DAR; a pure function. */
export function decide(dar: DarFile, question: RoutingQuestion): Decision {
  // JSR 289 §15.2.2: NEW begins at the first tuple, CONTINUE and REVERSE go on where the call stands.
  const state = question.directive === 'NEW' ? undefined : readState(question.stateInfo);
  const originator = state === undefined ? question.originator : state.originator;
  const considered: Consideration[] = [];
  for (const list of state === undefined ? [question.method, ALL_METHODS] : [state.list]) {
    const tuples = dar.lists.get(list) ?? [];
    const chosen = consider(list, tuples, state, originator, question, considered);
    if (chosen !== undefined) {
      const stateInfo = {
        list,
        index: chosen.index,
        application: chosen.applicationName,
        region: chosen.region,
        ...(originator === undefined ? {} : { originator }),
      };
      return conclude(dar, question, 'chosen', considered, chosen, stateInfo);
    }
  }
  const outcome = state !== undefined ? 'exhausted' : considered.length === 0 ? 'noList' : 'noneFits';
  return conclude(dar, question, outcome, considered, undefined, undefined);
}

function consider(
  list: string,
  tuples: readonly DarTuple[],
  state: RouterState | undefined,
  originator: string | undefined,
  question: RoutingQuestion,
  considered: Consideration[],
): DarTuple | undefined {
  const last = state === undefined ? -1 : findLast(tuples, state);
  let chosen: DarTuple | undefined;
  for (const tuple of tuples) {
    const verdict = chosen === undefined ? judge(tuple, last, state, originator, question) : 'later';
    considered.push({ list, tuple, verdict });
    if (verdict === 'chosen') chosen = tuple;
  }
  return chosen;
}

function judge(
  tuple: DarTuple,
  last: number,
  state: RouterState | undefined,
  originator: string | undefined,
  question: RoutingQuestion,
): Verdict {
  if (tuple.index <= last) return 'passed';
  // An application must not be called for the request that it has made, or it would call itself for ever.
  if (tuple.applicationName === originator) return 'originator';
  if (tuple.applicationName === state?.application && tuple.region === state.region) return 'repeated';
  if (!question.isDeployed(tuple.applicationName) && tuple.routeModifier === 'NO_ROUTE') return 'notDeployed';
  return 'chosen';
}

// The file may have been replaced in the meantime: then the tuple is found by what it says, and a call whose tuple is gone is at its end.
function findLast(tuples: readonly DarTuple[], state: RouterState): number {
  const same = (tuple: DarTuple | undefined): boolean =>
    tuple?.applicationName === state.application && tuple.region === state.region;
  if (same(tuples[state.index])) return state.index;
  return tuples.find(same)?.index ?? Number.POSITIVE_INFINITY;
}

function conclude(
  dar: DarFile,
  question: RoutingQuestion,
  outcome: Outcome,
  considered: readonly Consideration[],
  chosen: DarTuple | undefined,
  stateInfo: RouterState | undefined,
): Decision {
  return {
    file: dar.file,
    method: question.method,
    directive: question.directive,
    outcome,
    considered,
    chosen,
    subscriberURI: chosen === undefined ? undefined : question.subscriber(chosen.subscriber),
    stateInfo,
  };
}

function readState(stateInfo: PlainData | undefined): RouterState | undefined {
  if (typeof stateInfo !== 'object' || stateInfo === null || Array.isArray(stateInfo)) return undefined;
  const { list, index, application, region, originator } = stateInfo as Readonly<Record<string, PlainData | undefined>>;
  if (typeof list !== 'string' || typeof index !== 'number') return undefined;
  if (typeof application !== 'string' || typeof region !== 'string') return undefined;
  return { list, index, application, region, ...(typeof originator === 'string' ? { originator } : {}) };
}

/** A decision in one sentence, for logs and Reason headers. */
export function describeDecision(decision: Decision): string {
  const { chosen, outcome, method, file } = decision;
  if (chosen !== undefined) {
    return `${method} goes to ${chosen.applicationName} (${chosen.region}, ${file}:${chosen.position.line})`;
  }
  if (outcome === 'noList') return `${file} has no tuple for ${method}, nor for ${ALL_METHODS}`;
  if (outcome === 'exhausted') return `${file} has no further tuple for ${method}`;
  const reasons = decision.considered.map(
    ({ tuple, verdict }) => `${tuple.applicationName} (line ${tuple.position.line}) ${VERDICT_TEXT[verdict]}`,
  );
  return `${file} has no tuple that fits ${method}: ${reasons.join(', ')}`;
}

const VERDICT_TEXT: Readonly<Record<Verdict, string>> = {
  chosen: 'was chosen',
  passed: 'has been passed',
  originator: 'made the request itself',
  repeated: 'was the last one',
  notDeployed: 'is not deployed',
  later: 'comes later',
};
