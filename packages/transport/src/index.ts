export { ERRORS, TransportError } from './errors.ts';
export type { ErrorDefinition, Fault, TransportErrorCode } from './errors.ts';
export { EngineHost } from './host.ts';
export type { EngineHostHandler, EngineHostOptions, HostStats, Tap } from './host.ts';
export type { FlowPreference, ListeningPoint, ListenOptions } from './listening.ts';
export { NODE_CODEC } from './codec.ts';
export { nodePorts } from './node/ports.ts';
export type {
  Clock,
  DatagramHandler,
  DatagramPort,
  DatagramSocket,
  SendFailed,
  LocalAddress,
  MessageConnection,
  MessageHandler,
  Ports,
  RandomSource,
  StreamConnection,
  StreamHandler,
  StreamPort,
  StreamServer,
  TimerHandle,
} from './ports.ts';
export { attachSipWebSocket } from './ws.ts';
export type { SipWebSocketOptions } from './ws.ts';
