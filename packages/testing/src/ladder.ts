import { TestingError } from './errors.ts';
import { diffLines } from './line-diff.ts';
import type { Endpoint, TrafficEntry } from './traffic.ts';
import type { VirtualNetwork } from './virtual-network.ts';
import { StreamSplitter, labelOf, rawHeader, toText } from './wire-text.ts';

/** What of the traffic a ladder shows, and how. */
export interface LadderOptions {
  /** `drawing` has a lifeline for each party; `list` has one line like `alice -> siplet: INVITE` for each message. */
  readonly style?: 'drawing' | 'list';
  /** Show the virtual time of each message; only drawings, true by default. */
  readonly times?: boolean;
  /** Messages from this virtual time on. */
  readonly sinceMs?: number;
  /** Only so many messages, the latest. */
  readonly last?: number;
  /** Leave out everything that belongs to these methods, such as REGISTER. */
  readonly without?: readonly string[];
  /** Parties from left to right; the others follow in order of appearance. */
  readonly order?: readonly string[];
}

/** One message of a ladder; repetitions are folded into the first. */
export interface LadderStep {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** Method of the CSeq. */
  readonly method: string;
  readonly text: string;
  /** True when it carried a session description. */
  readonly hasSdp: boolean;
  /** How often it was sent. */
  readonly count: number;
  /** How many of these did not arrive. */
  readonly lost: number;
}

/** Reads the messages out of what was sent on a network, repetitions folded. */
export function ladderSteps(net: VirtualNetwork, options: LadderOptions = {}): LadderStep[] {
  const steps = new Map<string, { -readonly [K in keyof LadderStep]: LadderStep[K] }>();
  const splitters = new Map<string, StreamSplitter>();
  for (const entry of net.traffic) {
    for (const text of messagesOf(entry, splitters)) {
      const [from, to] = [net.nameOf(entry.from.address), net.nameOf(entry.to.address)];
      const key = `${from}\n${to}\n${text}`;
      const step = steps.get(key);
      const lost = entry.fate === 'delivered' ? 0 : 1;
      const method = /^\d+\s+(\S+)/.exec(rawHeader(text, 'cseq')[0] ?? '')?.[1] ?? '';
      if (step === undefined)
        steps.set(key, {
          at: entry.sentAt,
          from,
          to,
          label: labelOf(text),
          method,
          text,
          hasSdp: hasSdp(text),
          count: 1,
          lost,
        });
      else {
        step.count += 1;
        step.lost += lost;
      }
    }
  }
  const { sinceMs = 0, without = [], last = Infinity } = options;
  const shown = [...steps.values()].filter((step) => step.at >= sinceMs && !without.includes(step.method));
  return shown.slice(Math.max(0, shown.length - last));
}

/** Draws what was sent on a network as text. */
export function renderLadder(net: VirtualNetwork, options: LadderOptions = {}): string {
  const steps = ladderSteps(net, options);
  if (options.style === 'list') return steps.map((step) => `${step.from} -> ${step.to}: ${captionOf(step)}`).join('\n');
  return draw(steps, options);
}

/**
 * Compares what was sent with a template: either lines such as `alice -> siplet: INVITE (SDP)`, or a drawing without times.
 * A line `...` stands for any messages, `×*` for any number of repetitions.
 * @throws {TestingError} TST_ERR_LADDER — with the difference
 */
export function expectLadder(
  source: VirtualNetwork | { readonly net: VirtualNetwork },
  template: string,
  options: LadderOptions = {},
): void {
  const net = 'net' in source ? source.net : source;
  const wanted = linesOf(template);
  const style = wanted.some((line) => line.includes('|')) ? 'drawing' : 'list';
  const happened = linesOf(renderLadder(net, { ...options, style, times: false }));
  const difference = diffLines(wanted.map(normalize), happened.map(normalize), matches);
  if (difference !== undefined) throw new TestingError('TST_ERR_LADDER', difference);
}

function messagesOf(entry: TrafficEntry, splitters: Map<string, StreamSplitter>): string[] {
  if (entry.protocol !== 'TCP') {
    const text = toText(entry.bytes);
    return text.trim() === '' ? [] : [text];
  }
  const key = `${endpoint(entry.from)} ${endpoint(entry.to)}`;
  const splitter = splitters.get(key) ?? new StreamSplitter();
  splitters.set(key, splitter);
  return splitter.push(entry.bytes);
}

function hasSdp(text: string): boolean {
  const isSdp = rawHeader(text, 'content-type', 'c')[0]?.toLowerCase().startsWith('application/sdp') ?? false;
  return isSdp && text.length > text.indexOf('\r\n\r\n') + 4;
}

function endpoint({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

function captionOf(step: LadderStep): string {
  const times = step.count > 1 ? ` ×${step.count}` : '';
  const allLost = step.lost === step.count;
  const lost = step.lost === 0 ? '' : allLost ? ' (lost)' : ` (${step.lost} lost)`;
  return `${step.label}${step.hasSdp ? ' (SDP)' : ''}${times}${lost}`;
}

function draw(steps: readonly LadderStep[], options: LadderOptions): string {
  const known = new Set(steps.flatMap((step) => [step.from, step.to]));
  const parties = [...new Set([...(options.order ?? []).filter((name) => known.has(name)), ...known])];
  if (parties.length === 0) return '(nothing was sent)';
  const widest = Math.max(...steps.map((step) => captionOf(step).length), ...parties.map((name) => name.length - 8));
  const width = Math.max(18, widest + 8);
  const center = (index: number): number => Math.floor(width / 2) + index * width;
  const times = options.times === false ? undefined : steps.map((step) => clockText(step.at));
  const margin = times === undefined ? 0 : Math.max(...times.map((text) => text.length)) + 1;
  const head = blank(parties.length * width);
  for (const [index, name] of parties.entries()) put(head, center(index) - Math.floor(name.length / 2), name);
  const lines = steps.map((step, row) => {
    const line = blank(parties.length * width);
    for (const index of parties.keys()) put(line, center(index), '|');
    arrow(line, center(parties.indexOf(step.from)), center(parties.indexOf(step.to)), step);
    return (times?.[row] ?? '').padStart(Math.max(0, margin - 1)).padEnd(margin) + line.join('');
  });
  return [' '.repeat(margin) + head.join(''), ...lines].map((line) => line.trimEnd()).join('\n');
}

function arrow(line: string[], from: number, to: number, step: LadderStep): void {
  const caption = captionOf(step);
  if (from === to) {
    put(line, from + 1, ` ${caption} (to itself)`);
    return;
  }
  const [left, right] = from < to ? [from + 1, to - 1] : [to + 1, from - 1];
  for (let column = left; column <= right; column += 1) line[column] = '-';
  put(line, Math.floor((left + right + 1 - caption.length) / 2) - 1, ` ${caption} `);
  const gone = step.lost === step.count;
  if (from < to) line[right] = gone ? 'x' : '>';
  else line[left] = gone ? 'x' : '<';
}

function clockText(at: number): string {
  return `${(at / 1000).toFixed(3)} s`;
}

function blank(length: number): string[] {
  return Array.from({ length }, () => ' ');
}

function put(line: string[], at: number, text: string): void {
  for (const [offset, character] of Array.from(text).entries()) line[Math.max(0, at) + offset] = character;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function normalize(line: string): string {
  return line.trim().replaceAll('→', '->').replaceAll(/\s+/g, ' ').replace(/^…$/, '...');
}

function matches(wanted: string, happened: string): boolean {
  if (!wanted.includes('×*')) return wanted === happened;
  const [before = '', after = ''] = wanted.split('×*');
  const plain = `${before.trimEnd()}${after}`;
  return happened.replace(/ ×\d+/, '').replace(/ \(\d+ lost\)/, '') === plain;
}
