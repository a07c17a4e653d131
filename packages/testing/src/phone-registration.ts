import type { WireResponse } from './npm-sip.ts';
import type { PhoneAgent } from './phone-agent.ts';
import { rawHeader, splitList } from './wire-text.ts';

/** How a phone registers. */
export interface RegisterOptions {
  readonly expiresSeconds?: number;
  /** Registers again by itself at nine tenths of the lifetime. */
  readonly refresh?: boolean;
  readonly headers?: Record<string, string>;
  /** Registrar URI; the domain of the AOR by default. */
  readonly registrar?: string;
}

/** How a registration went. */
export interface RegisterResult {
  /** 0 when nobody answered. */
  readonly status: number;
  readonly reason: string;
  /** Contact values of the answer, raw. */
  readonly contacts: readonly string[];
  readonly response: WireResponse | undefined;
}

/** The registration of a phone: one Call-ID, rising CSeq (RFC 3261 §10.2). */
export class PhoneRegistration {
  /** True after a successful registration until it is removed. */
  isActive = false;
  readonly #agent: PhoneAgent;
  readonly #callId: string;
  readonly #tag: string;
  #seq = 0;
  #generation = 0;

  constructor(agent: PhoneAgent) {
    this.#agent = agent;
    this.#callId = `${agent.id()}@${agent.identity.viaHost}`;
    this.#tag = agent.id(4);
  }

  /** Registers or refreshes, and waits for the result. */
  async register(options: RegisterOptions): Promise<RegisterResult> {
    const expires = options.expiresSeconds ?? 3600;
    this.stop();
    if (options.refresh === true) this.#refreshLater(options, expires);
    const result = await this.#waitFor(options, expires, [this.#agent.contact()]);
    this.isActive = result.status >= 200 && result.status < 300 && expires > 0;
    return result;
  }

  /** Removes the binding, or all bindings. */
  async unregister(all: boolean): Promise<RegisterResult> {
    this.stop();
    this.isActive = false;
    return this.#waitFor({}, 0, all ? '*' : [this.#agent.contact({ expires: '0' })]);
  }

  /** Stops refreshing. */
  stop(): void {
    this.#generation += 1;
  }

  async #waitFor(options: RegisterOptions, expires: number, contact: unknown): Promise<RegisterResult> {
    let outcome: RegisterResult | undefined;
    this.#send(options, expires, contact, (result) => (outcome ??= result));
    const agent = this.#agent;
    await agent.wait(() => outcome !== undefined || agent.isSilent, 'the answer to REGISTER');
    return outcome ?? NO_ANSWER;
  }

  #send(options: RegisterOptions, expires: number, contact: unknown, done: (result: RegisterResult) => void): void {
    const agent = this.#agent;
    const { identity } = agent;
    const registrar = options.registrar ?? `sip:${identity.domain}`;
    agent.exchange(
      {
        method: 'REGISTER',
        uri: registrar,
        from: agent.from(this.#tag),
        to: { uri: identity.aor, params: {} },
        callId: this.#callId,
        headers: { contact, expires, supported: 'path', ...options.headers },
        nextSeq: () => (this.#seq += 1),
        response: (response, text) => {
          const { status, reason } = response;
          const contacts = rawHeader(text, 'contact', 'm').flatMap(splitList);
          if (status >= 200) done({ status, reason, contacts, response });
        },
        timeout: () => done(NO_ANSWER),
      },
      identity.server === undefined ? registrar : undefined,
    );
  }

  #refreshLater(options: RegisterOptions, expires: number): void {
    const mine = this.#generation;
    this.#agent.clock.setTimer(expires * 900, () => {
      if (mine !== this.#generation || this.#agent.isSilent) return;
      this.#send(
        options,
        expires,
        [this.#agent.contact()],
        ({ status }) => (this.isActive = status < 300 && status > 0),
      );
      this.#refreshLater(options, expires);
    });
  }
}

const NO_ANSWER: RegisterResult = { status: 0, reason: 'no answer', contacts: [], response: undefined };
