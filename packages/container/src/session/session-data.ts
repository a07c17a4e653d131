import type { SipApplicationRoutingRegionType, SipSessionState } from '@siplet/api';
import type { DialogState } from '@siplet/sip';

/** What a session does in its dialog. */
export type SessionRole = 'uac' | 'uas' | 'proxy';

/** What a record-routing proxy must remember of a dialog that it is not part of. */
export interface ProxiedDialog {
  /** From tag of the initial request. */
  callerTag: string;
  /** To tag of the dialog. */
  calleeTag: string;
  /** Flows that reach each side when its address cannot (WebSocket). */
  callerFlow: string | undefined;
  calleeFlow: string | undefined;
  /** The callee is reached over its flow, whatever its Contact says. */
  calleePinned: boolean;
  recordRoute: boolean;
  supervised: boolean;
}

/** Everything a SIP session needs in order to go on: PLAIN DATA, ids and never closures, so that a store can hold it. */
export interface SessionData {
  readonly id: string;
  /** Id of the session this one was derived from by forking (JSR 289 §6.2.3). */
  readonly parentId: string | undefined;
  /** Method of the initial request. */
  readonly method: string;
  role: SessionRole;
  state: SipSessionState;
  readonly callId: string;
  readonly localTag: string;
  /** Name-addr texts in the core's form; without a dialog also what a new request uses. */
  localParty: string;
  remoteParty: string;
  /** Target of the initial request, for another attempt after a failure. */
  requestUri: string | undefined;
  routes: string[];
  dialog: DialogState | undefined;
  proxied: ProxiedDialog | undefined;
  /** Last CSeq of requests outside a dialog. */
  localCSeq: number;
  /** True while the INVITE usage of the dialog lives (RFC 5057). */
  inviteUsage: boolean;
  /** Living subscriptions in the dialog (RFC 5057). */
  subscriptions: number;
  handler: string | undefined;
  linkedId: string | undefined;
  /** Flow token learned from the wire or set by the application. */
  flow: string | undefined;
  flowPinned: boolean;
  region: { label: string; type: SipApplicationRoutingRegionType } | undefined;
  subscriberUri: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  accessedAt: number;
  invalidateWhenReady: boolean;
  /** Status of the last final response outside a dialog; 401 and 407 keep the session for another attempt. */
  lastFinal: number;
}

/** Whether nothing is left that keeps the dialog (RFC 5057). */
export function hasUsage(data: SessionData): boolean {
  return data.inviteUsage || data.subscriptions > 0;
}
