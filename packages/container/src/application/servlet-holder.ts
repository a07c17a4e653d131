import type { SipServlet } from '@siplet/api';

/** One SIP servlet of an application: its only instance, which is also the listener instance, and its name. */
export interface ServletHolder {
  readonly name: string;
  readonly instance: SipServlet;
}
