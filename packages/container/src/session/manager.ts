import type { DialogState } from '@siplet/sip';
import type { RandomSource } from '@siplet/transport';
import type { Application } from '../application/application.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { ApplicationSession } from './application-session.ts';
import type { MailboxHost } from './mailbox.ts';
import type { SessionData } from './session-data.ts';
import { ContainerSession } from './sip-session.ts';
import { type Deliver, OutputBuffer } from './unit-of-work.ts';

/** What lives in the session layer, for leak checks. */
export interface SessionCounts {
  readonly applicationSessions: number;
  readonly sipSessions: number;
  /** Mailboxes that have work now. */
  readonly mailboxes: number;
  readonly timers: number;
  /** Entries by which sessions are found, beside their ids. */
  readonly indexEntries: number;
}

/** How a {@link SessionManager} makes sessions. */
export interface SessionManagerOptions {
  readonly random: RandomSource;
  readonly mailboxHost: MailboxHost;
  readonly deliver: Deliver;
  readonly expiry: 'creation' | 'activity';
  /** What a unit of work sends leaves at its end (with a store: after its commit) instead of at once. */
  readonly sendAfterUnit: boolean;
}

/** Bytes of a session id: 96 random bits. */
const ID_BYTES = 12;

/** Every session of the container, by id, by key and by dialog. */
export class SessionManager {
  readonly #options: SessionManagerOptions;
  readonly #applicationSessions = new Map<string, ApplicationSession>();
  readonly #byKey = new Map<string, ApplicationSession>();
  readonly #sipSessions = new Map<string, ContainerSession>();
  /** Dialogs this container is an end of. */
  readonly #dialogs = new Map<string, ContainerSession>();
  /** Dialogs that pass through a proxy here, under both directions. */
  readonly #proxied = new Map<string, ContainerSession>();
  /** Sessions of ours that have sent the first request and no dialog yet: a NOTIFY may overtake the 2xx. */
  readonly #half = new Map<string, ContainerSession>();
  #kernel: Kernel | undefined = undefined;

  constructor(options: SessionManagerOptions) {
    this.#options = options;
  }

  /** The runtime introduces itself; sessions can be made from now on. */
  attach(kernel: Kernel): void {
    this.#kernel = kernel;
  }

  /** A new application session, or the one of `key` when the application has it. */
  createApplicationSession(app: Application, key?: string): ApplicationSession {
    const existing = key === undefined ? undefined : this.byKey(app, key);
    if (existing !== undefined) return existing;
    const session = new ApplicationSession({
      kernel: this.#attached(),
      app,
      id: this.newId(),
      key,
      mailboxHost: this.#options.mailboxHost,
      outputs: new OutputBuffer(this.#options.deliver, this.#options.sendAfterUnit),
      expiry: this.#options.expiry,
    });
    this.#applicationSessions.set(session.getId(), session);
    if (key !== undefined) this.#byKey.set(keyOf(app.name, key), session);
    session.arm();
    session.tellCreated();
    return session;
  }

  byId(id: string): ApplicationSession | undefined {
    return this.#applicationSessions.get(id);
  }

  byKey(app: Application, key: string): ApplicationSession | undefined {
    return this.#byKey.get(keyOf(app.name, key));
  }

  sipSession(id: string): ContainerSession | undefined {
    return this.#sipSessions.get(id);
  }

  /** The application sessions of one application. */
  *ofApplication(app: Application): IterableIterator<ApplicationSession> {
    for (const session of this.#applicationSessions.values()) if (session.app === app) yield session;
  }

  counts(): SessionCounts {
    return {
      applicationSessions: this.#applicationSessions.size,
      sipSessions: this.#sipSessions.size,
      mailboxes: this.#options.mailboxHost.tracker.busy,
      timers: this.#options.mailboxHost.timers.active,
      indexEntries: this.#byKey.size + this.#dialogs.size + this.#proxied.size + this.#half.size,
    };
  }

  /** Makes a SIP session in an application session. */
  createSipSession(parent: ApplicationSession, data: SessionData): ContainerSession {
    const session = new ContainerSession(this.#attached(), parent, data);
    this.#sipSessions.set(data.id, session);
    parent.addSipSession(session);
    if (data.role === 'uac') this.#half.set(halfKey(data.callId, data.localTag), session);
    session.tellCreated();
    return session;
  }

  /** A session for another dialog of the same request (JSR 289 §6.2.3): same handler and attributes, its own state. */
  derive(original: ContainerSession, toTag: string): ContainerSession {
    const { data } = original;
    const session = new ContainerSession(this.#attached(), original.parent, {
      ...data,
      id: `${this.newId()}.${toTag}`,
      parentId: data.id,
      state: 'INITIAL',
      dialog: undefined,
      proxied: undefined,
      routes: [...data.routes],
      inviteUsage: false,
      subscriptions: 0,
      linkedId: undefined,
      invalidateWhenReady: data.invalidateWhenReady,
      lastFinal: 0,
    });
    session.attributes.copyFrom(original.attributes);
    session.initialRequest = original.initialRequest;
    this.#sipSessions.set(session.data.id, session);
    original.parent.addSipSession(session);
    session.tellCreated();
    return session;
  }

  /** The session of `root`'s family whose dialog has this To tag. */
  forkOf(root: ContainerSession, toTag: string): ContainerSession | undefined {
    if (tagOf(root) === toTag) return root;
    for (const session of root.parent.sipSessions()) {
      if (session.data.parentId === root.data.id && tagOf(session) === toTag) return session;
    }
    return undefined;
  }

  /** Sessions derived from `root`. */
  *derivedOf(root: ContainerSession): IterableIterator<ContainerSession> {
    for (const session of root.parent.sipSessions()) if (session.data.parentId === root.data.id) yield session;
  }

  /** Makes the session findable by its dialog, or no longer; call after each change of its dialog. */
  bind(session: ContainerSession): void {
    const { dialog, proxied, callId } = session.data;
    const key = proxied === undefined ? uaKey(dialog) : dialogKey(callId, proxied.calleeTag, proxied.callerTag);
    if (key === session.dialogKey) return;
    this.#unbind(session);
    if (key === undefined) return;
    session.dialogKey = key;
    if (proxied === undefined) this.#dialogs.set(key, session);
    else {
      this.#proxied.set(key, session);
      this.#proxied.set(dialogKey(callId, proxied.callerTag, proxied.calleeTag), session);
    }
  }

  /** The session that ends a dialog here. */
  byDialog(callId: string, localTag: string, remoteTag: string): ContainerSession | undefined {
    return this.#dialogs.get(dialogKey(callId, localTag, remoteTag));
  }

  /** The session of a proxy through which a dialog passes. */
  byProxiedDialog(callId: string, tag: string, otherTag: string): ContainerSession | undefined {
    return this.#proxied.get(dialogKey(callId, tag, otherTag));
  }

  /** The session whose first request (sent from here) has this Call-ID and From tag. */
  byHalfDialog(callId: string, localTag: string): ContainerSession | undefined {
    return this.#half.get(halfKey(callId, localTag));
  }

  /** Forgets a SIP session. */
  remove(session: ContainerSession): void {
    const { data } = session;
    this.#unbind(session);
    this.#sipSessions.delete(data.id);
    const half = halfKey(data.callId, data.localTag);
    if (this.#half.get(half) === session) this.#half.delete(half);
    const linked = data.linkedId === undefined ? undefined : this.#sipSessions.get(data.linkedId);
    if (linked?.data.linkedId === data.id) linked.data.linkedId = undefined;
    session.parent.removeSipSession(session);
  }

  /** Forgets an application session. */
  removeApplicationSession(session: ApplicationSession): void {
    this.#applicationSessions.delete(session.getId());
    if (session.key === undefined) return;
    const key = keyOf(session.app.name, session.key);
    if (this.#byKey.get(key) === session) this.#byKey.delete(key);
  }

  /** Ends every session. */
  endAll(): void {
    for (const session of this.#applicationSessions.values()) session.end();
  }

  /** A fresh id of 96 random bits. */
  newId(): string {
    return Buffer.from(this.#options.random.bytes(ID_BYTES)).toString('base64url');
  }

  #unbind(session: ContainerSession): void {
    const key = session.dialogKey;
    if (key === undefined) return;
    session.dialogKey = undefined;
    if (this.#dialogs.get(key) === session) this.#dialogs.delete(key);
    if (this.#proxied.get(key) !== session) return;
    this.#proxied.delete(key);
    const [callId = '', one = '', other = ''] = key.split('\n');
    const reverse = dialogKey(callId, other, one);
    if (this.#proxied.get(reverse) === session) this.#proxied.delete(reverse);
  }

  #attached(): Kernel {
    if (this.#kernel === undefined) throw new Error('SessionManager.attach() comes first');
    return this.#kernel;
  }
}

// Line feeds can be in none of the parts, so that keys of different dialogs never meet.
function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId}\n${localTag}\n${remoteTag}`;
}

function uaKey(dialog: DialogState | undefined): string | undefined {
  if (dialog === undefined || dialog.remoteTag === undefined) return undefined;
  return dialogKey(dialog.callId, dialog.localTag, dialog.remoteTag);
}

function halfKey(callId: string, localTag: string): string {
  return `${callId}\n${localTag}`;
}

function keyOf(application: string, key: string): string {
  return `${application}\n${key}`;
}

function tagOf(session: ContainerSession): string | undefined {
  return session.data.proxied?.calleeTag ?? session.data.dialog?.remoteTag;
}
