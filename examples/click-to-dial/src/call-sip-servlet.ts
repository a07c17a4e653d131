import {
  Resource,
  type SipApplicationSession,
  type SipErrorEvent,
  SipErrorListener,
  SipFactory,
  SipListener,
  SipServlet,
  type SipServletRequest,
  type SipServletResponse,
  type SipSession,
  type SipSessionEvent,
  SipSessionListener,
  TimerService,
} from 'siplet';
import {
  acknowledgeAndHangUp,
  CallControl,
  callOf,
  isMixed,
  refuseHeldOffer,
  type Signalling,
} from './call-control.ts';
import { badMedia, hungUp, noMedia, refused, vanished } from './call-words.ts';
import { type Call, connected, firstAnswered, isOver, legOf, ringing, type Side } from './call.ts';
import { goneSide } from './liveness.ts';
import { acknowledgeRelayed, cancelRelayed, isRelayed, relay, relayResponse } from './in-dialog-relay.ts';

/**
 * Connects two registered people by RFC 3725 flow I:
 * INVITE without SDP to the caller, the offer of its 200 to the callee, the callee's answer in the caller's ACK.
 */
@SipServlet({ name: 'CallSipServlet', loadOnStartup: 1, initParams: { trace: 'false' } })
@SipListener(SipSessionListener, SipErrorListener)
export class CallSipServlet extends SipServlet implements SipSessionListener, SipErrorListener {
  @Resource() declare readonly sipFactory: SipFactory;
  @Resource() declare readonly timers: TimerService;
  @Resource() declare readonly control: CallControl;

  override init(): void {
    this.control.start({ sipFactory: this.sipFactory, timers: this.timers, context: this.getServletContext() });
  }

  protected override doProvisionalResponse(response: SipServletResponse): void | Promise<void> {
    if (isRelayed(response)) return relayResponse(response);
    const place = placeOf(response);
    if (place === undefined || response.getStatus() === 100 || isOver(place.call)) return undefined;
    if (ringing(place.call, place.side, response.getStatus())) this.control.book.changed(place.call);
    return undefined;
  }

  protected override async doSuccessResponse(response: SipServletResponse): Promise<void> {
    if (isRelayed(response)) return relayResponse(response);
    if (response.getMethod() === 'OPTIONS') goneSide(response);
    if (response.getMethod() !== 'INVITE') return;
    const place = placeOf(response);
    if (place === undefined || !expects(place.call, place.side, response.getSession()))
      return acknowledgeAndHangUp(response);
    if (place.side === 'first') await this.sendInviteToClient(response, place.call);
    else {
      this.sendAckToClient(response);
      this.sendAckToServer(response, place.call);
    }
  }

  protected override doRedirectResponse(response: SipServletResponse): void | Promise<void> {
    return this.doErrorResponse(response);
  }

  protected override doErrorResponse(response: SipServletResponse): void | Promise<void> {
    if (isRelayed(response)) return relayResponse(response);
    const session = response.getSession();
    if (response.getMethod() === 'BYE') {
      // RFC 3261 §15.1.1: whatever the answer to a BYE is, the dialog is over.
      if (session.isValid() && session.getState() !== 'TERMINATED') session.invalidate();
      return undefined;
    }
    const place = placeOf(response);
    if (place === undefined) return undefined;
    if (response.getMethod() === 'OPTIONS') {
      const gone = goneSide(response);
      if (gone !== undefined) this.control.end(session.getApplicationSession(), place.call, vanished(place.call, gone));
      return undefined;
    }
    if (response.getMethod() !== 'INVITE') return undefined;
    session.setAttribute('signalling', 'over' satisfies Signalling);
    const application = session.getApplicationSession();
    const { call, side } = place;
    const mixed = side === 'second' && isMixed(application, call);
    this.control.end(application, call, refused(call, side, response.getStatus(), response.getReasonPhrase(), mixed));
    return undefined;
  }

  protected override async doBye(request: SipServletRequest): Promise<void> {
    const session = request.getSession();
    // A caller that gives up while the callee's phone rings still waits for the ACK of its 200.
    if (session.getAttribute('signalling') === ('answered' satisfies Signalling)) refuseHeldOffer(session);
    session.setAttribute('signalling', 'over' satisfies Signalling);
    await this.send200OKToClient(request);
    const place = placeOf(request);
    if (place === undefined) return;
    const { call, side } = place;
    const media = /^\s*SIP\s*;.*cause\s*=\s*"?(?:415|488|606)\b/i.test(request.getHeader('Reason') ?? '');
    this.control.end(session.getApplicationSession(), call, media ? badMedia(side) : hungUp(call, side));
  }

  /** Within a call the phones may change their media or send DTMF digits: that goes from one to the other. */
  protected override doInvite(request: SipServletRequest): Promise<void> {
    return relay(request);
  }

  protected override doUpdate(request: SipServletRequest): Promise<void> {
    return relay(request);
  }

  protected override doInfo(request: SipServletRequest): Promise<void> {
    return relay(request);
  }

  protected override doMessage(request: SipServletRequest): Promise<void> {
    return relay(request);
  }

  protected override async doOptions(request: SipServletRequest): Promise<void> {
    await request.createResponse(200).send();
  }

  protected override doAck(request: SipServletRequest): void {
    acknowledgeRelayed(request);
  }

  protected override doCancel(request: SipServletRequest): void {
    cancelRelayed(request);
  }

  sessionCreated(event: SipSessionEvent): void {
    this.#trace('created', event);
  }

  sessionDestroyed(event: SipSessionEvent): void {
    this.#trace('destroyed', event);
  }

  sessionReadyToInvalidate(event: SipSessionEvent): void {
    this.#trace('ready to be invalidated', event);
  }

  /** A phone never confirmed the 200 to its own re-INVITE: it is gone. */
  noAckReceived(event: SipErrorEvent): void {
    const place = placeOf(event.getRequest());
    if (place === undefined) return;
    this.control.end(event.getRequest().getApplicationSession(), place.call, vanished(place.call, place.side));
  }

  noPrackReceived(): void {}

  /** The caller has picked up: its offer goes to the callee, its ACK is kept for the callee's answer. */
  private async sendInviteToClient(serverResponse: SipServletResponse, call: Call): Promise<void> {
    const session = serverResponse.getSession();
    const application = session.getApplicationSession();
    session.setAttribute('ACK', serverResponse.createAck());
    session.setAttribute('signalling', 'answered' satisfies Signalling);
    const offer = serverResponse.getRawContent();
    if (offer === undefined)
      return this.control.end(application, call, noMedia(call, 'first', serverResponse.getStatus()));
    session.setAttribute('offer', offer);
    this.control.disarm(application);
    firstAnswered(call, serverResponse.getStatus());
    const way = await this.control.reachSecond(application, call);
    if (way === undefined) return this.control.end(application, call, vanished(call, 'second'));
    application.setAttribute('second', way);

    // Swap To and From: to the callee, the caller is calling.
    const serverRequest = serverResponse.getRequest();
    const headers = new Map([
      ['From', [serverRequest.getTo().clone().toString()]],
      ['To', [serverRequest.getFrom().clone().toString()]],
    ]);
    const clientRequest = serverRequest.getB2buaHelper().createRequest(serverRequest, true, headers);
    clientRequest.setContent(offer, serverResponse.getContentType() ?? 'application/sdp');
    this.control.invite(call, 'second', clientRequest, way);
    this.control.book.changed(call);
  }

  /** The callee has picked up. */
  private sendAckToClient(clientResponse: SipServletResponse): void {
    clientResponse.getSession().setAttribute('signalling', 'confirmed' satisfies Signalling);
    void clientResponse.createAck().send();
  }

  /** The caller gets the callee's answer in the ACK that was kept for it, byte for byte. */
  private sendAckToServer(clientResponse: SipServletResponse, call: Call): void {
    const clientSession = clientResponse.getSession();
    const application = clientSession.getApplicationSession();
    const serverSession = clientResponse.getRequest().getB2buaHelper().getLinkedSession(clientSession);
    const ack = serverSession?.getAttribute('ACK') as SipServletRequest | undefined;
    const answer = clientResponse.getRawContent();
    if (serverSession === undefined || ack === undefined || answer === undefined)
      return this.control.end(application, call, noMedia(call, 'second', clientResponse.getStatus()));
    ack.setContent(answer, clientResponse.getContentType() ?? 'application/sdp');
    serverSession.removeAttribute('ACK');
    serverSession.setAttribute('signalling', 'confirmed' satisfies Signalling);
    void ack.send();
    this.control.armProbe(application);
    connected(call, clientResponse.getStatus(), this.control.now());
    this.control.book.changed(call);
  }

  /** The other leg is ended by CallControl. */
  private async send200OKToClient(bye: SipServletRequest): Promise<void> {
    await bye.createResponse(200).send();
  }

  #trace(what: string, event: SipSessionEvent): void {
    if (this.getInitParameter('trace') === 'true') this.log(`SIP session ${event.getSession().getId()} ${what}`);
  }
}

interface Place {
  readonly call: Call;
  readonly side: Side;
}

/** The call and leg a message belongs to. */
function placeOf(message: SipServletRequest | SipServletResponse): Place | undefined {
  const session = message.getSession();
  const application: SipApplicationSession = session.getApplicationSession();
  const call = callOf(application);
  const side = session.getAttribute('side') as Side | undefined;
  return call === undefined || side === undefined ? undefined : { call, side };
}

/** A 2xx is wanted once per leg: not after the call has ended, and not from a second fork (another SIP session). */
function expects(call: Call, side: Side, session: SipSession): boolean {
  const leg = legOf(call, side);
  return !isOver(call) && leg.sessionId === session.getId() && (leg.state === 'calling' || leg.state === 'ringing');
}
