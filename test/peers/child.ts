import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** One line a program printed, and when, in milliseconds since the epoch with a fraction. */
export interface Line {
  readonly at: number;
  readonly text: string;
}

/** Milliseconds since the epoch with a fraction, on the same clock as every process of this machine. */
export function wallNow(): number {
  return performance.timeOrigin + performance.now();
}

export const pause = (ms: number): Promise<void> => sleep(ms);

/** Asks `probe` again until it answers something, and says what was awaited when it never does. */
export async function until<T>(
  what: string | (() => string),
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 10_000,
  everyMs = 20,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline)
      throw new Error(`Waited ${timeoutMs} ms in vain for ${typeof what === 'string' ? what : what()}`);
    await pause(everyMs);
  }
}

/** A program started by a test; it is stopped by its own handle, never by name. */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly lines: Line[] = [];
  readonly exited: Promise<number>;
  readonly process: ChildProcess;
  exitCode: number | undefined;

  constructor(name: string, command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.name = name;
    const child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) this.#collect(stream ?? undefined);
    child.stdin?.on('error', () => undefined);
    const onParentExit = (): void => void child.kill('SIGKILL');
    process.setMaxListeners(0);
    process.once('exit', onParentExit);
    this.exited = new Promise((resolve) => {
      const done = (code: number): void => {
        process.removeListener('exit', onParentExit);
        this.exitCode = code;
        resolve(code);
      };
      child.once('error', (error) => {
        this.lines.push({ at: wallNow(), text: String(error) });
        done(127);
      });
      child.once('close', (code, signal) => done(code ?? (signal === null ? 0 : 128)));
    });
  }

  get text(): string {
    return this.lines.map((line) => line.text).join('\n');
  }

  /** The last lines. */
  get tail(): string {
    return this.lines
      .slice(-40)
      .map((line) => line.text)
      .join('\n');
  }

  write(text: string): void {
    this.process.stdin?.write(text);
  }

  /** Waits for a line; `from` skips what was printed before. */
  waitFor(pattern: RegExp, timeoutMs = 10_000, from = 0): Promise<RegExpExecArray> {
    return until(
      () => `${this.name} to print ${pattern}; it printed:\n${this.tail}`,
      () => {
        for (const line of this.lines.slice(from)) {
          const match = pattern.exec(line.text);
          if (match !== null) return match;
        }
        if (this.exitCode !== undefined)
          throw new Error(`${this.name} ended with code ${this.exitCode} before printing ${pattern}:\n${this.text}`);
        return undefined;
      },
      timeoutMs,
    );
  }

  /** Waits for the end, and fails with everything printed when the code is another one. */
  async finished(timeoutMs = 60_000, expected = 0): Promise<void> {
    await until(
      () => `the end of ${this.name}; it printed:\n${this.tail}`,
      () => this.exitCode !== undefined,
      timeoutMs,
    );
    if (this.exitCode !== expected) throw new Error(`${this.name} ended with code ${this.exitCode}:\n${this.text}`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM', patienceMs = 5_000): Promise<number> {
    if (this.exitCode === undefined) this.process.kill(signal);
    const patient = new AbortController();
    const code = await Promise.race([
      this.exited,
      sleep(patienceMs, undefined, { signal: patient.signal }).catch(() => undefined),
    ]);
    patient.abort();
    if (code !== undefined) return code;
    this.process.kill('SIGKILL');
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #collect(stream: NodeJS.ReadableStream | undefined): void {
    let rest = '';
    stream?.on('data', (chunk: Buffer) => {
      const at = wallNow();
      const parts = (rest + chunk.toString('utf8')).split(/\r\n|\n|\r/);
      rest = parts.pop() ?? '';
      for (const text of parts) this.lines.push({ at, text });
    });
    stream?.on('end', () => {
      if (rest !== '') this.lines.push({ at: wallNow(), text: rest });
    });
  }
}
