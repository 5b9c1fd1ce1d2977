import type { SyncEnd } from '../engine/index.ts';
import { formatBytes, formatCount, formatRate, formatSeconds } from './format.ts';
import type { FullStatus } from './full-status.ts';
import { type Paint, paintNothing } from './terminal.ts';

/** A status for people: one fact a line, aligned. */
export function renderStatus(status: FullStatus, paint: Paint = paintNothing): readonly string[] {
  const { mode, target, rate, etaS, counts, unverified, lastRejection: rejection } = status;
  const rows: [string, string][] = [['mode', `${paint(modeStyle(mode), mode)} (${status.reason})`]];
  for (const [name, tip] of Object.entries(status.tips)) rows.push([name, tipText(tip)]);
  rows.push(['state root', status.stateRoot ?? NONE]);
  if (status.state.level === 'pending') {
    const proven = status.state.proven < 0 ? 'nothing' : `block ${formatCount(status.state.proven)}`;
    rows.push(['state', `pending: proven up to ${proven}, the rest when its tries are built`]);
  }
  rows.push(['target', target === null ? NONE : formatCount(target)]);
  if (mode === 'range') {
    const left = etaS === null ? 'time left unknown' : `${formatSeconds(etaS)} left at ${status.etaBasis}`;
    rows.push(['rate', `${formatRate(rate)} blocks/s, ${left}`]);
  }
  rows.push([
    'stored',
    Object.entries(counts)
      .map(([name, count]) => `${formatCount(count)} ${name}`)
      .join(', '),
  ]);
  for (const [index, text] of unverifiedTexts(unverified).entries()) rows.push([index === 0 ? 'unverified' : '', text]);
  rows.push(['rejected', `${formatCount(status.rejected)}, quarantined ${formatCount(status.quarantined)}`]);
  if (rejection !== null) {
    const { height, check, source } = rejection;
    rows.push(['last reject', `block ${height} failed ${check}, from ${source}`]);
  }
  if (status.dataDir !== null) {
    const free = status.diskFreeBytes === null ? '' : ` (${formatBytes(status.diskFreeBytes)} free)`;
    rows.push(['data', `${status.dataDir}${free}`]);
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    `${paint('bold', status.network)} ${paint('dim', `(${status.family}, syncline ${status.version})`)}`,
    ...rows.map(([name, text]) => `  ${paint('dim', name.padEnd(width))}  ${text}`),
    ...renderSources(status, paint),
  ];
}

/** Groups that lack a proof, by the number of blocks in which they do. */
function unverifiedTexts(unverified: FullStatus['unverified']): readonly string[] {
  const byCount = new Map<number, string[]>();
  for (const [group, count] of Object.entries(unverified)) {
    if (count > 0) byCount.set(count, [...(byCount.get(count) ?? []), group]);
  }
  if (byCount.size === 0) return ['nothing'];
  const lines = [...byCount].flatMap(([count, groups]) => [
    `in ${formatCount(count)} blocks:`,
    ...wrapWords(groups.join(', '), WRAP).map((line) => `  ${line}`),
  ]);
  return [...lines, '(syncline explain HEIGHT says why)'];
}

function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function renderSources({ sources }: FullStatus, paint: Paint): readonly string[] {
  if (sources.length === 0) return [];
  const width = Math.max(...sources.map(({ id }) => id.length));
  return [
    `  ${paint('dim', 'sources')}`,
    ...sources.map(({ id, state, ok, fail, head }) => {
      const shown = paint(state === 'ok' ? 'good' : 'warn', state.padEnd(7));
      const answers = `${formatCount(ok)} answers, ${formatCount(fail)} failures`;
      return `    ${id.padEnd(width)}  ${shown}  ${answers}${head === null || head < 0 ? '' : `, head ${formatCount(head)}`}`;
    }),
  ];
}

/** How a run ended, for its last lines. */
export function summariseEnd(status: FullStatus, end: SyncEnd | null): readonly string[] {
  const { confirmed, network, stateRoot, rejected } = status;
  const how = end === null ? 'Failed' : END_WORDS[end.type];
  const reason = end?.type === 'halted' ? ` for safety: ${end.reason}` : '';
  if (confirmed === null) return [`${how}${reason}: ${network} has no block yet.`];
  const refused = rejected === 0 ? '' : ` ${formatCount(rejected)} rejected.`;
  return [
    `${how}${reason} at block ${formatCount(confirmed.height)} of ${network}.${refused}`,
    `  hash        ${confirmed.hash}`,
    `  state root  ${stateRoot}`,
    ...(status.dataDir === null ? [] : [`  data        ${status.dataDir}`]),
  ];
}

const END_WORDS: Readonly<Record<SyncEnd['type'], string>> = {
  stopped: 'Stopped',
  reached: 'Done',
  halted: 'Halted',
};

function tipText(tip: { readonly height: number; readonly hash: string | null } | null): string {
  return tip === null ? NONE : `${formatCount(tip.height)}  ${tip.hash ?? ''}`.trimEnd();
}

function modeStyle(mode: string): 'good' | 'bad' | 'accent' | 'dim' {
  if (mode === 'follow') return 'good';
  if (mode === 'halted') return 'bad';
  return mode === 'stopped' ? 'dim' : 'accent';
}

const NONE = '–';
/** So that a line fits 80 columns behind its label. */
const WRAP = 60;
