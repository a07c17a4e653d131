import type { B2buaHelper } from '@siplet/api';
import type { HashFunction } from '@siplet/sip';
import type { Clock, EngineHost, RandomSource } from '@siplet/transport';
import type { Application } from '../application/application.ts';
import type { Logger } from '../logging.ts';
import type { MessageFactory } from '../message/message-factory.ts';
import type { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import type { ContainerProxy } from '../proxy/proxy.ts';
import type { SessionManager } from '../session/manager.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import type { Timers } from '../session/timers.ts';
import type { FlowBook } from './flow-book.ts';
import type { Outbound } from './outbound.ts';
import type { UserAgentClient } from './user-agent-client.ts';

/** What the objects of the SIP side reach each other through; made once by the runtime. */
export interface Kernel {
  readonly host: EngineHost;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly hash: HashFunction;
  readonly sessions: SessionManager;
  /** Connections behind names that DNS does not know. */
  readonly flows: FlowBook;
  readonly messages: MessageFactory;
  readonly outbound: Outbound;
  readonly client: UserAgentClient;
  readonly helper: B2buaHelper;
  createProxy(request: ContainerRequest): ContainerProxy;
  /** Calls the session's servlet; a throw is logged and answered with 500, never passed on. */
  invoke(
    session: ContainerSession,
    request: ContainerRequest | undefined,
    response: ContainerResponse | undefined,
  ): void | Promise<void>;
  application(name: string): Application | undefined;
}
