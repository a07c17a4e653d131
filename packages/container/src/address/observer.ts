/** Watches a view over a part of a message, so that rules hold and the message follows. */
export interface Observer {
  /** Called before a change; throws to forbid it. `what` is `user`, `host`, `display`, `param:tag` and so on. */
  before(what: string): void;
  /** Called after a change. */
  after(): void;
}
