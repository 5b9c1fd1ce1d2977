import type { VerifyReport } from '../../node/index.ts';
import { formatCount, formatSeconds } from '../format.ts';
import type { Paint } from '../terminal.ts';

/** A report for people: the verdict, then one line for each check. */
export function renderVerifyReport(report: VerifyReport, paint: Paint): readonly string[] {
  return [...renderVerdict(report, paint), '', ...renderChecks(report, paint)];
}

function renderVerdict({ difference, from, to, network, tookMs, deep }: VerifyReport, paint: Paint): readonly string[] {
  if (difference === null) {
    if (to === null) return [`${paint('good', '✓')} The store of ${network} is empty, and holds nothing else either.`];
    const range = `blocks ${formatCount(from)} to ${formatCount(to.height)} of ${network}`;
    return [
      `${paint('good', '✓')} Verified ${range} in ${formatSeconds(tookMs / 1000)}: all that can be recomputed holds.`,
      ...(deep ? [] : [paint('dim', '  The tries were compared by their root alone; --deep builds them again.')]),
    ];
  }
  const { height, check, table, key, expected, got, reason } = difference;
  const where = height === null ? `The store of ${network}` : `Block ${formatCount(height)} of ${network}`;
  const record = table === null ? null : key === null ? `table ${table}` : `table ${table}, key ${key}`;
  const rows: readonly (readonly [string, string | null])[] = [
    ['record', record],
    ['expected', expected],
    ['got', got],
    ['reason', reason],
  ];
  return [
    `${paint('bad', '✗')} ${where} fails the check ${paint('bad', check)}.`,
    ...rows.flatMap(([name, text]) => (text === null ? [] : [`  ${paint('dim', name.padEnd(8))}  ${text}`])),
  ];
}

function renderChecks({ checks }: VerifyReport, paint: Paint): readonly string[] {
  const entries = Object.entries(checks);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, { passed, undecided, reasons }]) => {
    const mark = undecided === 0 ? paint('good', '✓') : paint('dim', '–');
    const missing = undecided === 0 ? '' : `, ${formatCount(undecided)} not made: ${reasons.join('; ')}`;
    return `  ${mark} ${name.padEnd(width)}  ${formatCount(passed)}${missing}`;
  });
}
