import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { App } from './app.ts';
import { until } from './child.ts';
import { peerPath } from './peer.ts';

/** What a page hears: the strongest frequency of what comes in, and the packets that brought it. */
export interface Heard {
  readonly hz: number;
  readonly level: number;
  readonly packets: number;
}

const LISTEN_IN = join(dirname(fileURLToPath(import.meta.url)), 'listen-in.js');

function onlyLoopback(): boolean {
  return !Object.values(networkInterfaces()).some((addresses) => addresses?.some((each) => !each.internal));
}

/** One headless Chromium. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Chromium> {
    const browser = await chromium.launch({
      executablePath: peerPath('chromium'),
      args: [
        '--no-sandbox',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--autoplay-policy=no-user-gesture-required',
        // With loopback among the candidates baresip's ICE may settle on another pair than the browser's; it is only
        // for machines that have nothing else.
        ...(onlyLoopback() ? ['--allow-loopback-in-peer-connection'] : []),
      ],
    });
    return new Chromium(browser);
  }

  /** Cookies of its own, as another browser profile has them. */
  profile(): Promise<BrowserContext> {
    return this.#browser.newContext({ permissions: ['microphone'] });
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** A tab in which somebody has signed in, with the phone of the page. */
export class Tab implements AsyncDisposable {
  readonly page: Page;
  readonly name: string;
  readonly complaints: string[] = [];

  private constructor(page: Page, name: string) {
    this.page = page;
    this.name = name;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  /** Opens a tab with cookies of its own, signs in as people do, and waits until the phone of the page is registered. */
  static async open(chromium: Chromium, app: App, name: string, tone: number): Promise<Tab> {
    const page = await (await chromium.profile()).newPage();
    await page.addInitScript(`globalThis.testTone = ${tone};`);
    await page.addInitScript({ path: LISTEN_IN });
    const tab = new Tab(page, name);
    await page.goto(`${app.http}/`);
    const form = page.locator(`form[action="/login"]:has(input[name=name][value=${name}])`);
    await form.first().locator('button').click();
    await tab.waitForPhone('ready', 15_000);
    return tab;
  }

  /** Waits for the phone of the page: ready, ringing, waiting, talking or lost. */
  async waitForPhone(state: string, timeoutMs = 10_000): Promise<void> {
    await this.page.locator(`#phone[data-state="${state}"]`).waitFor({ timeout: timeoutMs });
  }

  /** Presses the Call button beside somebody's name. */
  async call(name: string): Promise<void> {
    await this.page.locator(`button[data-call="${name}"]:enabled`).click({ timeout: 10_000 });
  }

  async answer(): Promise<void> {
    await this.waitForPhone('ringing');
    await this.page.locator('#answer').click();
  }

  async hangUp(): Promise<void> {
    await this.page.locator('#hangup').click();
  }

  /** The newest call as the page shows it: its state and its sentence. */
  async newestCall(): Promise<{ state: string; text: string }> {
    const card = this.page.locator('.call-card').first();
    return { state: (await card.getAttribute('data-state')) ?? '', text: await card.innerText() };
  }

  heard(): Promise<Heard> {
    return this.page.evaluate(() => (globalThis as unknown as { heard: () => Promise<Heard> }).heard());
  }

  /** Waits until a tone is what comes in, within 15 Hz. */
  async waitForTone(hz: number, timeoutMs = 15_000): Promise<Heard> {
    let last: Heard | undefined;
    return until(
      () => `${this.name}'s tab to hear ${hz} Hz; it heard ${JSON.stringify(last)}`,
      async () => {
        last = await this.heard();
        return Math.abs(last.hz - hz) < 15 && last.level > 0.3 && last.packets > 20 ? last : undefined;
      },
      timeoutMs,
      100,
    );
  }

  async close(): Promise<void> {
    await this.page.close({ runBeforeUnload: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
