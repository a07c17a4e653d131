import type { Ms } from '@siplet/sip';
import type { Fate } from './traffic.ts';
import type { SeededRandom } from './seeded-random.ts';

/** How a link treats what is sent over it; probabilities in [0, 1]. */
export interface LinkConditions {
  readonly latencyMs: Ms;
  /** Up to this much is added to the latency; datagrams may overtake each other. */
  readonly jitterMs: Ms;
  readonly loss: number;
  readonly duplication: number;
  /** Share of datagrams that are held back by `reorderMs`. */
  readonly reorder: number;
  readonly reorderMs: Ms;
}

/** Two ends, each by address or by name. */
export type Between = readonly [string, string];

/** What happens to one datagram: its fate, and the delay of each copy. */
export interface Plan {
  readonly fate: Fate;
  readonly delays: readonly Ms[];
}

/** The conditions of all links of a network, and the dice. */
export class Links {
  readonly #random: SeededRandom;
  readonly #resolve: (nameOrAddress: string) => string;
  readonly #pairs = new Map<string, Partial<LinkConditions>>();
  readonly #cuts = new Set<string>();
  #common: LinkConditions = PERFECT;

  constructor(random: SeededRandom, resolve: (nameOrAddress: string) => string) {
    this.#random = random;
    this.#resolve = resolve;
  }

  /** Changes the conditions of one link, or of all. */
  change(change: Partial<LinkConditions>, between?: Between): void {
    if (between === undefined) {
      this.#common = { ...this.#common, ...change };
      return;
    }
    const key = this.#key(...between);
    this.#pairs.set(key, { ...this.#pairs.get(key), ...change });
  }

  /** Cuts one link, or an end from everything. */
  cut(a: string, b: string | undefined): void {
    this.#cuts.add(b === undefined ? this.#resolve(a) : this.#key(a, b));
  }

  /** Undoes `cut`; without arguments all cuts. */
  mend(a: string | undefined, b: string | undefined): void {
    if (a === undefined) this.#cuts.clear();
    else this.#cuts.delete(b === undefined ? this.#resolve(a) : this.#key(a, b));
  }

  /** True when nothing gets from one address to the other. */
  isCut(from: string, to: string): boolean {
    return (
      this.#cuts.size > 0 &&
      from !== to &&
      (this.#cuts.has(from) || this.#cuts.has(to) || this.#cuts.has(pair(from, to)))
    );
  }

  /** Decides about one datagram. */
  planDatagram(from: string, to: string): Plan {
    if (this.isCut(from, to)) return { fate: 'partitioned', delays: [] };
    const conditions = this.#conditions(from, to);
    if (this.#random.chance(conditions.loss)) return { fate: 'lost', delays: [] };
    const delays = [this.#delay(conditions, true)];
    if (this.#random.chance(conditions.duplication)) delays.push(this.#delay(conditions, true));
    return { fate: 'delivered', delays };
  }

  /** The delay of one piece of a stream; a lost segment costs its retransmission. */
  streamDelay(from: string, to: string): Ms {
    const conditions = this.#conditions(from, to);
    let delay = this.#delay(conditions, false);
    for (let resend = RETRANSMISSION_MS; this.#random.chance(Math.min(conditions.loss, 0.9)); resend *= 2)
      delay += resend;
    return delay;
  }

  #delay(conditions: LinkConditions, mayReorder: boolean): Ms {
    const jitter = conditions.jitterMs > 0 ? Math.round(this.#random.next() * conditions.jitterMs) : 0;
    const held = mayReorder && this.#random.chance(conditions.reorder) ? conditions.reorderMs : 0;
    return conditions.latencyMs + jitter + held;
  }

  #conditions(from: string, to: string): LinkConditions {
    const special = this.#pairs.size === 0 ? undefined : this.#pairs.get(pair(from, to));
    return special === undefined ? this.#common : { ...this.#common, ...special };
  }

  #key(a: string, b: string): string {
    return pair(this.#resolve(a), this.#resolve(b));
  }
}

const PERFECT: LinkConditions = { latencyMs: 1, jitterMs: 0, loss: 0, duplication: 0, reorder: 0, reorderMs: 30 };
const RETRANSMISSION_MS = 200; // the least retransmission timeout of Linux TCP

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
