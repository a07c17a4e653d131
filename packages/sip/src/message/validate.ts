import * as E from '../errors.ts';
import { METHODS } from '../header/names.ts';
import { SipUri } from '../uri/sip-uri.ts';
import type { SipRequest, SipResponse } from './message.ts';

/**
 * Looks at what parseMessage leaves for later: Request-URI, From, To, Contact, Route and Record-Route of a request.
 * Returns a SIP_ERR_* code, or undefined when all is well.
 */
export function validateRequest(request: SipRequest): string | undefined {
  const { headers } = request;
  try {
    // RFC 3261 §19.1.1: no headers in a Request-URI
    if (request.uri instanceof SipUri && request.uri.headers.size > 0) return E.URI;
    if (headers.from === undefined || headers.to === undefined) return E.NAME_ADDR;
    // RFC 3261 §10.2.2: the wildcard stands alone
    const contacts = headers.getAll('Contact');
    if (contacts.length > 1 && contacts.includes('*')) return E.NAME_ADDR;
    headers.addresses('Contact');
    headers.addresses('Route');
    headers.addresses('Record-Route');
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}

/** The same for a response: From and To, and where it can create a dialog Contact and Record-Route. */
export function validateResponse(response: SipResponse): string | undefined {
  const { headers } = response;
  if (headers.from === undefined || headers.to === undefined) return E.NAME_ADDR;
  const method = headers.cseq?.method ?? '';
  if (response.status === 100 || response.status >= 300 || METHODS.get(method)?.createsDialog !== true)
    return undefined;
  try {
    headers.addresses('Contact');
    headers.addresses('Record-Route');
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}

function codeOf(error: unknown): string {
  return error instanceof E.SipError ? error.code : E.INTERNAL;
}
