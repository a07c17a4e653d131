// The directory, drawn by the server for the first page and by the page for every change.
import { type Html, html } from './html.ts';

/** Somebody in the directory, as `GET /people` tells it. */
export interface PersonView {
  readonly name: string;
  readonly displayName: string;
  /** Whether a phone of this person is registered. */
  readonly registered: boolean;
  /** The Contact of the phone that would be called. */
  readonly contact?: string;
  readonly phone?: 'browser' | 'softphone';
  /** How many phones are registered. */
  readonly phones: number;
  /** Whether this person is in a call. */
  readonly busy: boolean;
}

/** The people as rows, oneself first. */
export function peopleList(people: readonly PersonView[], me: string): Html {
  const own = people.find((each) => each.name === me);
  const rows = [...people].sort((a, b) => Number(b.name === me) - Number(a.name === me));
  return html`${rows.map((person) => row(person, me, own))}`;
}

function row(person: PersonView, me: string, own: PersonView | undefined): Html {
  const mine = person.name === me;
  const state = stateOf(person);
  return html`<li class="person" data-person="${person.name}" data-state="${state.key}">
    ${avatar(person.name, person.displayName)}
    <div class="who">
      <span class="name">${person.displayName}${mine && html` <span class="you">you</span>`}</span>
      <span class="state"><span class="dot" data-state="${state.key}"></span>${state.text}</span>
      ${person.contact !== undefined && html`<span class="contact" title="${person.contact}">${person.contact}</span>`}
    </div>
    ${!mine && callButton(person, me, whyNot(person, own))}
  </li>`;
}

function callButton(person: PersonView, me: string, why: string | undefined): Html {
  return html`<form method="post" action="/calls" class="call">
    <input type="hidden" name="to" value="${person.name}" />
    <input type="hidden" name="as" value="${me}" />
    <button
      type="submit"
      class="primary"
      data-call="${person.name}"
      data-focus="call-${person.name}"
      ${why !== undefined && html`disabled title="${why}"`}
    >
      <span aria-hidden="true" class="icon phone"></span>Call<span class="hidden"> ${person.displayName}</span>
    </button>
  </form>`;
}

function whyNot(person: PersonView, own: PersonView | undefined): string | undefined {
  if (own?.registered !== true) return 'Your own phone is not registered yet';
  if (!person.registered) return `${person.displayName} has no registered phone`;
  if (own.busy) return 'You are in a call';
  return person.busy ? `${person.displayName} is in a call` : undefined;
}

function stateOf(person: PersonView): { key: string; text: string } {
  if (person.busy) return { key: 'busy', text: 'In a call' };
  if (!person.registered) return { key: 'away', text: 'No phone registered' };
  const phone = person.phone === 'browser' ? 'Phone in a browser' : 'Softphone';
  return { key: 'ready', text: person.phones > 1 ? `${person.phones} phones, newest: ${phone.toLowerCase()}` : phone };
}

const HUES = 6; // colours in the style sheet

/** A round picture with the first letter. */
export function avatar(name: string, displayName: string): Html {
  let sum = 0;
  for (const unit of name) sum = (sum * 5 + (unit.codePointAt(0) ?? 0)) % 9973;
  return html`<span class="avatar" data-hue="${sum % HUES}" aria-hidden="true"
    >${Array.from(displayName)[0] ?? '?'}</span
  >`;
}
