import type { Goal, Row } from './row.ts';

/** The heading of the table that people read. */
export function formatHeader(): string {
  return lineOf(['row', 'ours', 'unit', 'baseline', 'ratio (range)', 'goal', 'CPU / wall ms', 'checked']);
}

/** A row, with its workload and details beneath. */
export function formatRow(row: Row): string {
  const { bench, ours, unit, baseline, goal, goalMet, cpu, wall, checked, skipped } = row;
  if (skipped !== null) return `${bench.padEnd(WIDTHS[0] as number)}  ${skipped}\n\n`; // there are eight widths
  const goalText = goal === null ? '' : `${describe(goal)}${goalMet === null ? '' : goalMet ? ' met' : ' MISSED'}`;
  const line = lineOf([
    bench,
    number(ours),
    unit,
    number(baseline),
    ratioText(row),
    goalText,
    `${number(cpu.ours)} / ${number(wall.ours)}`,
    checked ? 'yes' : 'no',
  ]);
  const detail = Object.entries(row.detail).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? number(value) : value}`,
  );
  const against = row.baselineName === null ? '' : `; against ${row.baselineName}`;
  const rounds = `${row.rounds} rounds after ${row.warmUpRounds} to warm up`;
  return `${line}    ${row.workload}${against}; ${rounds}\n${detail.length === 0 ? '' : `    ${detail.join(', ')}\n`}\n`;
}

function ratioText({ ratio, range }: Row): string {
  if (ratio === null || range === null) return '';
  return `${number(ratio)}x (${number(range[0])}–${number(range[1])})`;
}

function describe({ figure, atLeast, atMost }: Goal): string {
  const suffix = figure === 'ratio' ? 'x' : '';
  return atLeast === undefined ? `≤ ${number(atMost ?? null)}${suffix}` : `≥ ${number(atLeast)}${suffix}`;
}

/** Three digits that matter. */
function number(value: number | null): string {
  if (value === null) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

function lineOf(cells: readonly string[]): string {
  return `${cells
    .map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0))
    .join('  ')
    .trimEnd()}\n`;
}

const WIDTHS: readonly number[] = [22, 10, 12, 10, 20, 16, 16, 7];
