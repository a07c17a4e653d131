import { describe, expect, test } from '@jest/globals';
import {
  checkApplications,
  DarError,
  darFromProperties,
  ERRORS,
  formatFinding,
  parseDar,
  readDar,
} from '@siplet/app-router';
import fc from 'fast-check';
import { Properties } from 'properties-file/parser';
import { locateProperty } from '../src/located-text.ts';

const FILE = 'click-to-dial.dar.properties';
const OK = '("App", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0")';

function names(text: string, method: string): string[] | undefined {
  return parseDar(text, FILE)
    .lists.get(method)
    ?.map((tuple) => tuple.applicationName);
}

describe('a DAR file (JSR 289 Appendix C)', () => {
  test('is a properties file: comments, both separators, blank lines and CRLF', () => {
    const text = `# routes\r\n! more\r\n\r\nINVITE: ${OK}\r\nREGISTER=${OK}\r\nOPTIONS : ${OK}\r\n`;
    expect([...parseDar(text, FILE).lists.keys()]).toEqual(['INVITE', 'REGISTER', 'OPTIONS']);
  });

  test('gives each tuple its fields and its place', () => {
    const text = `INVITE: ("Speed Dial", "DAR:To", "TERMINATING", "sip:192.0.2.1:5070;lr", "ROUTE_BACK", "0")`;
    expect(parseDar(text, FILE).lists.get('INVITE')).toEqual([
      {
        applicationName: 'Speed Dial',
        subscriber: { type: 'header', name: 'To' },
        region: 'TERMINATING',
        route: 'sip:192.0.2.1:5070;lr',
        routeModifier: 'ROUTE_BACK',
        order: '0',
        index: 0,
        position: { line: 1, column: 9 },
      },
    ]);
  });

  test('continues lines with a backslash, and places stay those of the file', () => {
    const text = `# two applications\nINVITE: ("A", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0"), \\\n    ("B", "sip:bob@example.com", "NEUTRAL", " ", "NO_ROUTE", "1")\n`;
    const tuples = parseDar(text, FILE).lists.get('INVITE');
    expect(tuples?.map((tuple) => tuple.position)).toEqual([
      { line: 2, column: 9 },
      { line: 3, column: 5 },
    ]);
    expect(tuples?.[1]?.subscriber).toEqual({ type: 'literal', uri: 'sip:bob@example.com' });
  });

  test('allows parentheses and commas inside strings', () => {
    const text = String.raw`INVITE: ("App (new), really", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0")`;
    expect(names(text, 'INVITE')).toEqual(['App (new), really']);
  });

  test('allows a quotation mark inside a string, and the escapes that other containers write', () => {
    const text = String.raw`INVITE: ("The \\"App\\"", "DAR\:From", "ORIGINATING", "", "NO_ROUTE", "0")`;
    const [tuple] = parseDar(text, FILE).lists.get('INVITE') ?? [];
    expect(tuple).toMatchObject({ applicationName: 'The "App"', subscriber: { type: 'header', name: 'From' } });
  });

  test('understands Unicode escapes, also across a continuation', () => {
    const text = 'INVITE: ("\\u00\\\n   c4rger", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0")';
    expect(names(text, 'INVITE')).toEqual(['Ärger']);
  });

  test('tries tuples by rising order, gaps allowed, and keeps the file order when an order is no number', () => {
    const list = (a: string, b: string, c: string): string =>
      [a, b, c]
        .map((order, index) => `("${'ABC'.charAt(index)}", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "${order}")`)
        .join(', ');
    expect(names(`INVITE: ${list('10', '0', '5')}`, 'INVITE')).toEqual(['B', 'C', 'A']);
    expect(names(`INVITE: ${list('10', 'x', '5')}`, 'INVITE')).toEqual(['A', 'B', 'C']);
    expect(parseDar(`INVITE: ${list('10', 'x', '5')}`, FILE).warnings).toMatchObject([{ code: 'DAR_ERR_ORDER' }]);
  });

  test.each([
    [
      'click2call-async',
      'OPTIONS: ("ClickToCallAsyncApplication", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0")\nREGISTER: ("ClickToCallAsyncApplication", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0")',
    ],
    [
      'speed-dial and location-service',
      'INVITE: ("org.mobicents.servlet.sip.example.SpeedDialApplication", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0"), \\\n("org.mobicents.servlet.sip.example.LocationServiceApplication", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "1")',
    ],
    ['a file without blanks', 'INVITE:("a.b.ProxyApplication","DAR\\:From","ORIGINATING","","NO_ROUTE","0")'],
    ['an external route', 'REGISTER: ("L", "DAR:From", "ORIGINATING", "sip:127.0.0.1:5070", "ROUTE", "0")'],
    [
      'a bracketed external route',
      'REGISTER: ("L", "DAR:From", "ORIGINATING", "<sip:127.0.0.1:5070;lr>", "ROUTE", "0")',
    ],
    ['nothing but comments', '# empty\n'],
    ['nothing', ''],
  ])('that other containers ship is read without a finding: %s', (_title, text) => {
    expect(readDar(text, FILE).findings).toEqual([]);
  });

  test('can be made of properties that are read already', () => {
    expect(darFromProperties({ INVITE: OK }).lists.get('INVITE')).toMatchObject([{ applicationName: 'App' }]);
    expect(() => darFromProperties({ INVITE: OK, REGISTER: '(' }, 'system properties')).toThrow(
      /^system properties:2:2: /u,
    );
  });
});

type Broken = [title: string, code: keyof typeof ERRORS, place: string, message: RegExp, text: string];

const tuple = (fields: Partial<Record<'app' | 'sub' | 'region' | 'route' | 'modifier' | 'order', string>>): string =>
  `("${fields.app ?? 'App'}", "${fields.sub ?? 'DAR:From'}", "${fields.region ?? 'ORIGINATING'}", "${fields.route ?? ''}", "${fields.modifier ?? 'NO_ROUTE'}", "${fields.order ?? '0'}")`;

const broken: Broken[] = [
  [
    'a missing opening parenthesis',
    'DAR_ERR_SYNTAX',
    '1:9',
    /beginning with \( was expected, but here is '"'/u,
    'INVITE: "App"',
  ],
  ['an unquoted field', 'DAR_ERR_SYNTAX', '1:10', /quotation marks was expected, but here is 'A'/u, 'INVITE: (App)'],
  ['a missing comma between fields', 'DAR_ERR_SYNTAX', '1:14', /comma or \) was expected/u, 'INVITE: ("A" "B")'],
  [
    'a missing comma between tuples',
    'DAR_ERR_SYNTAX',
    '1:65',
    /A comma or the end of the line/u,
    `INVITE: ${OK} ${OK}`,
  ],
  ['a comma after the last tuple', 'DAR_ERR_SYNTAX', '1:65', /but here is the end of the value/u, `INVITE: ${OK},`],
  [
    'an error in a continued line',
    'DAR_ERR_SYNTAX',
    '3:14',
    /but here is 'x'/u,
    `# c\nINVITE: ${OK}, \\\n  ("A", "B", x)`,
  ],
  ['an error behind an escape', 'DAR_ERR_SYNTAX', '1:20', /but here is 'x'/u, 'INVITE: ("A\\u0041" x)'],
  ['typographic quotation marks', 'DAR_ERR_QUOTE', '1:10', /^.*“ is a typographic.*straight/u, 'INVITE: (“App”)'],
  ['an unterminated string', 'DAR_ERR_UNTERMINATED_STRING', '1:15', /closing quotation mark/u, 'INVITE: ("A", "B)'],
  ['an unclosed tuple', 'DAR_ERR_UNCLOSED_TUPLE', '1:9', /closing parenthesis/u, 'INVITE: ("A", "B"'],
  [
    'a line that lost its continuation',
    'DAR_ERR_CONTINUATION',
    '2:3',
    /begins with a tuple/u,
    `INVITE: ${OK}\n  ${OK}`,
  ],
  [
    'a malformed Unicode escape',
    'DAR_ERR_ESCAPE',
    '2:12',
    /Malformed Unicode escape \\u12/u,
    `# \\u1\nINVITE: ("A\\u12", "B")`,
  ],
  [
    'a malformed Unicode escape in a continued line that looks like a comment',
    'DAR_ERR_ESCAPE',
    '2:4',
    /escape \\u/u,
    'INVITE: ("A", \\\n # \\ux")',
  ],
  ['a method without tuples', 'DAR_ERR_EMPTY', '1:1', /INVITE has no tuple/u, 'INVITE:'],
  [
    'a method in lower case',
    'DAR_ERR_METHOD',
    '1:1',
    /'invite' is no SIP method. Did you mean INVITE\?/u,
    `invite: ${OK}`,
  ],
  ['a key that is no token', 'DAR_ERR_METHOD', '1:1', /'IN@VITE' is no SIP method/u, `IN@VITE: ${OK}`],
  [
    'a method twice, which a properties reader would hide',
    'DAR_ERR_DUPLICATE_METHOD',
    '3:1',
    /INVITE is there already, in line 1/u,
    `INVITE: ${OK}\n\nINVITE: ${OK}`,
  ],
  [
    'five fields',
    'DAR_ERR_FIELD_COUNT',
    '1:9',
    /six fields, but this one has 5/u,
    'INVITE: ("A", "DAR:From", "ORIGINATING", "", "NO_ROUTE")',
  ],
  [
    'an extension of another container',
    'DAR_ERR_EXTENSION',
    '1:65',
    /DIRECTION=INBOUND/u,
    `INVITE: ${OK.slice(0, -1)}, "DIRECTION=INBOUND")`,
  ],
  ['an empty application name', 'DAR_ERR_APPLICATION_NAME', '1:10', /name is empty/u, `INVITE: ${tuple({ app: ' ' })}`],
  [
    'a subscriber that is neither header nor URI',
    'DAR_ERR_SUBSCRIBER',
    '1:17',
    /'From' is no subscriber/u,
    `INVITE: ${tuple({ sub: 'From' })}`,
  ],
  ['DAR: in lower case', 'DAR_ERR_SUBSCRIBER', '1:17', /'dar:From'/u, `INVITE: ${tuple({ sub: 'dar:From' })}`],
  ['DAR: without a header', 'DAR_ERR_SUBSCRIBER', '1:17', /'DAR:'/u, `INVITE: ${tuple({ sub: 'DAR:' })}`],
  [
    'a misspelt region',
    'DAR_ERR_REGION',
    '1:29',
    /'ORIGINATNG' is no routing region. Did you mean ORIGINATING\?/u,
    `INVITE: ${tuple({ region: 'ORIGINATNG' })}`,
  ],
  [
    'a region far from any',
    'DAR_ERR_REGION',
    '1:29',
    /'X' is no routing region. Write ORIGINATING/u,
    `INVITE: ${tuple({ region: 'X' })}`,
  ],
  [
    'CLEAR_ROUTE, which the enumeration of the JSR does not have',
    'DAR_ERR_ROUTE_MODIFIER',
    '1:48',
    /'CLEAR_ROUTE' is no route modifier/u,
    `INVITE: ${tuple({ modifier: 'CLEAR_ROUTE' })}`,
  ],
  [
    'ROUTE without a route',
    'DAR_ERR_ROUTE',
    '1:44',
    /ROUTE needs a SIP URI/u,
    `INVITE: ${tuple({ modifier: 'ROUTE' })}`,
  ],
  [
    'ROUTE_BACK with a route that is no SIP URI',
    'DAR_ERR_ROUTE',
    '1:44',
    /ROUTE_BACK needs a SIP URI.*'tel:1'/u,
    `INVITE: ${tuple({ modifier: 'ROUTE_BACK', route: 'tel:1' })}`,
  ],
];

const doubtful: Broken[] = [
  [
    'an unusual method',
    'DAR_ERR_UNKNOWN_METHOD',
    '1:1',
    /'INVTIE' is an unusual method. Did you mean INVITE\?/u,
    `INVTIE: ${OK}`,
  ],
  ['a method that is never initial', 'DAR_ERR_NEVER_INITIAL', '1:1', /BYE is never an initial request/u, `BYE: ${OK}`],
  ['a route beside NO_ROUTE', 'DAR_ERR_ROUTE_IGNORED', '1:44', /no effect/u, `INVITE: ${tuple({ route: 'sip:x' })}`],
  [
    'an order that is no number',
    'DAR_ERR_ORDER',
    '1:9',
    /'first' is no number/u,
    `INVITE: ${tuple({ order: 'first' })}, ${tuple({})}`,
  ],
  ['the same order twice', 'DAR_ERR_ORDER', '1:66', /'0' is there twice/u, `INVITE: ${OK}, ${OK}`],
];

describe('a mistake in a DAR file', () => {
  test.each(broken)('is reported with its place: %s', (_title, code, place, message, text) => {
    const { findings } = readDar(text, FILE);
    expect(findings.map((finding) => [finding.code, finding.severity])).toEqual([[code, 'error']]);
    expect(formatFinding(findings[0] as never)).toMatch(message);
    expect(`${findings[0]?.line}:${findings[0]?.column}`).toBe(place);
  });

  test.each(broken)(
    'makes parseDar throw with code, file, line and column: %s',
    (_title, code, place, message, text) => {
      let thrown: unknown;
      try {
        parseDar(text, FILE);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(DarError);
      expect(thrown).toMatchObject({ code, file: FILE, fault: 'local' });
      expect((thrown as Error).message.startsWith(`${FILE}:${place}: `)).toBe(true);
      expect((thrown as Error).message).toMatch(message);
    },
  );

  test.each(doubtful)('is a warning when the file still works: %s', (_title, code, place, message, text) => {
    const { warnings } = parseDar(text, FILE);
    expect(warnings.map((finding) => [finding.code, finding.severity])).toEqual([[code, 'warning']]);
    expect(formatFinding(warnings[0] as never)).toMatch(message);
    expect(`${warnings[0]?.line}:${warnings[0]?.column}`).toBe(place);
  });

  test('does not hide the others: all are listed, and the message counts them', () => {
    const text = `invite: ${OK}\nREGISTER: (\nOPTIONS: ${tuple({ region: 'X', modifier: 'Y' })}\n`;
    const { findings } = readDar(text, FILE);
    expect(findings.map((finding) => `${finding.line} ${finding.code}`)).toEqual([
      '1 DAR_ERR_METHOD',
      '2 DAR_ERR_SYNTAX',
      '3 DAR_ERR_REGION',
      '3 DAR_ERR_ROUTE_MODIFIER',
    ]);
    expect(() => parseDar(text, FILE)).toThrow(/^click-to-dial\.dar\.properties:1:1: .*\(4 errors in this file\)$/u);
  });

  test('every code of the catalogue is produced by a case of this file', () => {
    const codes = [...broken, ...doubtful].map(([, code]) => code);
    expect(new Set([...codes, 'DAR_ERR_UNKNOWN_APPLICATION'])).toEqual(new Set(Object.keys(ERRORS)));
  });
});

describe('application names of a DAR file', () => {
  test('are compared with what is deployed, with a suggestion', () => {
    const dar = parseDar(`INVITE: ${tuple({ app: 'ClickToDail' })}\nREGISTER: ${tuple({ app: 'ClickToDial' })}`, FILE);
    expect(checkApplications(dar, ['ClickToDial']).map(formatFinding)).toEqual([
      `${FILE}:1:9: No application 'ClickToDail' is deployed. Did you mean ClickToDial?`,
    ]);
    expect(checkApplications(dar, ['Other']).map((finding) => finding.remedy)).toEqual([
      'Deploy the application, or correct the name.',
      'Deploy the application, or correct the name.',
    ]);
  });
});

describe('reading', () => {
  const piece = fc.constantFrom(
    'INVITE',
    ': ',
    '=',
    OK,
    '(',
    ')',
    '"',
    ',',
    '\\',
    '\\u',
    '\\u0041',
    '\\\n ',
    '\n',
    '\r\n',
    '#',
    'ü',
    '\u{1F4DE}',
    ' ',
    '\f',
    '\\"',
    'ALL:',
  );

  test('never throws anything but DarError, and readDar never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        readDar(text, FILE);
        try {
          parseDar(text, FILE);
        } catch (error) {
          if (!(error instanceof DarError)) throw error;
          if (error.line < 1 || error.column < 1)
            throw new Error(`place ${error.line}:${error.column}`, { cause: error });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('agrees with the properties reader on every value, and each place holds the character it names', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        let nodes;
        try {
          nodes = new Properties(text).getProperties();
        } catch {
          return; // a malformed escape: the reader refuses the text
        }
        const lines = text.split(/\r\n|\r|\n/u);
        for (const node of nodes) {
          const { key, value } = locateProperty(node);
          expect([key.text, value.text]).toEqual([node.key, node.value]);
          for (const [index, unit] of value.text.split('').entries()) {
            const { line, column } = value.at(index);
            const written = lines[line - 1]?.charAt(column - 1);
            if (written !== '\\') expect(written).toBe(unit);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
