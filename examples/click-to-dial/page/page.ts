// What makes the page live: events from the server, buttons without reloading, and the phone.
import { callList, type CallView, duration, isLive, sentence } from '../src/view/calls-view.ts';
import { peopleList, type PersonView } from '../src/view/people-view.ts';
import type { Source } from './audio.ts';
import { Phone, type PhoneView } from './phone.ts';

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found;
};

const me = element('me').dataset['name'] ?? '';
const as = `as=${encodeURIComponent(me)}`;
const calls = new Map<string, CallView>();
let announced = '';

// A reload of this tab stays with this person, even when another tab has signed in as somebody else.
history.replaceState(null, '', `/?${as}`);

const phone = new Phone(me, element('remote-audio') as HTMLAudioElement, {
  pass: async () => {
    const response = await send('POST', '/phone');
    if (response.status === 401) location.assign('/');
    return (await response.json()) as {
      uri: string;
      displayName: string;
      user: string;
      password: string;
      path: string;
    };
  },
  changed: showPhone,
  heard: (level, hertz) => {
    element('meter').style.setProperty('--level', level.toFixed(2));
    element('phone').dataset['hears'] = level > 0.3 ? String(Math.round(hertz)) : '';
  },
});

connectEvents();
wireForms();
wirePhone();
void chooseSource().then(() => phone.start());
setInterval(showTimes, 500);
addEventListener('pagehide', () => phone.stop());
addEventListener('pageshow', (event) => event.persisted && location.reload());

function connectEvents(): void {
  const events = new EventSource(`/events?${as}`);
  const link = element('link');
  events.addEventListener('open', () => (link.hidden = true));
  events.addEventListener('people', (event) => showPeople(JSON.parse(event.data as string) as PersonView[]));
  events.addEventListener('call', (event) => showCall(JSON.parse(event.data as string) as CallView));
  events.addEventListener('error', () => {
    link.hidden = false;
    // The browser tries again by itself, unless the server has said no.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => void comeBack(), 1000);
  });
}

/** Waits for the server; one that has forgotten who we are shows its login page. */
async function comeBack(): Promise<void> {
  try {
    const response = await fetch(`/people?${as}`, { headers: { Accept: 'application/json' } });
    if (response.status === 401) location.assign('/');
    else if (response.ok) connectEvents();
    else setTimeout(() => void comeBack(), 2000);
  } catch {
    setTimeout(() => void comeBack(), 2000);
  }
}

function showPeople(people: PersonView[]): void {
  redraw(element('people'), peopleList(people, me).text);
}

function showCall(call: CallView): void {
  calls.set(call.id, call);
  const shown = [...calls.values()].sort((a, b) => b.startedAt - a.startedAt).slice(0, 20);
  redraw(element('calls'), callList(shown, me).text);
  showTimes();
  if (isLive(call) || call.id === phone.view.call?.id || shown[0]?.id === call.id) announce(sentence(call, me));
  if (phone.view.call?.id === call.id) showPhone(phone.view);
}

/** Only what a person wants to hear read out: one sentence for each change of a call. */
function announce(text: string): void {
  if (text === announced) return;
  announced = text;
  element('live').textContent = text;
}

/** Puts new rows in and leaves the keyboard where it was. */
function redraw(list: HTMLElement, markup: string): void {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['focus'] : undefined;
  list.innerHTML = markup;
  if (focused !== undefined) list.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

function showTimes(): void {
  for (const time of document.querySelectorAll<HTMLElement>('time[data-since]'))
    time.textContent = duration(Date.now() - Number(time.dataset['since']));
}

async function send(method: string, path: string, body: object = {}): Promise<Response> {
  return fetch(`${path}?${as}`, {
    method,
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    ...(method === 'DELETE' ? { headers: { Accept: 'application/json' } } : { body: JSON.stringify(body) }),
  });
}

function wireForms(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches('.call, .end')) return;
    event.preventDefault();
    const button = form.querySelector('button');
    void (form.matches('.call') ? placeCall(button?.dataset['call'] ?? '') : endCall(button?.dataset['end'] ?? ''));
  });
}

async function placeCall(to: string): Promise<void> {
  try {
    const response = await send('POST', '/calls', { to });
    const answer = (await response.json()) as CallView & { error?: string };
    alertUser(response.ok ? '' : (answer.error ?? 'The call could not be placed'));
  } catch {
    alertUser('The server does not answer');
  }
}

async function endCall(id: string): Promise<void> {
  try {
    await send('DELETE', `/calls/${encodeURIComponent(id)}`);
  } catch {
    alertUser('The server does not answer');
  }
}

function alertUser(text: string): void {
  const alert = element('alert');
  alert.hidden = text === '';
  alert.textContent = text;
}

function wirePhone(): void {
  element('answer').addEventListener('click', () => void phone.answer());
  element('hangup').addEventListener('click', () => {
    const { call, state } = phone.view;
    // A phone that waits for the ACK of its 200 cannot hang up by SIP yet (RFC 3261 §15); the server can.
    if (call !== undefined && state === 'waiting') void endCall(call.id);
    phone.hangUp();
  });
  element('mute').addEventListener('click', () => phone.mute(!phone.view.muted));
  for (const input of document.querySelectorAll<HTMLInputElement>('input[name=source]'))
    input.addEventListener('change', () => {
      sessionStorage.setItem('source', input.value);
      void phone.use(input.value as Source);
      showSourceHint();
    });
}

function showPhone(view: PhoneView): void {
  const card = element('phone');
  const before = card.dataset['state'];
  card.dataset['state'] = view.state;
  const [word, detail] = wordsFor(view);
  element('phone-state').textContent = word;
  element('phone-detail').textContent = detail;
  const ringing = view.state === 'ringing';
  element('answer').hidden = !ringing;
  element('hangup').hidden = !(ringing || view.state === 'waiting' || view.state === 'talking');
  element('hangup-label').textContent = ringing ? 'Decline' : 'Hang up';
  element('mute').hidden = view.state !== 'talking';
  element('mute').setAttribute('aria-pressed', String(view.muted));
  element('mute').textContent = view.muted ? 'Muted' : 'Mute';
  document.title = `${ringing ? `☎ ${view.peer ?? ''} – ` : ''}${element('me').dataset['displayName'] ?? me} · Click to dial`;
  if (ringing) {
    card.setAttribute('role', 'alertdialog');
    card.setAttribute('aria-describedby', 'phone-state phone-detail');
  } else {
    card.removeAttribute('role');
    card.removeAttribute('aria-describedby');
  }
  if (view.state !== before) moveFocus(view.state, before);
  showSourceHint(view);
}

function moveFocus(state: string, before: string | undefined): void {
  if (state === 'ringing') element('answer').focus();
  // The key that was pressed has gone; the next one to press takes its place.
  else if (before === 'ringing' && (state === 'waiting' || state === 'talking')) element('hangup').focus();
}

function wordsFor(view: PhoneView): [word: string, detail: string] {
  const peer = view.peer ?? '';
  switch (view.state) {
    case 'starting':
      return ['Starting …', 'Registering this page as a phone'];
    case 'ready':
      return ['Ready', 'This page can be called'];
    case 'lost':
      return ['Not connected', 'Trying again …'];
    case 'ringing':
      return view.call?.leg === 'first'
        ? ['Your call', `Answer, and ${peer}’s phone will ring`]
        : [`${peer} is calling`, 'Answer or decline'];
    case 'waiting':
      return [view.call?.leg === 'first' ? `Calling ${peer}` : 'Connecting …', waitingFor(view)];
    case 'talking':
      return ['Talking', `with ${peer}`];
  }
}

function waitingFor(view: PhoneView): string {
  const call = calls.get(view.call?.id ?? '');
  return call === undefined ? 'One moment' : sentence(call, me);
}

/** Two tabs with one microphone and one loudspeaker howl, so a second tab starts with the tone. */
async function chooseSource(): Promise<void> {
  const channel = new BroadcastChannel('click-to-dial');
  const others = await new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), 150);
    channel.addEventListener('message', (event) => {
      if (event.data === 'hello') channel.postMessage('here');
      else resolve(true);
    });
    channel.postMessage('hello');
  });
  const canRecord = typeof navigator.mediaDevices?.getUserMedia === 'function';
  const stored = sessionStorage.getItem('source');
  const source: Source = stored === 'tone' || (stored === null && others) || !canRecord ? 'tone' : 'microphone';
  (element(`source-${source}`) as HTMLInputElement).checked = true;
  (element('source-microphone') as HTMLInputElement).disabled = !canRecord;
  await phone.use(source);
  showSourceHint();
}

function showSourceHint(view: PhoneView = phone.view): void {
  const chosen = document.querySelector<HTMLInputElement>('input[name=source]:checked')?.value;
  const hint = element('source-hint');
  let text = '';
  if (typeof navigator.mediaDevices?.getUserMedia !== 'function')
    text = 'Browsers give the microphone only to https pages and to localhost.';
  else if (view.sending === 'tone' && chosen === 'microphone')
    text = 'The microphone cannot be used: the others hear the test tone.';
  hint.hidden = text === '';
  hint.textContent = text;
}
