// The application in virtual time, on a database in memory.
import { readFileSync } from 'node:fs';
import {
  type Browser,
  createTestContainer,
  expectNoLeaks,
  type Phone,
  type PhoneOptions,
  type TestContainer,
} from '@siplet/testing';
import { assemble, type ApplicationParts } from '../src/application.ts';
import { ClickToDial } from '../src/click-to-dial.ts';
import { type Database, openDatabase } from '../src/database.ts';
import type { CallView } from '../src/view/calls-view.ts';
import type { PersonView } from '../src/view/people-view.ts';

const EPOCH_MS = 1_750_000_000_000; // wall time while the container starts
const DAR = readFileSync(new URL('../click-to-dial.dar.properties', import.meta.url), 'utf8');

/** A running click-to-dial with browsers and phones. */
export class App implements AsyncDisposable {
  readonly t: TestContainer;
  readonly parts: ApplicationParts;
  readonly database: Database & { broken: boolean };
  readonly reports: string[];

  constructor(t: TestContainer, parts: ApplicationParts, database: Database & { broken: boolean }, reports: string[]) {
    this.t = t;
    this.parts = parts;
    this.database = database;
    this.reports = reports;
  }

  /** A phone of somebody, registered. */
  async phone(name: string, options: PhoneOptions = {}): Promise<Phone> {
    const phone = this.t.phone(`sip:${name}@example.com`, {
      password: name,
      ...options,
    });
    const { status, reason } = await phone.register();
    if (status !== 200) throw new Error(`${name} could not register: ${status} ${reason}`);
    return phone;
  }

  /** A browser in which somebody has signed in. */
  async browser(name: string): Promise<Browser> {
    const browser = this.t.browser();
    const response = await browser.post('/login', { json: { name, password: name } });
    if (response.statusCode !== 200) throw new Error(`${name} could not sign in: ${response.statusCode}`);
    return browser;
  }

  /** Lets everything end, takes the phones away, and fails when something is left or an error was logged. */
  async expectClean(options: { errors?: boolean } = {}): Promise<void> {
    this.database.broken = false;
    await this.t.clock.advance('40s');
    for (const phone of this.t.phones) if (phone.registered) await phone.unregister();
    await expectNoLeaks(this.t, { after: '70s' });
    const errors = this.t.log.filter((each) => each.level >= 50).map((each) => JSON.stringify(each));
    if (options.errors !== true && errors.length > 0) throw new Error(errors.join('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.t.stop();
    await this.database.close();
  }
}

/** Starts the application. */
export async function startApp(options: { seed?: string; folder?: string } = {}): Promise<App> {
  const { folder } = options;
  const opened = await openDatabase(folder === undefined ? { memory: true } : { folder });
  const database = {
    ...opened,
    broken: false,
    fork: () => {
      if (database.broken) throw new Error('connect ECONNREFUSED');
      return opened.fork();
    },
  };
  let t: TestContainer | undefined;
  const reports: string[] = [];
  const parts = assemble(database, {
    domain: 'example.com',
    clock: { now: () => t?.container.ports.clock.wallTime() ?? EPOCH_MS },
    sipAddress: () => '10.0.0.1:5060',
    report: (message) => void reports.push(message),
  });
  await parts.model.seed();
  t = await createTestContainer({
    epochMs: EPOCH_MS,
    apps: [[ClickToDial, parts.deployOptions]],
    dar: DAR,
    seed: options.seed ?? 'click',
  });
  return new App(t, parts, database, reports);
}

/** A call as a browser sees it now. */
export async function callOf(browser: Browser, id: string): Promise<CallView> {
  return (await browser.get(`/calls/${id}`, { acceptJson: true })).json<CallView>();
}

/** Places a call, which must be accepted. */
export async function place(browser: Browser, to: string): Promise<CallView> {
  const response = await browser.post('/calls', { json: { to } });
  if (response.statusCode !== 202) throw new Error(`the call was refused: ${response.statusCode} ${response.body}`);
  return response.json<CallView>();
}

/** The directory as a browser sees it now. */
export async function peopleOf(browser: Browser): Promise<Map<string, PersonView>> {
  const people = (await browser.get('/people', { acceptJson: true })).json<PersonView[]>();
  return new Map(people.map((each) => [each.name, each]));
}
