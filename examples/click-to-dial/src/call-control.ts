import { randomUUID } from 'node:crypto';
import type {
  Flow,
  ServletTimer,
  SipApplicationSession,
  SipFactory,
  SipServletContext,
  SipServletRequest,
  SipServletResponse,
  SipSession,
  TimerService,
} from 'siplet';
import type { CallBook } from './call-book.ts';
import { broken, endedOnPage, noAnswer, tooLong, vanished } from './call-words.ts';
import { type Call, type Ending, finish, isOver, legOf, newCall, type Side } from './call.ts';
import { probe, PROBE_MS } from './liveness.ts';
import { DatabaseUnavailableError, type ModelFacade } from './model-facade.ts';
import type { Person } from './person.entity.ts';
import { type Reach, reach } from './reach.ts';
import { isWebMedia, refuseOffer } from './sdp.ts';
import type { WallClock } from './wall-clock.ts';

/** How far the signalling of a leg is; plain data in the SIP session's attribute `signalling`. */
export type Signalling = 'inviting' | 'answered' | 'confirmed' | 'over';

/** What a timer of a call has to do; plain data. */
export type CallTimer = { readonly type: 'ring'; readonly side: Side } | { readonly type: 'probe' };

/** Why a call was not even tried; the status is that of the HTTP response. */
export interface PlaceProblem {
  readonly status: 404 | 409;
  readonly error: string;
}

/** The parts of the container that calls need. */
export interface CallTools {
  readonly sipFactory: SipFactory;
  readonly timers: TimerService;
  readonly context: SipServletContext;
}

// The caller's 200 stays unacknowledged while the callee's phone rings, and every phone gives up after 32 s (64*T1).
const SECOND_RING_SECONDS = 25;
const FIRST_RING_SECONDS = 45;
/** A call that nobody ends is forgotten after so long. */
export const MAX_HOURS = 4;

/** Starts and ends click-to-dial calls; what happens in between comes in through CallSipServlet. */
export class CallControl {
  readonly book: CallBook;
  readonly #model: ModelFacade;
  readonly #clock: WallClock;
  /** The application sessions of the calls that have one, by call, and the other way round. */
  readonly #sessions = new Map<string, SipApplicationSession>();
  readonly #calls = new Map<string, Call>();
  #tools: CallTools | undefined;

  constructor(book: CallBook, model: ModelFacade, clock: WallClock) {
    this.book = book;
    this.#model = model;
    this.#clock = clock;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#clock.now();
  }

  /** Called once, by CallSipServlet. */
  start(tools: CallTools): void {
    this.#tools = tools;
  }

  /** Rings the caller's phone; everything else follows from its answer. */
  async place(from: Person, to: Person): Promise<Call | PlaceProblem> {
    const first = await this.reachOf(from.name);
    if (first === undefined)
      return conflict('You have no registered phone: start the phone on this page, or a softphone');
    if (from.name === to.name) return conflict('You cannot call yourself');
    const second = await this.reachOf(to.name);
    if (second === undefined) return conflict(`${to.displayName} has no registered phone`);
    // Nothing is awaited between this question and `changed`, so two clicks cannot both find the line free.
    if (this.book.activeOf(from.name) !== undefined) return conflict('You are busy: you are in a call already');
    if (this.book.activeOf(to.name) !== undefined) return conflict(`${to.displayName} is busy: in a call already`);
    const call = newCall(randomUUID(), from, to, this.now());
    this.book.changed(call);
    const session = this.#needs().sipFactory.createApplicationSession();
    try {
      await session.runInSession(() => this.#inviteFirst(session, call, first, second));
    } catch (error) {
      // Whatever went wrong, the two people must not stay busy.
      if (finish(call, broken(), this.now())) this.book.changed(call);
      throw error;
    }
    return call;
  }

  /** Ends a call at whatever stage it is. */
  async endFromPage(call: Call, who: string): Promise<void> {
    await this.#inSessionOf(call, (session) => this.end(session, call, endedOnPage(who)));
  }

  /** The way to the newest phone of somebody that can be reached, `undefined` when there is none. */
  async reachOf(name: string): Promise<Reach | undefined> {
    const { context, sipFactory } = this.#needs();
    for (const binding of await this.#model.getBindings(this.#model.aorOf(name))) {
      const uri = sipFactory.createURI(binding.contact);
      if (!uri.isSipURI()) continue;
      const way = reach(binding, { host: uri.getHost() }, (token) => context.getFlow(token)?.isActive() === true);
      if (way !== undefined) return way;
    }
    return undefined;
  }

  /** The way to the callee now, or as it was when the call began if the database does not answer. */
  async reachSecond(session: SipApplicationSession, call: Call): Promise<Reach | undefined> {
    try {
      return await this.reachOf(call.to);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      return session.getAttribute('second') as Reach | undefined;
    }
  }

  /** Addresses a new INVITE to a phone, makes it part of the call and sends it. */
  invite(call: Call, side: Side, request: SipServletRequest, way: Reach): void {
    const { context, sipFactory } = this.#needs();
    request.setRequestURI(sipFactory.createURI(way.uri));
    // Tells the phone in the page which of the calls it shows is ringing.
    request.setHeader('X-Click-To-Dial', `${call.id};leg=${side}`);
    const session = request.getSession();
    session.setHandler('CallSipServlet');
    if (way.flowToken !== undefined) session.setFlow(context.getFlow(way.flowToken));
    session.setAttribute('side', side);
    session.setAttribute('signalling', 'inviting' satisfies Signalling);
    session.setAttribute('INVITE', request);
    const leg = legOf(call, side);
    leg.sessionId = session.getId();
    if (way.flowToken !== undefined) leg.flowToken = way.flowToken;
    void request.send();
    this.armRing(session.getApplicationSession(), side);
  }

  /** The leg rings for so long and no longer. */
  armRing(session: SipApplicationSession, side: Side): void {
    this.disarm(session);
    const seconds = side === 'first' ? FIRST_RING_SECONDS : SECOND_RING_SECONDS;
    this.#needs().timers.createTimer(session, seconds * 1000, false, { type: 'ring', side });
  }

  /** Both phones are connected: from now on they are asked whether they are still there. */
  armProbe(session: SipApplicationSession): void {
    this.disarm(session);
    this.#needs().timers.createTimer(session, PROBE_MS, PROBE_MS, true, false, { type: 'probe' });
  }

  /** No phone has to ring any more. */
  disarm(session: SipApplicationSession): void {
    for (const timer of session.getTimers()) timer.cancel();
  }

  /** A timer of a call has fired. */
  timeout(timer: ServletTimer, info: CallTimer): void {
    const session = timer.getApplicationSession();
    const call = callOf(session);
    if (call === undefined) return;
    if (info.type === 'probe') {
      probe(session, call);
      return;
    }
    const seconds = info.side === 'first' ? FIRST_RING_SECONDS : SECOND_RING_SECONDS;
    this.end(session, call, noAnswer(call, info.side, seconds));
  }

  /** The application session has reached its limit. */
  expired(session: SipApplicationSession): void {
    const call = callOf(session);
    if (call === undefined || isOver(call)) return;
    session.setExpires(2); // long enough for the phones to answer the BYEs
    this.end(session, call, tooLong(MAX_HOURS));
  }

  /** A connection has closed: a phone in a browser is gone with it. */
  async flowClosed(flow: Flow): Promise<void> {
    if (!flow.getTransport().startsWith('WS')) return;
    const token = flow.getToken();
    for (const call of this.book.active()) {
      const side = (['first', 'second'] as const).find((each) => legOf(call, each).flowToken === token);
      if (side === undefined) continue;
      await this.#inSessionOf(call, (session) => this.end(session, call, vanished(call, side)));
    }
  }

  /** Ends a call once: both legs are released, and the pages are told. */
  end(session: SipApplicationSession, call: Call, ending: Ending): void {
    if (!finish(call, ending, this.now())) return;
    this.disarm(session);
    for (const leg of call.legs) {
      const own = leg.sessionId === undefined ? undefined : session.getSipSession(leg.sessionId);
      if (own?.isValid() === true) release(own);
    }
    this.book.changed(call);
  }

  async #inSessionOf(call: Call, work: (session: SipApplicationSession) => void): Promise<void> {
    const session = this.#sessions.get(call.id);
    if (session?.isValid() === true) await session.runInSession(() => work(session));
    else if (finish(call, broken(), this.now())) this.book.changed(call);
  }

  #inviteFirst(session: SipApplicationSession, call: Call, first: Reach, second: Reach): void {
    this.#sessions.set(call.id, session);
    this.#calls.set(session.getId(), call);
    session.setExpires(MAX_HOURS * 60);
    session.setAttribute('call', call);
    session.setAttribute('second', second);
    const { sipFactory } = this.#needs();
    const [caller, callee] = call.legs;
    // The caller's phone shows the callee: it rings "on behalf of" the other one.
    const from = sipFactory.createAddress(
      sipFactory.createURI(`sip:${this.#model.aorOf(callee.name)}`),
      callee.displayName,
    );
    const to = sipFactory.createAddress(
      sipFactory.createURI(`sip:${this.#model.aorOf(caller.name)}`),
      caller.displayName,
    );
    this.invite(call, 'first', sipFactory.createRequest(session, 'INVITE', from, to), first);
  }

  /** An application session has ended; its attributes cannot be read any more. */
  forget(session: SipApplicationSession): void {
    const call = this.#calls.get(session.getId());
    if (call === undefined) return;
    this.#calls.delete(session.getId());
    this.#sessions.delete(call.id);
    if (finish(call, broken(), this.now())) this.book.changed(call);
  }

  #needs(): CallTools {
    if (this.#tools === undefined) throw new Error('CallSipServlet has not been initialised');
    return this.#tools;
  }
}

/** The call of an application session. */
export function callOf(session: SipApplicationSession): Call | undefined {
  return session.getAttribute('call') as Call | undefined;
}

/** Whether the two phones are a browser and a plain softphone. */
export function isMixed(session: SipApplicationSession, call: Call): boolean {
  const first = session.getSipSession(call.legs[0].sessionId ?? '');
  const offer = first?.getAttribute('offer') as Uint8Array | undefined;
  const second = session.getAttribute('second') as Reach | undefined;
  return offer !== undefined && isWebMedia(offer) !== /;transport=wss?\b/i.test(second?.uri ?? '');
}

/** Sends what a leg needs in order to be clean: CANCEL, or the ACK it still waits for, and BYE. */
export function release(session: SipSession): void {
  const signalling = session.getAttribute('signalling') as Signalling | undefined;
  session.setAttribute('signalling', 'over' satisfies Signalling);
  if (signalling === 'inviting') {
    const invite = session.getAttribute('INVITE') as SipServletRequest;
    void invite.createCancel().send();
    return;
  }
  if (signalling === 'answered') refuseHeldOffer(session);
  if (signalling === 'answered' || signalling === 'confirmed') hangUp(session);
}

/** The caller's 200 made an offer; when the call does not come about its ACK refuses all of it (RFC 3264 §6). */
export function refuseHeldOffer(session: SipSession): void {
  const ack = session.getAttribute('ACK') as SipServletRequest | undefined;
  session.removeAttribute('ACK');
  if (ack === undefined) return;
  const offer = session.getAttribute('offer') as Uint8Array | undefined;
  if (offer !== undefined) ack.setContent(refuseOffer(offer), 'application/sdp');
  void ack.send();
}

/** Confirms a 2xx that nobody needs any more, such as one that crossed our CANCEL, and hangs up. */
export function acknowledgeAndHangUp(response: SipServletResponse): void {
  const ack = response.createAck();
  const offered = response.getRequest().getContentLength() === 0 ? response.getRawContent() : undefined;
  if (offered !== undefined) ack.setContent(refuseOffer(offered), 'application/sdp');
  void ack.send();
  hangUp(response.getSession());
}

function hangUp(session: SipSession): void {
  if (session.isValid() && session.getState() === 'CONFIRMED') void session.createRequest('BYE').send();
}

function conflict(error: string): PlaceProblem {
  return { status: 409, error };
}
