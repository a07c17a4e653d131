import type { Flow, ServerTransaction, SipRequest } from '@siplet/sip';
import { ContainerRequest } from '../message/request.ts';
import type { Kernel } from './kernel.ts';

/** CANCEL passes by the mailbox, so that it overtakes an INVITE handler that still runs. */
export function dispatchCancel(kernel: Kernel, message: SipRequest, flow: Flow, cancelled: ServerTransaction): void {
  const invite = cancelled.owner;
  if (!(invite instanceof ContainerRequest)) return;
  if (invite.answered !== 0) return; // the final was first; the CANCEL has no effect (RFC 3261 §9.2)
  const session = invite.session;
  if (session === undefined) {
    kernel.outbound.refuse(invite, 487);
    return;
  }
  session.hold(); // so that the end of the INVITE does not end the session before doCancel
  if (invite.proxy !== undefined && invite.proxy.isStarted) invite.proxy.cancelByCaller(message.headers.get('Reason'));
  else if (invite.relay !== undefined) invite.relay.cancel(message.headers.get('Reason'));
  else kernel.outbound.refuse(invite, 487);
  const cancel = new ContainerRequest({
    kernel,
    message,
    session,
    incoming: true,
    initial: false,
    flow,
    invite,
  });
  cancel.answered = 200; // by the engine
  session.parent.mailbox.enter(
    () => {
      session.release();
      if (!session.isValid() || !invite.delivered) return;
      return kernel.invoke(session, cancel, undefined);
    },
    () => cancel.toString(),
  );
}
