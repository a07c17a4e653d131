import type { EventStream } from 'siplet';
import { type CallBook, involves, viewOf } from './call-book.ts';
import type { Call } from './call.ts';
import type { ModelFacade } from './model-facade.ts';
import type { Registration } from './registration.entity.ts';
import type { CallView } from './view/calls-view.ts';
import type { PersonView } from './view/people-view.ts';

/** Pushes the directory and the calls to the open pages. */
export class LiveUpdates {
  readonly #model: ModelFacade;
  readonly #book: CallBook;
  readonly #viewers = new Map<EventStream, string>();
  readonly #report: (message: string, cause: unknown) => void;
  #asking = false;
  #askAgain = false;

  /** `report` hears about a database that cannot be asked. */
  constructor(model: ModelFacade, book: CallBook, report: (message: string, cause: unknown) => void) {
    this.#model = model;
    this.#book = book;
    this.#report = report;
    book.watch((call) => this.#callChanged(call));
  }

  /** The directory as it is now. */
  async people(): Promise<PersonView[]> {
    const [people, bindings] = await Promise.all([this.#model.getPeople(), this.#model.getAllBindings()]);
    const byAor = Map.groupBy(bindings, (each) => each.aor);
    return people.map(({ name, displayName, aor }) => {
      const own = byAor.get(aor) ?? [];
      return { name, displayName, ...phoneOf(own), busy: this.#book.activeOf(name) !== undefined };
    });
  }

  /** The calls of one person, newest first. */
  calls(name: string): CallView[] {
    return this.#book.of(name).map(viewOf);
  }

  /** Starts pushing to a page: everything once, then each change. */
  async open(name: string, stream: EventStream): Promise<void> {
    this.#viewers.set(stream, name);
    stream.onClose(() => this.#viewers.delete(stream));
    for (const call of this.#book.of(name).toReversed()) this.#send(stream, 'call', viewOf(call));
    await this.peopleChanged();
  }

  /** Ends the streams of one person: a logout. */
  close(name: string): void {
    for (const [stream, viewer] of this.#viewers) if (viewer === name) stream.close();
  }

  /** Tells the pages that somebody registered, left, or is in a call now. */
  async peopleChanged(): Promise<void> {
    this.#askAgain = true;
    if (this.#asking || this.#viewers.size === 0) return;
    this.#asking = true;
    try {
      // However many changes come while the database answers, one more question covers them all.
      while (this.#askAgain && this.#viewers.size > 0) {
        this.#askAgain = false;
        const people = await this.people();
        for (const stream of this.#viewers.keys()) this.#send(stream, 'people', people);
      }
    } catch (error) {
      this.#report('The directory could not be sent to the open pages: the database does not answer', error);
    } finally {
      this.#asking = false;
    }
  }

  #callChanged(call: Call): void {
    for (const [stream, name] of this.#viewers) if (involves(call, name)) this.#send(stream, 'call', viewOf(call));
    if (call.state === 'calling-first' || call.endedAt !== undefined) void this.peopleChanged();
  }

  #send(stream: EventStream, event: string, data: unknown): void {
    // A page that cannot keep up is cut off: its browser reconnects and gets everything anew.
    if (stream.isOpen() && !stream.send({ event, data })) stream.close();
  }
}

function phoneOf(bindings: readonly Registration[]): Pick<PersonView, 'registered' | 'phones' | 'contact' | 'phone'> {
  const [newest] = bindings;
  if (newest === undefined) return { registered: false, phones: 0 };
  const phone = newest.transport.startsWith('WS') ? 'browser' : 'softphone';
  return { registered: true, phones: bindings.length, contact: newest.contact, phone };
}
