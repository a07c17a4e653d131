import type { SipApplicationRouter, SipApplicationRouterInfo } from '@siplet/api';
import { createResponseFor, type Flow, type ServerTransaction, type SipRequest, SipUri } from '@siplet/sip';
import type { Application } from '../application/application.ts';
import { applicationNotDeployed, keyThrew, routerThrew } from '../sip-errors.ts';
import { ContainerRequest } from '../message/request.ts';
import { isPromise } from '../session/chain.ts';
import type { SessionData } from '../session/session-data.ts';
import type { Kernel } from './kernel.ts';
import type { PoppedRoute } from './routes.ts';

/** Settings of {@link InitialDispatcher}. */
export interface InitialOptions {
  readonly router: SipApplicationRouter;
  /** Status when no application takes the request. */
  readonly noApplicationStatus: number;
}

/** Initial requests: the router names the application, the application gets a session (JSR 289 §15.4.1). */
export class InitialDispatcher {
  readonly #kernel: Kernel;
  readonly #options: InitialOptions;
  /** While draining every initial request is refused. */
  refusing = false;

  constructor(kernel: Kernel, options: InitialOptions) {
    this.#kernel = kernel;
    this.#options = options;
  }

  /** A request that belongs to no dialog. */
  dispatch(message: SipRequest, transaction: ServerTransaction, flow: Flow, popped: PoppedRoute | undefined): void {
    const request = new ContainerRequest({
      kernel: this.#kernel,
      message,
      session: undefined,
      incoming: true,
      initial: true,
      flow,
      transaction,
    });
    request.poppedRoute = popped?.text;
    transaction.owner = request;
    if (this.refusing) {
      this.#answer(request, 503, 'The server is stopping');
      return;
    }
    this.#route(request);
  }

  #route(request: ContainerRequest): void {
    const failed = (error: unknown): void => {
      const text = error instanceof Error ? error.message : String(error);
      const failure = routerThrew.because(error, request.toString(), text);
      this.#kernel.logger.error({ err: failure, cause: error, code: failure.code }, failure.message);
      this.#answer(request, 500);
    };
    try {
      const info = this.#options.router.getNextApplication(request, undefined, 'NEW', undefined, undefined);
      if (isPromise(info)) {
        info.then((found) => this.#routed(request, found as SipApplicationRouterInfo | undefined)).catch(failed);
        return;
      }
      this.#routed(request, info);
    } catch (error) {
      failed(error);
    }
  }

  #routed(request: ContainerRequest, info: SipApplicationRouterInfo | undefined): void {
    if (request.answered !== 0) return; // cancelled while the router thought
    const name = info?.getNextApplicationName();
    if (info === undefined || name === undefined) {
      this.#unclaimed(request);
      return;
    }
    const app = this.#kernel.application(name);
    if (app === undefined) {
      const error = applicationNotDeployed(name, request.toString());
      this.#kernel.logger.error({ err: error, code: error.code }, error.message);
      this.#answer(request, 500);
      return;
    }
    if (app.mainServlet === undefined) {
      this.#answer(request, 404);
      return;
    }
    this.#deliver(request, app, info);
  }

  // RFC 3261 §11.2: an OPTIONS to this server itself asks what it can do
  #unclaimed(request: ContainerRequest): void {
    const { uri, method } = request.message;
    const isPing = method === 'OPTIONS' && uri instanceof SipUri && uri.user === undefined;
    this.#kernel.logger.debug({ request: request.toString() }, 'No application for this request');
    this.#answer(request, isPing && this.#kernel.host.isLocal(uri) ? 200 : this.#options.noApplicationStatus);
  }

  #deliver(request: ContainerRequest, app: Application, info: SipApplicationRouterInfo): void {
    const key = this.#keyOf(request, app);
    if (key === FAILED) return;
    const { sessions } = this.#kernel;
    const parent = sessions.createApplicationSession(app, key);
    const session = sessions.createSipSession(parent, this.#sessionData(request, info));
    session.initialRequest = request;
    request.session = session;
    session.opened(request);
    session.hold();
    parent.mailbox.enter(
      () => {
        session.release();
        // CANCELled or invalidated while it waited: the 487 is out, the servlet never sees the request.
        if (request.answered !== 0 || !session.isValid()) return;
        request.delivered = true;
        return this.#kernel.invoke(session, request, undefined);
      },
      () => request.toString(),
      () => this.#kernel.outbound.giveUp(request),
    );
  }

  #keyOf(request: ContainerRequest, app: Application): string | undefined | typeof FAILED {
    if (app.applicationKey === undefined) return undefined;
    try {
      return app.applicationKey(request);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const failure = keyThrew.because(error, app.name, text);
      this.#kernel.logger.error({ err: failure, cause: error, code: failure.code }, failure.message);
      this.#answer(request, 500);
      return FAILED;
    }
  }

  #sessionData(request: ContainerRequest, info: SipApplicationRouterInfo): SessionData {
    const { message } = request;
    const region = info.getRoutingRegion();
    const now = this.#kernel.clock.wallTime();
    return {
      id: this.#kernel.sessions.newId(),
      parentId: undefined,
      method: message.method,
      role: 'uas',
      state: 'INITIAL',
      callId: message.headers.callId ?? '',
      localTag: this.#kernel.host.ids.tag(),
      localParty: message.headers.get('To') ?? '',
      remoteParty: message.headers.get('From') ?? '',
      requestUri: undefined,
      routes: [],
      dialog: undefined,
      proxied: undefined,
      localCSeq: 0,
      inviteUsage: false,
      subscriptions: 0,
      handler: undefined,
      linkedId: undefined,
      flow: request.wireFlow?.reliable === true ? request.wireFlow.id : undefined,
      flowPinned: false,
      region: region === undefined ? undefined : { label: region.getLabel(), type: region.getType() },
      subscriberUri: info.getSubscriberURI(),
      createdAt: now,
      accessedAt: now,
      invalidateWhenReady: true,
      lastFinal: 0,
    };
  }

  #answer(request: ContainerRequest, status: number, reason?: string): void {
    if (request.answered !== 0 || request.serverTransaction === undefined) return;
    request.answered = status;
    const response = createResponseFor(request.message, status, reason, this.#kernel.host.ids.tag());
    if (status === 503) response.headers.set('Retry-After', '5');
    this.#kernel.host.respond(request.serverTransaction, response);
    request.detach();
  }
}

const FAILED = Symbol('application key failed');
