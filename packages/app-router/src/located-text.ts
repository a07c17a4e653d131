import type { PropertyNode } from 'properties-file/parser';
import type { Position } from './errors.ts';

/** Text that knows where each of its characters stands in the file. */
export interface LocatedText {
  readonly text: string;
  /** The place of the character at `index`; after the end, that of the last character plus one. */
  at(index: number): Position;
}

/** Text without a file behind it: one line, columns from 1. */
export function locateLine(text: string, line: number): LocatedText {
  return { text, at: (index) => ({ line, column: index + 1 }) };
}

/** The unescaped key and value of a property, with the place of each character. */
export function locateProperty(node: PropertyNode): { key: LocatedText; value: LocatedText } {
  const characters = logicalLine(node);
  const separator = node.separatorLeading.length + (node.separatorChar?.length ?? 0) + node.separatorTrailing.length;
  const valueStart = node.escapedKey.length + separator;
  const start = { line: node.startingLineNumber, column: node.leadingWhitespace.length + 1 };
  const before = characters[valueStart - 1];
  return {
    key: unescape(characters.slice(0, node.escapedKey.length), start),
    value: unescape(characters.slice(valueStart), before === undefined ? start : after(before)),
  };
}

interface Character extends Position {
  readonly unit: string;
}

function after(position: Position): Position {
  return { line: position.line, column: position.column + 1 };
}

// java.util.Properties: a line that ends with an odd number of backslashes goes on in the next one, without its indentation.
function logicalLine(node: PropertyNode): Character[] {
  const characters: Character[] = [];
  for (const [index, raw] of node.rawLines.entries()) {
    const continued = (/\\*$/u.exec(raw)?.[0].length ?? 0) % 2 === 1;
    const end = continued ? raw.length - 1 : raw.length;
    for (let column = /^[ \t\f]*/u.exec(raw)?.[0].length ?? 0; column < end; column += 1) {
      characters.push({ unit: raw.charAt(column), line: node.startingLineNumber + index, column: column + 1 });
    }
  }
  return characters;
}

function unescape(escaped: readonly Character[], emptyAt: Position): LocatedText {
  const places: Position[] = [];
  let text = '';
  for (let index = 0; index < escaped.length; index += 1) {
    const start = escaped[index];
    if (start === undefined) break;
    let unit = start.unit;
    if (unit === '\\') {
      index += 1;
      const escape = escaped[index]?.unit ?? '\\';
      if (escape === 'u') {
        const digits = escaped.slice(index + 1, index + 5).map((character) => character.unit);
        unit = String.fromCharCode(Number.parseInt(digits.join(''), 16));
        index += 4;
      } else {
        unit = CONTROL_ESCAPES.get(escape) ?? escape;
      }
    }
    text += unit;
    places.push(start);
  }
  const last = escaped.at(-1);
  const end = last === undefined ? emptyAt : after(last);
  return { text, at: (index) => ({ line: (places[index] ?? end).line, column: (places[index] ?? end).column }) };
}

const CONTROL_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['f', '\f'],
]);
