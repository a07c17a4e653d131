import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/sql';
import { UniqueConstraintViolationException } from '@mikro-orm/sql';
import { ServletError } from 'siplet';
import { type DigestSecrets, digestSecrets } from './digest-secrets.ts';
import { Person } from './person.entity.ts';
import { Registration } from './registration.entity.ts';
import type { WallClock } from './wall-clock.ts';

/** The database did not do what it was asked; `cause` says why. Over HTTP it is answered with 503. */
export class DatabaseUnavailableError extends ServletError {
  constructor(cause: unknown) {
    super('CLICK_TO_DIAL_DATABASE', 'The database cannot be used at the moment', {
      fault: 'remote',
      status: 503,
      cause,
    });
  }
}

/** One contact of a REGISTER request, its expiry already granted. */
export interface ContactUpdate {
  readonly uri: string;
  /** Seconds; 0 removes the contact. */
  readonly expires: number;
}

/** A REGISTER request that has passed every check but those against the stored bindings. */
export interface RegisterUpdate {
  readonly aor: string;
  readonly callId: string;
  readonly cseq: number;
  /** Contacts to set, or `'*'` to remove all of them. */
  readonly contacts: readonly ContactUpdate[] | '*';
  readonly transport: string;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly flowToken: string;
  readonly userAgent: string;
}

/** What came of a REGISTER: the bindings in force, or why nothing was changed. */
export type RegisterOutcome =
  | { readonly ok: true; readonly bindings: readonly Registration[]; readonly news?: 'registered' | 'left' }
  | { readonly ok: false; readonly reason: 'out-of-order' | 'too-many-contacts' };

/** What came of a sign-up. */
export type SignUpOutcome = 'ok' | 'taken' | 'bad-name' | 'bad-password';

const MAX_CONTACTS = 10; // per address of record
const DEMO_PEOPLE = ['alice', 'bob', 'carol'];
const NAME = /^[a-z][a-z0-9._-]{0,31}$/;

/** People and their registered phones: the tutorial's ModelFacade, over MikroORM. */
export class ModelFacade {
  readonly #fork: () => EntityManager;
  readonly #clock: WallClock;
  /** The SIP domain, which is the digest realm too. */
  readonly domain: string;

  /** `fork` gives a unit of work. */
  constructor(fork: () => EntityManager, options: { readonly domain: string; readonly clock: WallClock }) {
    this.#fork = fork;
    this.#clock = options.clock;
    this.domain = options.domain;
  }

  /** Milliseconds since the epoch, by the clock that expiry goes by. */
  now(): number {
    return this.#clock.now();
  }

  aorOf(name: string): string {
    return `${name}@${this.domain}`;
  }

  /** Puts alice, bob and carol where they are missing. */
  async seed(): Promise<void> {
    for (const name of DEMO_PEOPLE)
      if ((await this.getPerson(name)) === undefined) await this.#add(name, capitalised(name), name, true);
  }

  /** Someone by login name. */
  async getPerson(name: string): Promise<Person | undefined> {
    return this.#work(async (em) => (await em.findOne(Person, { aor: this.aorOf(name) })) ?? undefined);
  }

  /** Everybody of this domain, by display name. */
  async getPeople(): Promise<Person[]> {
    return this.#work((em) => em.find(Person, { aor: { $like: `%@${this.domain}` } }, { orderBy: { name: 'asc' } }));
  }

  /** Adds someone; the password is kept only as digest hashes. */
  async signUp(name: string, displayName: string, password: string): Promise<SignUpOutcome> {
    if (!NAME.test(name)) return 'bad-name';
    if (password === '' || password.length > 200) return 'bad-password';
    if ((await this.getPerson(name)) !== undefined) return 'taken';
    try {
      await this.#add(name, displayName.trim().slice(0, 64) || capitalised(name), password, false);
      return 'ok';
    } catch (error) {
      // Somebody else took the name between the question and the insert.
      if (error instanceof DatabaseUnavailableError && error.cause instanceof UniqueConstraintViolationException)
        return 'taken';
      throw error;
    }
  }

  /** Whether the password is right; takes the same time for people who do not exist. */
  async checkPassword(name: string, password: string): Promise<boolean> {
    const given = Buffer.from(digestSecrets(name, this.domain, password)['SHA-256']);
    const person = await this.getPerson(name);
    const stored = Buffer.from(person?.ha1Sha256 ?? '0'.repeat(given.length));
    return timingSafeEqual(given, stored) && person !== undefined;
  }

  /** The digest hashes of someone, for the registrar. */
  async getSecrets(name: string): Promise<DigestSecrets | undefined> {
    const person = await this.getPerson(name);
    return person === undefined ? undefined : { MD5: person.ha1Md5, 'SHA-256': person.ha1Sha256 };
  }

  /** The bindings in force of one address of record, newest first. */
  async getBindings(aor: string): Promise<Registration[]> {
    return this.#work((em) => this.#active(em, { aor }));
  }

  /** The bindings in force of everybody, newest first. */
  async getAllBindings(): Promise<Registration[]> {
    return this.#work((em) => this.#active(em, {}));
  }

  /** Applies a REGISTER request, all of it or nothing (RFC 3261 §10.3 steps 6 and 7); `sameUri` compares Contacts (§19.1.4). */
  async register(update: RegisterUpdate, sameUri: (a: string, b: string) => boolean): Promise<RegisterOutcome> {
    return this.#work((em) =>
      em.transactional(async (tx): Promise<RegisterOutcome> => {
        const now = this.#clock.now();
        await tx.nativeDelete(Registration, { aor: update.aor, expiresAt: { $lte: new Date(now) } });
        const stored = await tx.find(Registration, { aor: update.aor });
        const { contacts } = update;
        const isNamed = (each: Registration): boolean =>
          contacts === '*' || contacts.some((contact) => sameUri(contact.uri, each.contact));
        const touched = stored.filter(isNamed);
        // RFC 3261 §10.3 step 7: the same Call-ID must come with a higher CSeq, or the whole request fails.
        if (touched.some((each) => each.callId === update.callId && each.cseq >= update.cseq))
          return { ok: false, reason: 'out-of-order' };
        const kept = stored.filter((each) => !touched.includes(each));
        const wanted = contacts === '*' ? [] : contacts.filter((each) => each.expires > 0);
        if (kept.length + wanted.length > MAX_CONTACTS) return { ok: false, reason: 'too-many-contacts' };
        for (const contact of wanted) {
          const old = touched.find((each) => sameUri(contact.uri, each.contact));
          const binding = old ?? new Registration();
          if (old === undefined) tx.persist(Object.assign(binding, { id: randomUUID(), createdAt: new Date(now) }));
          Object.assign(binding, fieldsOf(update, contact, now));
          kept.push(binding);
        }
        for (const each of touched) if (!kept.includes(each)) tx.remove(each);
        await tx.flush();
        const isNew = kept.length > stored.length || kept.some((each) => !stored.includes(each));
        const news = isNew ? 'registered' : kept.length < stored.length ? 'left' : undefined;
        return { ok: true, bindings: newestFirst(kept), ...(news === undefined ? {} : { news }) };
      }),
    );
  }

  /** Removes the bindings made over a connection that has closed. Returns whose they were. */
  async dropFlow(flowToken: string): Promise<string[]> {
    return this.#drop({ flowToken });
  }

  /** Removes bindings whose connection cannot have survived a restart, and expired ones. */
  async dropStale(): Promise<void> {
    await this.#drop({
      $or: [{ transport: { $in: ['WS', 'WSS'] } }, { expiresAt: { $lte: new Date(this.#clock.now()) } }],
    });
  }

  /** Removes the expired bindings of one address of record; true when there were any. */
  async dropExpired(aor: string): Promise<boolean> {
    const expiresAt = { $lte: new Date(this.#clock.now()) };
    return (await this.#work((em) => em.nativeDelete(Registration, { aor, expiresAt }))) > 0;
  }

  async #drop(where: object): Promise<string[]> {
    return this.#work(async (em) => {
      const rows = await em.find(Registration, where);
      if (rows.length > 0) await em.nativeDelete(Registration, { id: rows.map((each) => each.id) });
      return [...new Set(rows.map((each) => each.aor))];
    });
  }

  async #active(em: EntityManager, where: object): Promise<Registration[]> {
    return newestFirst(await em.find(Registration, { ...where, expiresAt: { $gt: new Date(this.#clock.now()) } }));
  }

  async #add(name: string, displayName: string, password: string, demo: boolean): Promise<void> {
    const secrets = digestSecrets(name, this.domain, password);
    await this.#work(async (em) => {
      const person = Object.assign(new Person(), {
        aor: this.aorOf(name),
        name,
        displayName,
        ha1Md5: secrets.MD5,
        ha1Sha256: secrets['SHA-256'],
        demo,
        createdAt: new Date(this.#clock.now()),
      });
      await em.persist(person).flush();
    });
  }

  async #work<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await work(this.#fork());
    } catch (error) {
      throw new DatabaseUnavailableError(error);
    }
  }
}

function fieldsOf(update: RegisterUpdate, contact: ContactUpdate, now: number): Partial<Registration> {
  return {
    aor: update.aor,
    contact: contact.uri,
    callId: update.callId,
    cseq: update.cseq,
    transport: update.transport,
    sourceAddress: update.sourceAddress,
    sourcePort: update.sourcePort,
    flowToken: update.flowToken,
    userAgent: update.userAgent,
    expiresAt: new Date(now + contact.expires * 1000),
  };
}

function newestFirst(bindings: Registration[]): Registration[] {
  return bindings.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.contact < b.contact ? -1 : 1));
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
