// new ── start() ──► starting ──► started ── stop() ──► stopping ──► stopped
//  │                    │                                  ▲
//  │                    └── a step failed ──► failed ──────┘ (stop() after a failure only cleans up)
//  └── stop() ──────────────────────────────────────────► stopped
import { lifecycleState } from './errors.ts';

/** Where a container is in its life. */
export type LifecycleState = 'new' | 'starting' | 'started' | 'stopping' | 'stopped' | 'failed';

const NEXT: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  new: ['starting', 'stopping'],
  starting: ['started', 'failed'],
  started: ['stopping'],
  failed: ['stopping'],
  stopping: ['stopped'],
  stopped: [],
};

/** The life cycle of one container; each state is entered once. */
export class Lifecycle {
  #state: LifecycleState = 'new';

  get state(): LifecycleState {
    return this.#state;
  }

  /**
   * Throws unless the container is in one of these states.
   * @throws {ContainerError} CTR_ERR_STATE
   */
  expect(operation: string, ...states: readonly LifecycleState[]): void {
    if (!states.includes(this.#state)) throw lifecycleState(this.#state, operation, states.join(' or '));
  }

  /**
   * Enters the next state.
   * @throws {ContainerError} CTR_ERR_STATE when the drawing above has no such arrow
   */
  enter(next: LifecycleState, operation: string): void {
    if (!NEXT[this.#state].includes(next)) {
      const from = Object.entries(NEXT).filter(([, targets]) => targets.includes(next));
      throw lifecycleState(this.#state, operation, from.map(([name]) => name).join(' or '));
    }
    this.#state = next;
  }
}
