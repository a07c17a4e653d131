import type {
  HttpServletRequest,
  HttpServletResponse,
  ServletConfig,
  SipServletRequest,
  SipServletResponse,
} from '@siplet/api';

/** A response that a servlet has sent through a fake request. */
export interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request that records the responses made and sent for it. */
export function fakeRequest(method: string, committed = false): { request: SipServletRequest; sent: Sent[] } {
  const sent: Sent[] = [];
  const request = {
    getMethod: () => method,
    isCommitted: () => committed,
    createResponse: (status: number) => {
      const headers: Record<string, string> = {};
      return {
        setHeader: (name: string, value: string) => void (headers[name] = value),
        send: () => {
          sent.push({ status, headers });
          return Promise.resolve();
        },
      };
    },
  };
  return { request: request as unknown as SipServletRequest, sent };
}

/** A response as a servlet receives it. */
export function fakeResponse(status: number, branch = false): SipServletResponse {
  return { getStatus: () => status, isBranchResponse: () => branch } as unknown as SipServletResponse;
}

/** An HTTP exchange that records what the servlet does to its response. */
export function fakeExchange(method: string): {
  request: HttpServletRequest;
  response: HttpServletResponse;
  log: string[];
} {
  const log: string[] = [];
  const response = {
    setStatus: (status: number) => void log.push(`status ${status}`),
    setHeader: (name: string, value: string) => void log.push(`${name}: ${value}`),
    sendError: (status: number, message = '') => void log.push(`error ${status} ${message}`.trim()),
  };
  return {
    request: { getMethod: () => method } as unknown as HttpServletRequest,
    response: response as unknown as HttpServletResponse,
    log,
  };
}

/** A servlet's configuration whose context writes its log into `lines`. */
export function fakeConfig(lines: unknown[][] = []): ServletConfig {
  const config = {
    getServletName: () => 'Call',
    getInitParameter: (name: string) => (name === 'ring' ? '25' : undefined),
    getInitParameterNames: () => ['ring'].values(),
    getServletContext: () => ({ log: (...line: unknown[]) => void lines.push(line) }),
  };
  return config as unknown as ServletConfig;
}
