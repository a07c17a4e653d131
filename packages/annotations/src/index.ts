// The decorators of the SIP Servlet model and the readers of what they record.
export { SipApplication, type SipApplicationOptions } from './application.ts';
export { SipApplicationKey } from './application-key.ts';
export { AnnotationError, ERRORS, type AnnotationErrorCode } from './errors.ts';
export { SipListener, WebListener, type ListenerDecorator } from './listener.ts';
export {
  getApplicationKeyMethod,
  getListenerKinds,
  getResourceInjections,
  getSipApplicationMetadata,
  getSipServletMetadata,
  getWebServletMetadata,
  type ApplicationKeyFunction,
  type Class,
  type Concurrency,
  type InitParameters,
  type ResourceInjection,
  type ResourceToken,
  type SipApplicationMetadata,
  type SipServletMetadata,
  type WebServletMetadata,
} from './metadata.ts';
export { Resource, type ResourceDecorator } from './resource.ts';
export { SipServlet, type SipServletClass, type SipServletDecorator, type SipServletOptions } from './servlet.ts';
export { WebServlet, type HttpServletClass, type WebServletOptions } from './web-servlet.ts';
