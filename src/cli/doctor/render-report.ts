import type { Paint } from '../terminal.ts';
import type { DoctorReport } from './check.ts';

/** A report for people: one line for each check, and below it what to do. */
export function renderDoctorReport({ checks }: DoctorReport, paint: Paint): readonly string[] {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, ok, message, fix }) => {
    const mark = ok === true ? paint('good', '✓') : ok === null ? paint('warn', '!') : paint('bad', '✗');
    const advice = fix === null ? [] : [`  ${' '.repeat(width)}  ${paint('dim', 'fix')}  ${fix}`];
    return [`${mark} ${name.padEnd(width)}  ${message}`, ...advice];
  });
  const failed = checks.filter(({ ok }) => ok === false).length;
  const doubtful = checks.filter(({ ok, fix }) => ok === null && fix !== null).length;
  const verdict =
    failed > 0
      ? paint('bad', `${count(failed, 'problem')} to mend${doubtful > 0 ? `, ${count(doubtful, 'warning')}` : ''}`)
      : paint('good', doubtful > 0 ? `nothing to mend, ${count(doubtful, 'warning')}` : 'all is well');
  return [...lines, '', verdict];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
