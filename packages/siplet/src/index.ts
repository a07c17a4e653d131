// What an application imports: the nouns of the SIP Servlet model, the decorators and the container.
// `SipServlet` is both the base class and the decorator.
export * from '@siplet/api';
export {
  AnnotationError,
  Resource,
  SipApplication,
  SipApplicationKey,
  SipListener,
  SipServlet,
  WebListener,
  WebServlet,
} from '@siplet/annotations';
export type {
  ListenerDecorator,
  ResourceDecorator,
  SipApplicationOptions,
  SipServletDecorator,
  SipServletOptions,
  WebServletOptions,
} from '@siplet/annotations';
export {
  CHANNELS,
  Container,
  ContainerError,
  createContainer,
  createLogger,
  DigestAuthenticator,
  escapeHtml,
  pointUri,
  silentLogger,
} from '@siplet/container';
export type {
  ContainerCounts,
  ContainerOptions,
  DeployOptions,
  DigestOptions,
  DigestResult,
  DigestUser,
  HttpAddress,
  HttpOptions,
  HttpPlugin,
  HttpRequestEvent,
  LogDestination,
  LoggerOptions,
  OrmLike,
  Provider,
  RouterOptions,
  SipMessageEvent,
  SipOptions,
  StopOptions,
} from '@siplet/container';
