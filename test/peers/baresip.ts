import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, freePort } from './app.ts';
import { Child, until } from './child.ts';
import { peerPath } from './peer.ts';
import { readWav, secondsOfTone } from './tone.ts';

export interface BaresipOptions {
  readonly transport?: 'udp' | 'tcp';
  /** The tone it sends, in Hz. */
  readonly tone: number;
  /** DTLS-SRTP with ICE, as browsers need it; default plain RTP. */
  readonly webrtc?: boolean;
  /** Picks up by itself; default true. */
  readonly autoAnswer?: boolean;
}

const MODULES = ['opus', 'g711', 'ausine', 'aubridge', 'sndfile', 'ice', 'srtp', 'dtls_srtp'];

/** A baresip desktop phone, driven over its control port; records what it hears. */
export class Baresip implements AsyncDisposable {
  readonly child: Child;
  readonly folder: string;
  readonly events: Record<string, unknown>[] = [];
  readonly #control: Socket;

  private constructor(child: Child, folder: string, control: Socket) {
    this.child = child;
    this.folder = folder;
    this.#control = control;
    let rest = Buffer.alloc(0);
    control.on('error', () => undefined);
    control.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        // Netstrings: <length>:<json>,
        const colon = rest.indexOf(':');
        const length = Number(rest.toString('latin1', 0, Math.max(colon, 0)));
        if (colon < 1 || rest.length < colon + 2 + length) return;
        this.events.push(JSON.parse(rest.toString('utf8', colon + 1, colon + 1 + length)) as Record<string, unknown>);
        rest = rest.subarray(colon + 2 + length);
      }
    });
  }

  /** Starts the phone and waits until it is registered. */
  static async start(app: App, name: string, options: BaresipOptions): Promise<Baresip> {
    const folder = mkdtempSync(join(tmpdir(), 'siplet-baresip-'));
    const transport = options.transport ?? 'udp';
    const controlPort = await freePort();
    const config = [
      'module_path /usr/lib/baresip/modules',
      ...MODULES.map((module) => `module ${module}.so`),
      'module_tmp uuid.so',
      'module_tmp account.so',
      ...['contact', 'menu', 'ctrl_tcp'].map((module) => `module_app ${module}.so`),
      `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
      `sip_listen ${options.webrtc === true ? '0.0.0.0' : '127.0.0.1'}:0`,
      `audio_source ausine,${options.tone}`,
      // ausine 1.0.0 only knows 48 kHz stereo.
      'ausrc_srate 48000',
      'ausrc_channels 2',
      'audio_player aubridge,none',
      'audio_alert aubridge,alert',
      `snd_path ${folder}`,
      'rtp_stats yes',
      'rtp_ports 61000-64000', // away from the ports that freePort() gives
      'rtcp_mux yes',
    ];
    writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`);
    const media = options.webrtc === true ? ';mediaenc=dtls_srtp;medianat=ice' : '';
    const answer = options.autoAnswer === false ? 'manual' : 'auto';
    writeFileSync(
      join(folder, 'accounts'),
      `<sip:${name}@${App.domain};transport=${transport}>;auth_user=${name};auth_pass=${name};answermode=${answer}` +
        `${media};regint=60;outbound="sip:127.0.0.1:${app.sipPort};transport=${transport}"\n`,
    );
    writeFileSync(join(folder, 'contacts'), '"x" <sip:x@x.invalid>\n');
    const child = new Child('baresip', peerPath('baresip'), ['-f', folder, '-s'], { cwd: folder });
    try {
      const control = await until('the control port of baresip', () => connected(controlPort), 10_000, 50);
      const phone = new Baresip(child, folder, control);
      // The registration may have ended before the control port was open, so the screen counts too.
      await child.waitFor(/200 OK \(|registered successfully|200 OK/, 10_000).catch((cause: unknown) => {
        throw new Error(`baresip did not register:\n${child.text}`, { cause });
      });
      return phone;
    } catch (error) {
      await child.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  command(command: 'dial' | 'accept' | 'hangup' | 'callstat' | 'quit', params?: string): void {
    const text = JSON.stringify({ command, ...(params === undefined ? {} : { params }) });
    this.#control.write(`${Buffer.byteLength(text)}:${text},`);
  }

  /** Waits for an event of the control port, such as CALL_ESTABLISHED or CALL_CLOSED. */
  waitForEvent(type: string, timeoutMs = 10_000): Promise<Record<string, unknown>> {
    return until(`baresip to say ${type}`, () => this.events.find((event) => event['type'] === type), timeoutMs);
  }

  /** For how many seconds it has heard a tone, over all its calls. */
  secondsHeard(hz: number): number {
    return readdirSync(this.folder)
      .filter((file) => /^dump-.*-dec\.wav$/.test(file))
      .map((file) => secondsOfTone(readWav(join(this.folder, file)), hz))
      .reduce((sum, seconds) => sum + seconds, 0);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === undefined) this.command('quit');
    await Promise.race([this.child.exited, this.child.stop('SIGTERM', 4_000)]);
    this.#control.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
