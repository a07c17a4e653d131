import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from './app.ts';
import { Child, until } from './child.ts';
import { peerPath } from './peer.ts';
import { readWav, secondsOfTone, writeTone } from './tone.ts';

export interface LinphoneOptions {
  readonly transport?: 'udp' | 'tcp';
  /** The tone it sends, in Hz. */
  readonly tone: number;
  /** Picks up by itself; default true. */
  readonly autoAnswer?: boolean;
}

/** A linphone desktop phone, driven over its standard input; records what it hears. */
export class Linphone implements AsyncDisposable {
  readonly child: Child;
  readonly folder: string;

  private constructor(child: Child, folder: string) {
    this.child = child;
    this.folder = folder;
  }

  /** Starts the phone and waits until it is registered. */
  static async start(app: App, name: string, options: LinphoneOptions): Promise<Linphone> {
    const folder = mkdtempSync(join(tmpdir(), 'siplet-linphone-'));
    // Without this folder the core silently never starts.
    mkdirSync(join(folder, '.local/share/linphone'), { recursive: true });
    writeTone(join(folder, 'tone.wav'), options.tone, 60);
    const transport = options.transport ?? 'udp';
    const proxy = `sip:127.0.0.1:${app.sipPort};transport=${transport}`;
    const rc = [
      '[sip]',
      // -1 is a random port, 0 is off.
      `sip_port=${transport === 'udp' ? -1 : 0}`,
      `sip_tcp_port=${transport === 'tcp' ? -1 : 0}`,
      'sip_tls_port=0',
      'default_proxy=0',
      'bind_address=127.0.0.1',
      'use_ipv6=0',
      '[net]',
      'mtu=1300',
      '[rtp]',
      'audio_rtp_port=-1',
      '[auth_info_0]',
      `username=${name}`,
      `passwd=${name}`,
      `realm=${App.domain}`,
      `domain=${App.domain}`,
      '[proxy_0]',
      `reg_proxy=<${proxy}>`,
      `reg_route=<${proxy};lr>`,
      `reg_identity=sip:${name}@${App.domain}`,
      'reg_sendregister=1',
      'reg_expires=60',
      'publish=0',
    ];
    writeFileSync(join(folder, 'rc'), `${rc.join('\n')}\n`);
    const child = new Child(
      'linphonec',
      peerPath('linphonec'),
      ['-c', join(folder, 'rc'), ...(options.autoAnswer === false ? [] : ['-a']), '-d', '6', '-l', join(folder, 'log')],
      { cwd: folder, env: { ...process.env, HOME: folder, TERM: 'dumb' } },
    );
    const phone = new Linphone(child, folder);
    try {
      phone.command('soundcard use files');
      phone.command(`play ${join(folder, 'tone.wav')}`);
      phone.command(`record ${join(folder, 'heard.wav')}`);
      // Its standard output is buffered as long as it is no terminal; the log is not.
      await phone.waitForLog('to [LinphoneRegistrationOk]', 15_000);
      return phone;
    } catch (error) {
      await phone.stop();
      throw error;
    }
  }

  /** Waits for a text in its log. */
  async waitForLog(text: string, timeoutMs = 10_000): Promise<void> {
    await until(
      () => `linphone to log ${text}`,
      () => this.log.includes(text),
      timeoutMs,
      50,
    );
  }

  get log(): string {
    const file = join(this.folder, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  command(line: string): void {
    this.child.write(`${line}\n`);
  }

  /** Ends the program, which completes its recording, and says for how many seconds it heard a tone. */
  async secondsHeard(hz: number): Promise<number> {
    await this.quit();
    const file = join(this.folder, 'heard.wav');
    return existsSync(file) ? secondsOfTone(readWav(file), hz) : 0;
  }

  async quit(): Promise<void> {
    if (this.child.exitCode === undefined) this.command('quit');
    await Promise.race([this.child.exited, this.child.stop('SIGTERM', 8_000)]);
  }

  async stop(): Promise<void> {
    await this.quit();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
