import type { Flow, SipResponse } from '@siplet/sip';
import type { Kernel } from '../dispatch/kernel.ts';
import type { ContainerRequest } from '../message/request.ts';
import { fallBack, terminate } from '../session/dialog-rules.ts';
import { traitsOf } from '../session/methods.ts';
import type { ContainerSession } from '../session/sip-session.ts';

/** How a dialog runs through a proxy. */
export interface ProxyPath {
  readonly original: ContainerRequest;
  readonly callee: Flow | undefined;
  readonly calleePinned: boolean;
  readonly recordRoute: boolean;
  readonly supervised: boolean;
}

/** The session of the dialog that a response names; a further To tag derives one (JSR 289 §6.2.3). Undefined without a dialog. */
export function proxiedSession(
  kernel: Kernel,
  root: ContainerSession,
  message: SipResponse,
  path: ProxyPath,
): ContainerSession | undefined {
  const calleeTag = message.headers.to?.tag;
  const callerTag = path.original.message.headers.from?.tag;
  if (calleeTag === undefined || callerTag === undefined || !root.isValid()) return undefined;
  if (!traitsOf(path.original.getMethod()).createsDialog) return undefined;
  const known = kernel.sessions.forkOf(root, calleeTag);
  if (known !== undefined) return known;
  const session = root.data.proxied === undefined ? root : kernel.sessions.derive(root, calleeTag);
  session.data.proxied = {
    callerTag,
    calleeTag,
    callerFlow: flowToken(path.original.wireFlow),
    calleeFlow: flowToken(path.callee),
    calleePinned: path.calleePinned,
    recordRoute: path.recordRoute,
    supervised: path.supervised,
  };
  return session;
}

// A UDP address is in the Contact; only connections have to be remembered.
function flowToken(flow: Flow | undefined): string | undefined {
  return flow?.reliable === true ? flow.id : undefined;
}

/** The state of a proxied dialog after a response. */
export function afterProxied(
  kernel: Kernel,
  session: ContainerSession,
  state: 'EARLY' | 'CONFIRMED' | 'TERMINATED',
): void {
  const { data } = session;
  if (state === 'TERMINATED') terminate(data);
  else if (state === 'CONFIRMED' && data.state !== 'TERMINATED') {
    if (data.state !== 'CONFIRMED' && data.method === 'INVITE') data.inviteUsage = true;
    data.state = 'CONFIRMED';
  } else if (data.state === 'INITIAL') data.state = 'EARLY';
  kernel.sessions.bind(session);
  session.parent.changed();
}

/** The final response has gone upstream. */
export function settleProxied(
  kernel: Kernel,
  root: ContainerSession,
  original: ContainerRequest,
  status: number,
): void {
  if (root.isValid()) {
    root.data.lastFinal = status;
    if (status >= 300) {
      for (const session of [root, ...kernel.sessions.derivedOf(root)]) {
        fallBack(session.data);
        kernel.sessions.bind(session);
      }
    }
  }
  original.detach();
  root.closed(original);
}
