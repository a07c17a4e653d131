/**
 * Aligns wanted lines with those that are there; a wanted line `...` takes any number of them.
 * Gives undefined when everything matches, else a text with `-` (wanted, missing) and `+` (not wanted) lines.
 */
export function diffLines(
  wanted: readonly string[],
  there: readonly string[],
  matches: (wanted: string, there: string) => boolean,
): string | undefined {
  const cost = costs(wanted, there, matches);
  const at = (i: number, j: number): number => cost[i]?.[j] ?? Infinity;
  if (at(0, 0) < EDIT) return undefined;
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < wanted.length || j < there.length) {
    const [want, have] = [wanted[i] ?? '', there[j] ?? ''];
    if (i < wanted.length && want === ANY) {
      if (at(i, j) === at(i + 1, j)) i += 1;
      else {
        lines.push(`  ${have}`);
        j += 1;
      }
    } else if (i < wanted.length && j < there.length && matches(want, have) && at(i, j) === at(i + 1, j + 1)) {
      lines.push(`  ${have}`);
      i += 1;
      j += 1;
    } else if (i < wanted.length && at(i, j) === at(i + 1, j) + EDIT) {
      lines.push(`- ${want}`);
      i += 1;
    } else {
      lines.push(`+ ${have}`);
      j += 1;
    }
  }
  return lines.join('\n');
}

const ANY = '...';
const EDIT = 1_000_000;
const ABSORBED = 1; // so that a line which matches by itself is not swallowed by `...`

/** cost[i][j]: what it takes to make wanted from i and there from j equal. */
function costs(
  wanted: readonly string[],
  there: readonly string[],
  matches: (wanted: string, there: string) => boolean,
): number[][] {
  const cost = Array.from({ length: wanted.length + 1 }, () => Array.from({ length: there.length + 1 }, () => 0));
  const at = (i: number, j: number): number => cost[i]?.[j] ?? Infinity;
  for (let i = wanted.length; i >= 0; i -= 1) {
    const row = cost[i] ?? [];
    const any = wanted[i] === ANY;
    for (let j = there.length; j >= 0; j -= 1) {
      if (i === wanted.length) row[j] = (there.length - j) * EDIT;
      else if (any) row[j] = Math.min(at(i + 1, j), j < there.length ? at(i, j + 1) + ABSORBED : Infinity);
      else {
        const same = j < there.length && matches(wanted[i] ?? '', there[j] ?? '') ? at(i + 1, j + 1) : Infinity;
        row[j] = Math.min(same, at(i + 1, j) + EDIT, j < there.length ? at(i, j + 1) + EDIT : Infinity);
      }
    }
  }
  return cost;
}
