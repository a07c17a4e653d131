import type { SipFactory, SipSessionsUtil } from './factory.ts';
import type { SipURI } from './address.ts';
import type { TimerService } from './timer.ts';

/** Attributes of a SIP session, typed by interface merging: `interface SipSessionAttributes { linked: SipSession }`. */
export interface SipSessionAttributes {}

/** Attributes of a SIP application session, typed by interface merging. */
export interface SipApplicationSessionAttributes {}

/** Attributes of an HTTP session, typed by interface merging. */
export interface HttpSessionAttributes {}

/** Attributes of a servlet context, typed by interface merging; the container's own keys are listed here. */
export interface ServletContextAttributes {
  'javax.servlet.sip.SipFactory': SipFactory;
  'javax.servlet.sip.SipSessionsUtil': SipSessionsUtil;
  'javax.servlet.sip.TimerService': TimerService;
  'javax.servlet.sip.supported': readonly string[];
  'javax.servlet.sip.supportedRfcs': readonly string[];
  'javax.servlet.sip.outboundInterfaces': readonly SipURI[];
}

/** A name in an attribute scheme: the declared names are offered by the editor, any other string is allowed. */
export type AttributeName<Scheme> = (keyof Scheme & string) | (string & Record<never, never>);

/** What `getAttribute(name)` returns: the declared type or `undefined`, and `unknown` for undeclared names. */
export type AttributeValue<Scheme, Name> = Name extends keyof Scheme ? Scheme[Name] | undefined : unknown;

/** What `setAttribute(name, value)` accepts: the declared type, anything for undeclared names. */
export type AttributeInput<Scheme, Name> = Name extends keyof Scheme ? Scheme[Name] : unknown;

/** Context attribute under which the {@link SipFactory} is found. */
export const SIP_FACTORY = 'javax.servlet.sip.SipFactory';
/** Context attribute under which the {@link SipSessionsUtil} is found. */
export const SIP_SESSIONS_UTIL = 'javax.servlet.sip.SipSessionsUtil';
/** Context attribute under which the {@link TimerService} is found. */
export const TIMER_SERVICE = 'javax.servlet.sip.TimerService';
/** Context attribute with the SIP extensions the container supports, as option tags. */
export const SUPPORTED = 'javax.servlet.sip.supported';
/** Context attribute with the numbers of the RFCs the container supports. */
export const SUPPORTED_RFCS = 'javax.servlet.sip.supportedRfcs';
/** Context attribute with the container's outbound interfaces as SIP URIs. */
export const OUTBOUND_INTERFACES = 'javax.servlet.sip.outboundInterfaces';
