import { type Call, isOver } from './call.ts';
import type { CallView } from './view/calls-view.ts';

const MAX_ENDED_CALLS = 200; // older ones fall out

/** The calls going on and the last ones that ended, for the page. The calls themselves live in their application sessions. */
export class CallBook {
  readonly #calls = new Map<string, Call>();
  /** Calls that are over, oldest ending first. */
  readonly #ended: string[] = [];
  /** Who is in which call. */
  readonly #busy = new Map<string, Call>();
  readonly #watchers = new Set<(call: Call) => void>();

  /** Calls `watcher` after each change of a call. */
  watch(watcher: (call: Call) => void): void {
    this.#watchers.add(watcher);
  }

  /** Enters a new call, or says that one has changed. */
  changed(call: Call): void {
    this.#calls.set(call.id, call);
    for (const name of [call.from, call.to]) {
      if (!isOver(call)) this.#busy.set(name, call);
      else if (this.#busy.get(name) === call) this.#busy.delete(name);
    }
    if (isOver(call)) this.#keep(call.id);
    for (const watcher of this.#watchers) watcher(call);
  }

  get(id: string): Call | undefined {
    return this.#calls.get(id);
  }

  /** Everything somebody took or takes part in, newest first. */
  of(name: string): Call[] {
    return [...this.#calls.values()].filter((call) => involves(call, name)).toReversed();
  }

  /** The calls that are not over. */
  active(): Call[] {
    return [...new Set(this.#busy.values())];
  }

  /** The call somebody is in at the moment. */
  activeOf(name: string): Call | undefined {
    return this.#busy.get(name);
  }

  /** How many calls are kept, ended ones included. */
  get size(): number {
    return this.#calls.size;
  }

  #keep(id: string): void {
    if (this.#ended.includes(id)) return;
    this.#ended.push(id);
    const oldest = this.#ended.length > MAX_ENDED_CALLS ? this.#ended.shift() : undefined;
    if (oldest !== undefined) this.#calls.delete(oldest);
  }
}

/** Whether somebody is one of the two people of a call. */
export function involves(call: Call, name: string): boolean {
  return call.from === name || call.to === name;
}

/** What `GET /calls` and the event stream say about a call. */
export function viewOf(call: Call): CallView {
  return {
    id: call.id,
    from: call.from,
    to: call.to,
    state: call.state,
    ...defined('reason', call.reason),
    ...defined('endedBy', call.endedBy),
    startedAt: call.startedAt,
    ...defined('connectedAt', call.connectedAt),
    ...defined('endedAt', call.endedAt),
    legs: call.legs.map((leg) => ({
      name: leg.name,
      displayName: leg.displayName,
      state: leg.state,
      ...defined('status', leg.status),
      ...defined('reason', leg.reason),
    })),
  };
}

function defined<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
