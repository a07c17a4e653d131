import { makeFinding, type DarErrorCode, type DarFinding } from './errors.ts';
import type { LocatedText } from './located-text.ts';

/** One quoted string of a tuple. */
export interface RawField {
  readonly text: string;
  /** Index of its opening quotation mark in the value. */
  readonly start: number;
}

/** One tuple as written. */
export interface RawTuple {
  readonly fields: readonly RawField[];
  /** Index of its opening parenthesis in the value. */
  readonly start: number;
}

/** Stops the reading of one list; carries what is wrong with it. */
export class ListError extends Error {
  readonly finding: DarFinding;

  constructor(finding: DarFinding) {
    super(finding.message);
    this.finding = finding;
  }
}

/** Reads `("…", …), ("…", …)`; an empty list is allowed. @throws {ListError} */
export function parseTuples(value: LocatedText, file: string): readonly RawTuple[] {
  const reader = new Reader(value, file);
  const tuples: RawTuple[] = [];
  if (reader.peek() === undefined) return tuples;
  do tuples.push(readTuple(reader));
  while (reader.accept(','));
  if (reader.peek() !== undefined) reader.expected('A comma or the end of the line');
  return tuples;
}

function readTuple(reader: Reader): RawTuple {
  if (reader.peek() !== '(') reader.expected('A tuple, beginning with (');
  const start = reader.index;
  reader.accept('(');
  const fields = [readString(reader)];
  while (reader.accept(',')) fields.push(readString(reader));
  if (reader.peek() === undefined) reader.fail('DAR_ERR_UNCLOSED_TUPLE', start);
  if (!reader.accept(')')) reader.expected('A comma or )');
  return { fields, start };
}

function readString(reader: Reader): RawField {
  if (reader.peek() !== '"') reader.expected('A string in quotation marks');
  const start = reader.index;
  const { text } = reader.value;
  let content = '';
  for (let index = start + 1; index < text.length; index += 1) {
    const unit = text.charAt(index);
    if (unit === '"') {
      reader.index = index + 1;
      return { text: content, start };
    }
    // The only escape that is left after the properties reader: a quotation mark inside a string.
    const escaped = unit === '\\' && text.charAt(index + 1) === '"';
    if (escaped) index += 1;
    content += escaped ? '"' : unit;
  }
  return reader.fail('DAR_ERR_UNTERMINATED_STRING', start);
}

class Reader {
  readonly value: LocatedText;
  readonly #file: string;
  index = 0;

  constructor(value: LocatedText, file: string) {
    this.value = value;
    this.#file = file;
  }

  /** The next character that is no white space. */
  peek(): string | undefined {
    while (/\s/u.test(this.value.text.charAt(this.index))) this.index += 1;
    return this.value.text.at(this.index);
  }

  accept(unit: string): boolean {
    if (this.peek() !== unit) return false;
    this.index += 1;
    return true;
  }

  expected(what: string): never {
    const unit = this.peek();
    if (unit !== undefined && TYPOGRAPHIC_QUOTES.includes(unit)) this.fail('DAR_ERR_QUOTE', this.index, [unit]);
    this.fail('DAR_ERR_SYNTAX', this.index, [what, unit === undefined ? 'the end of the value' : `'${unit}'`]);
  }

  fail(code: DarErrorCode, index: number, values: readonly unknown[] = []): never {
    throw new ListError(makeFinding(code, this.#file, this.value.at(index), values));
  }
}

const TYPOGRAPHIC_QUOTES = '“”„‟«»‘’';
