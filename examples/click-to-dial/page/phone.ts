// The phone in the page: JsSIP for the signalling, WebRTC for the sound.
import JsSIP from 'jssip';
import type { RTCSession as Session } from 'jssip/lib/RTCSession';
import { listen, open, ring, type Sending, type Source } from './audio.ts';

type UserAgent = InstanceType<typeof JsSIP.UA>;

/** What the phone is doing. */
export type PhoneState = 'starting' | 'ready' | 'ringing' | 'waiting' | 'talking' | 'lost';

/** What the page shows of the phone. */
export interface PhoneView {
  readonly state: PhoneState;
  /** Who is at the other end. */
  readonly peer?: string;
  /** Which call of the page this is, and whether this is the caller's own phone. */
  readonly call?: { readonly id: string; readonly leg: 'first' | 'second' };
  readonly muted: boolean;
  /** What the other one hears at the moment. */
  readonly sending?: Source;
}

/** Who hears about the phone. */
export interface PhoneOwner {
  /** A pass to register with; rejects when nobody is signed in any more. */
  pass(): Promise<{ uri: string; displayName: string; user: string; password: string; path: string }>;
  changed(view: PhoneView): void;
  heard(level: number, hertz: number): void;
}

const REGISTER_SECONDS = 120;
const RETRY_MS = 3000;

/** A phone that registers by itself and takes one call at a time. */
export class Phone {
  readonly #owner: PhoneOwner;
  readonly #name: string;
  readonly #audio: HTMLAudioElement;
  #source: Source = 'microphone';
  #agent: UserAgent | undefined;
  #session: Session | undefined;
  #sending: Sending | undefined;
  #view: PhoneView = { state: 'starting', muted: false };
  #stopRinging: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor(name: string, audio: HTMLAudioElement, owner: PhoneOwner) {
    this.#name = name;
    this.#audio = audio;
    this.#owner = owner;
  }

  get view(): PhoneView {
    return this.#view;
  }

  /** Registers; keeps trying for as long as the page is open. */
  async start(): Promise<void> {
    try {
      const pass = await this.#owner.pass();
      const socket = new JsSIP.WebSocketInterface(`${location.origin.replace(/^http/, 'ws')}${pass.path}`);
      const agent = new JsSIP.UA({
        sockets: [socket],
        uri: pass.uri,
        display_name: pass.displayName.replaceAll(/["\\]/g, ''), // JsSIP quotes it, but does not escape
        authorization_user: pass.user,
        password: pass.password,
        register_expires: REGISTER_SECONDS,
        session_timers: false,
        user_agent: 'Click-to-dial page',
        connection_recovery_min_interval: 1,
        connection_recovery_max_interval: 5,
      });
      this.#agent = agent;
      agent.on('registered', () => this.#idle('ready'));
      agent.on('disconnected', () => this.#idle('lost'));
      agent.on('registrationFailed', () => this.#again(agent));
      agent.on('newRTCSession', (event: { originator: string; session: Session; request: unknown }) => {
        if (event.originator === 'remote') this.#incoming(event.session, event.request as IncomingRequest);
      });
      agent.start();
    } catch {
      this.#idle('lost');
      setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  /** Leaves, so that nobody calls a page that has gone. */
  stop(): void {
    this.#agent?.stop();
  }

  /** Takes the call that rings. */
  async answer(): Promise<void> {
    const session = this.#session;
    if (session === undefined || this.#view.state !== 'ringing') return;
    this.#quiet();
    this.#show({ state: 'waiting' });
    const sending = await open(this.#source, this.#name);
    if (this.#session !== session) return sending.stop();
    this.#sending = sending;
    this.#show({ sending: sending.source });
    session.answer({ mediaStream: sending.stream, pcConfig: { iceServers: [] } });
  }

  /** Declines, or hangs up. */
  hangUp(): void {
    const session = this.#session;
    if (session === undefined) return;
    if (session.isEstablished() || session.isEnded()) {
      if (!session.isEnded()) session.terminate();
    } else if (this.#view.state === 'ringing') session.terminate({ status_code: 603, reason_phrase: 'Decline' });
    else session.terminate();
    this.#over(session);
  }

  mute(muted: boolean): void {
    if (muted) this.#session?.mute({ audio: true });
    else this.#session?.unmute({ audio: true });
    this.#show({ muted });
  }

  /** Chooses what the others hear, also during a call. */
  async use(source: Source): Promise<void> {
    this.#source = source;
    const session = this.#session;
    const old = this.#sending;
    if (session === undefined || old === undefined || old.source === source) return;
    const next = await open(source, this.#name);
    const sender = session.connection?.getSenders().find((each) => each.track?.kind === 'audio');
    if (this.#session !== session || sender === undefined) return next.stop();
    await sender.replaceTrack(next.stream.getAudioTracks()[0] ?? null);
    old.stop();
    this.#sending = next;
    this.#show({ sending: next.source });
  }

  #incoming(session: Session, request: IncomingRequest): void {
    if (this.#session !== undefined) return session.terminate({ status_code: 486, reason_phrase: 'Busy Here' });
    this.#session = session;
    const identity = session.remote_identity;
    const [id, leg] = (request.getHeader('X-Click-To-Dial') ?? '').split(';leg=');
    const call = id !== undefined && id !== '' && (leg === 'first' || leg === 'second') ? { id, leg } : undefined;
    session.on('peerconnection', (event: { peerconnection: RTCPeerConnection }) => this.#hear(event.peerconnection));
    session.on('confirmed', () => this.#show({ state: 'talking' }));
    session.on('ended', () => this.#over(session));
    session.on('failed', () => this.#over(session));
    const peer = identity.display_name || identity.uri.user;
    this.#view = { state: 'ringing', muted: false, peer, ...(call === undefined ? {} : { call }) } as PhoneView;
    this.#owner.changed(this.#view);
    this.#stopRinging = ring();
  }

  #hear(connection: RTCPeerConnection): void {
    connection.addEventListener('track', (event) => {
      const stream = event.streams[0] ?? new MediaStream([event.track]);
      this.#audio.srcObject = stream;
      this.#stopListening?.();
      this.#stopListening = listen(stream, (level, hertz) => this.#owner.heard(level, hertz));
    });
  }

  #over(session: Session): void {
    if (this.#session !== session) return;
    this.#quiet();
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#sending?.stop();
    this.#sending = undefined;
    this.#session = undefined;
    this.#audio.srcObject = null;
    this.#idle(this.#agent?.isRegistered() === true ? 'ready' : 'lost');
  }

  /** The password has run out, or the server has forgotten it: a new one, and once more. */
  #again(agent: UserAgent): void {
    if (this.#agent !== agent) return;
    this.#agent = undefined;
    this.#idle('lost');
    agent.stop();
    setTimeout(() => void this.start(), RETRY_MS);
  }

  #quiet(): void {
    this.#stopRinging?.();
    this.#stopRinging = undefined;
  }

  #idle(state: PhoneState): void {
    if (this.#session !== undefined) return;
    this.#view = { state, muted: false };
    this.#owner.changed(this.#view);
  }

  #show(change: Partial<PhoneView>): void {
    this.#view = { ...this.#view, ...change };
    this.#owner.changed(this.#view);
  }
}

interface IncomingRequest {
  getHeader(name: string): string | undefined;
}
