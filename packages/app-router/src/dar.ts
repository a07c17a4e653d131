import { SipApplicationRoutingRegionType, SipRouteModifier } from '@siplet/api';
import { Properties, type PropertyNode } from 'properties-file/parser';
import { DarError, makeFinding, type DarErrorCode, type DarFinding, type Position } from './errors.ts';
import { locateLine, locateProperty, type LocatedText } from './located-text.ts';
import { suggest } from './suggest.ts';
import { ListError, parseTuples, type RawTuple } from './tuples.ts';

/** Where a tuple takes the subscriber identity from. */
export type DarSubscriber =
  | { readonly type: 'header'; readonly name: string }
  | { readonly type: 'literal'; readonly uri: string };

/** One entry of a DAR list: an application, and on whose behalf it runs (JSR 289 Appendix C). */
export interface DarTuple {
  readonly applicationName: string;
  readonly subscriber: DarSubscriber;
  readonly region: SipApplicationRoutingRegionType;
  /** Only with ROUTE and ROUTE_BACK. */
  readonly route: string | undefined;
  readonly routeModifier: SipRouteModifier;
  /** The sixth field as written. */
  readonly order: string;
  /** The place of the tuple among those of its method, counted from 0, in the order in which they are tried. */
  readonly index: number;
  /** The opening parenthesis. */
  readonly position: Position;
}

/** A DAR file that has been read. */
export interface DarFile {
  readonly file: string;
  /** Tuples in the order in which they are tried, by method; the key `ALL` is for methods without tuples that fit. */
  readonly lists: ReadonlyMap<string, readonly DarTuple[]>;
  /** What is doubtful but no error. */
  readonly warnings: readonly DarFinding[];
}

/** The key of the list for all methods. */
export const ALL_METHODS = 'ALL';

/** Reads a DAR file. @throws {DarError} with every error of the file, the first one in its message */
export function parseDar(text: string, file: string): DarFile {
  const { dar, findings } = readDar(text, file);
  return orThrow(dar, findings);
}

/** Reads what can be read, and lists everything that is wrong or doubtful; never throws. */
export function readDar(
  text: string,
  file: string,
): { readonly dar: DarFile; readonly findings: readonly DarFinding[] } {
  const properties = readProperties(text, file);
  if (!Array.isArray(properties)) return new DarBuilder(file).finish([properties]);
  const builder = new DarBuilder(file);
  for (const node of properties) {
    const { key, value } = locateProperty(node);
    builder.add(key, value);
  }
  return builder.finish([]);
}

/** Makes a DAR from properties that have been read already: method to tuples. @throws {DarError} */
export function darFromProperties(properties: Readonly<Record<string, string>>, source = 'properties'): DarFile {
  const builder = new DarBuilder(source);
  for (const [index, [key, value]] of Object.entries(properties).entries()) {
    builder.add(locateLine(key, index + 1), locateLine(value, index + 1));
  }
  const { dar, findings } = builder.finish([]);
  return orThrow(dar, findings);
}

/** What is wrong with the application names of a DAR when only these applications are deployed. */
export function checkApplications(dar: DarFile, applicationNames: Iterable<string>): readonly DarFinding[] {
  const deployed = new Set(applicationNames);
  const findings: DarFinding[] = [];
  for (const tuple of [...dar.lists.values()].flat()) {
    if (deployed.has(tuple.applicationName)) continue;
    const hint = didYouMean(tuple.applicationName, deployed);
    findings.push(makeFinding('DAR_ERR_UNKNOWN_APPLICATION', dar.file, tuple.position, [tuple.applicationName], hint));
  }
  return findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function orThrow(dar: DarFile, findings: readonly DarFinding[]): DarFile {
  const errors = findings.filter((finding) => finding.severity === 'error');
  const [first] = errors;
  if (first !== undefined) throw new DarError(first, errors);
  return dar;
}

function readProperties(text: string, file: string): PropertyNode[] | DarFinding {
  try {
    return new Properties(text).getProperties();
  } catch {
    // The reader refuses the whole text for one malformed escape, without saying where it is.
    const { position, escape } = findMalformedEscape(text);
    return makeFinding('DAR_ERR_ESCAPE', file, position, [escape]);
  }
}

function findMalformedEscape(text: string): { position: Position; escape: string } {
  let continued = false;
  for (const [index, line] of text.split(/\r\n|\r|\n/u).entries()) {
    const comment: boolean = !continued && /^[ \t\f]*[#!]/u.test(line);
    continued = !comment && (/\\*$/u.exec(line)?.[0].length ?? 0) % 2 === 1;
    if (comment) continue;
    const match = /(?<!\\)(?:\\\\)*(?<escape>\\u(?![\dA-Fa-f]{4})[\dA-Fa-f]{0,3})/u.exec(line);
    const escape = match?.groups?.['escape'];
    if (match === null || escape === undefined) continue;
    return { position: { line: index + 1, column: match.index + match[0].length - escape.length + 1 }, escape };
  }
  return { position: { line: 1, column: 1 }, escape: '\\u' };
}

class DarBuilder {
  readonly #file: string;
  readonly #lists = new Map<string, readonly DarTuple[]>();
  readonly #keyLines = new Map<string, number>();
  readonly #findings: DarFinding[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add(key: LocatedText, value: LocatedText): void {
    const method = key.text;
    if (!this.#checkMethod(key)) return;
    this.#keyLines.set(method, key.at(0).line);
    try {
      const raw = parseTuples(value, this.#file);
      if (raw.length === 0) this.#report('DAR_ERR_EMPTY', key.at(0), [method]);
      const tuples = raw.flatMap((tuple) => this.#checkTuple(tuple, value));
      this.#lists.set(method, this.#sort(tuples));
    } catch (error) {
      if (!(error instanceof ListError)) throw error;
      this.#findings.push(error.finding);
    }
  }

  finish(more: readonly DarFinding[]): { readonly dar: DarFile; readonly findings: readonly DarFinding[] } {
    const findings = [...this.#findings, ...more].toSorted((a, b) => a.line - b.line || a.column - b.column);
    const warnings = findings.filter((finding) => finding.severity === 'warning');
    return { dar: { file: this.#file, lists: this.#lists, warnings }, findings };
  }

  #report(code: DarErrorCode, position: Position, values: readonly unknown[], hint?: string): void {
    this.#findings.push(makeFinding(code, this.#file, position, values, hint));
  }

  #checkMethod(key: LocatedText): boolean {
    const method = key.text;
    const position = key.at(0);
    const before = this.#keyLines.get(method);
    if (before !== undefined) {
      this.#report('DAR_ERR_DUPLICATE_METHOD', position, [method, before]);
      return false;
    }
    if (method.startsWith('(')) {
      this.#report('DAR_ERR_CONTINUATION', position, []);
      return false;
    }
    if (KEYS.has(method)) return true;
    const upper = method.toUpperCase();
    if (KEYS.has(upper) || NEVER_INITIAL.has(upper) || !TOKEN.test(method)) {
      if (NEVER_INITIAL.has(method)) {
        this.#report('DAR_ERR_NEVER_INITIAL', position, [method]);
        return true;
      }
      this.#report('DAR_ERR_METHOD', position, [method], didYouMean(method, KEYS));
      return false;
    }
    this.#report('DAR_ERR_UNKNOWN_METHOD', position, [method], didYouMean(method, KEYS));
    return true;
  }

  #checkTuple(raw: RawTuple, value: LocatedText): readonly DarTuple[] {
    const [application, subscriber, region, route, modifier, order, extension] = raw.fields;
    if (extension !== undefined) {
      this.#report('DAR_ERR_EXTENSION', value.at(extension.start), [extension.text]);
      return [];
    }
    if (!application || !subscriber || !region || !route || !modifier || !order) {
      this.#report('DAR_ERR_FIELD_COUNT', value.at(raw.start), [raw.fields.length]);
      return [];
    }
    if (application.text.trim() === '') this.#report('DAR_ERR_APPLICATION_NAME', value.at(application.start), []);
    const regionType = this.#oneOf(REGIONS, region.text, 'DAR_ERR_REGION', value.at(region.start));
    const routeModifier = this.#oneOf(MODIFIERS, modifier.text, 'DAR_ERR_ROUTE_MODIFIER', value.at(modifier.start));
    const from = parseSubscriber(subscriber.text);
    if (from === undefined) this.#report('DAR_ERR_SUBSCRIBER', value.at(subscriber.start), [subscriber.text]);
    if (!from || !regionType || !routeModifier || application.text.trim() === '') return [];
    if (!this.#checkRoute(route.text, routeModifier, value.at(route.start))) return [];
    return [
      {
        applicationName: application.text,
        subscriber: from,
        region: regionType,
        route: routeModifier === SipRouteModifier.NO_ROUTE ? undefined : route.text.trim(),
        routeModifier,
        order: order.text,
        index: 0,
        position: value.at(raw.start),
      },
    ];
  }

  #oneOf<Value extends string>(
    values: readonly Value[],
    text: string,
    code: DarErrorCode,
    position: Position,
  ): Value | undefined {
    const found = values.find((value) => value === text);
    if (found === undefined) this.#report(code, position, [text], didYouMean(text, values));
    return found;
  }

  #checkRoute(route: string, modifier: SipRouteModifier, position: Position): boolean {
    if (modifier === SipRouteModifier.NO_ROUTE) {
      if (route.trim() !== '') this.#report('DAR_ERR_ROUTE_IGNORED', position, [route]);
      return true;
    }
    if (/^\s*(?:[^<]*<\s*)?sips?:[^\s]+\s*$/iu.test(route)) return true;
    this.#report('DAR_ERR_ROUTE', position, [modifier, route]);
    return false;
  }

  // Rising order numbers when all are numbers, gaps allowed; otherwise as written.
  #sort(tuples: readonly DarTuple[]): readonly DarTuple[] {
    const wrong = tuples.find((tuple) => !/^\s*\d+\s*$/u.test(tuple.order));
    if (wrong !== undefined && tuples.length > 1) {
      this.#report('DAR_ERR_ORDER', wrong.position, [wrong.order, 'no number, so the tuples stay as they are written']);
    }
    const sorted = wrong === undefined ? tuples.toSorted((a, b) => Number(a.order) - Number(b.order)) : tuples;
    for (const [index, tuple] of sorted.entries()) {
      const next = wrong === undefined ? sorted[index + 1] : undefined;
      if (next !== undefined && Number(next.order) === Number(tuple.order)) {
        this.#report('DAR_ERR_ORDER', next.position, [
          next.order,
          'there twice, so the tuple written first comes first',
        ]);
      }
    }
    return sorted.map((tuple, index) => ({ ...tuple, index }));
  }
}

function parseSubscriber(text: string): DarSubscriber | undefined {
  const header = /^DAR:(?<name>[\w.!%*+`'~-]+)$/u.exec(text)?.groups?.['name'];
  if (header !== undefined) return { type: 'header', name: header };
  if (/^\s*dar:/iu.test(text)) return undefined;
  return /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/u.test(text) ? { type: 'literal', uri: text } : undefined;
}

function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const candidate = suggest(name, candidates);
  return candidate === undefined ? undefined : `Did you mean ${candidate}?`;
}

const REGIONS = Object.values(SipApplicationRoutingRegionType);
const MODIFIERS = Object.values(SipRouteModifier);
const TOKEN = /^[\w.!%*+`'~-]+$/u;
const NEVER_INITIAL: ReadonlySet<string> = new Set(['ACK', 'BYE', 'CANCEL', 'PRACK']);
const KEYS: ReadonlySet<string> = new Set([
  'INVITE',
  'OPTIONS',
  'REGISTER',
  'SUBSCRIBE',
  'NOTIFY',
  'MESSAGE',
  'INFO',
  'UPDATE',
  'REFER',
  'PUBLISH',
  ALL_METHODS,
]);
