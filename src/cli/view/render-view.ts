import {
  formatBytes,
  formatCompact,
  formatCount,
  formatPercent,
  formatRate,
  formatSeconds,
  shortHash,
} from '../format.ts';
import { ETA_BASIS } from '../full-status.ts';
import { type Paint, paintNothing, type Style } from '../terminal.ts';
import { bar, cell, type Piece, renderEnds, renderLine } from './line.ts';
import type { ViewModel } from './model.ts';

/** The live view as lines, none longer than `width` characters. Colours come from `paint`. */
export function renderView(model: ViewModel, width: number, paint: Paint = paintNothing): string[] {
  const line = (...pieces: Piece[]) => renderLine([' ', ...pieces], width, paint);
  return [
    renderHead(model, width, paint),
    '',
    ...renderTips(model, line),
    '',
    ...renderProgress(model, width, line),
    '',
    ...renderPipeline(model, line),
    '',
    ...renderSources(model, width, line),
    '',
    ...renderFoot(model, width, line),
  ];
}

type Line = (...pieces: Piece[]) => string;

function renderHead({ network, mode, reason, upS, isStopping }: ViewModel, width: number, paint: Paint): string {
  const shown = isStopping ? 'stopping' : mode;
  const left: Piece[] = [' ', ['bold', `syncline · ${network}`], '  ', [styleOfMode(shown), shown]];
  if (!isStopping) left.push(['dim', ` · ${reason}`]);
  return renderEnds({ left, right: [['dim', `up ${formatSeconds(upS)} `]] }, width, paint);
}

function renderTips({ tips, total }: ViewModel, line: Line): string[] {
  const rows = tips.map(({ name, height, hash }) => {
    const number = height === null ? NONE : formatCount(height);
    return line(['dim', cell(name, LABEL)], cell(number, NUMBER, 'right'), [
      'dim',
      hash === null ? '' : `  ${shortHash(hash)}`,
    ]);
  });
  const target = total === null ? NONE : formatCount(total - 1);
  return [...rows, line(['dim', cell('target', LABEL)], cell(target, NUMBER, 'right'))];
}

function renderProgress(model: ViewModel, width: number, line: Line): string[] {
  const { done, total, rate, etaS, mode, bottleneck, blockAgeS, building } = model;
  if (total === null) return [line(['warn', 'waiting for a source to answer'])];
  const { full, empty } = bar(total === 0 ? 1 : done / total, Math.max(10, Math.min(60, width - 22)));
  const progress = line(['accent', full], ['dim', empty], '  ', ['bold', formatPercent(done, total)]);
  if (building !== null) {
    const left = building.etaS === null ? '' : `, ${formatSeconds(building.etaS)} left`;
    const share = formatPercent(Math.round(building.share * 1000), 1000);
    return [progress, line(['accent', `${BUILD_WORDS[building.stage] ?? building.stage} ${share}`], ['dim', left])];
  }
  if (mode === 'follow') {
    const age = blockAgeS === null ? '' : `  last block ${formatSeconds(blockAgeS)} ago`;
    return [progress, line(['good', 'at the tip'], ['dim', age])];
  }
  const speed = `${formatRate(rate)} blocks/s`;
  const left = etaS === null ? 'time left unknown' : `${formatSeconds(etaS)} left`;
  const slowest: Piece[] = bottleneck === 'none' ? [] : ['  slowest step: ', ['warn', bottleneck]];
  return [progress, line(speed, '  ', left, ['dim', etaS === null ? '' : ` at ${ETA_BASIS}`], ...slowest)];
}

function renderPipeline({ window, channel, applierBusy }: ViewModel, line: Line): string[] {
  const bytes = `${formatBytes(window.bytes)} of ${formatBytes(window.bytesMax)}`;
  return [
    line(['dim', cell('fetched ahead', LABEL)], `${window.blocks} of ${window.blocksMax} blocks, ${bytes}`),
    line(
      ['dim', cell('to be applied', LABEL)],
      `${channel.blocks} of ${channel.blocksMax} blocks, applier busy ${Math.round(applierBusy * 100)}%`,
    ),
  ];
}

function renderSources({ sources }: ViewModel, width: number, line: Line): string[] {
  const id = Math.max(16, width - 1 - STATE - COUNT * 2 - LATENCY - NUMBER);
  const head = [
    cell('source', id),
    cell('state', STATE),
    cell('ok', COUNT, 'right'),
    cell('fail', COUNT, 'right'),
    cell('latency', LATENCY, 'right'),
    cell('head', NUMBER, 'right'),
  ];
  const rows = sources
    .slice(0, SOURCES_MAX)
    .map((source) =>
      line(
        cell(source.id, id - 1),
        ' ',
        [source.state === 'ok' ? 'good' : source.state === 'cooling' ? 'warn' : 'bad', cell(source.state, STATE)],
        cell(formatCompact(source.ok), COUNT, 'right'),
        [source.fail === 0 ? 'plain' : 'warn', cell(formatCompact(source.fail), COUNT, 'right')],
        cell(source.ok === 0 ? NONE : `${source.latencyMs} ms`, LATENCY, 'right'),
        cell(source.head === null || source.head < 0 ? NONE : formatCount(source.head), NUMBER, 'right'),
      ),
    );
  const more = sources.length - rows.length;
  return [line(['dim', head.join('')]), ...rows, ...(more > 0 ? [line(['dim', `and ${more} more`])] : [])];
}

function renderFoot(model: ViewModel, width: number, line: Line): string[] {
  const { incident, rejection, rejected, httpUrl, dataDir } = model;
  const happened = incident === null ? 'none' : `${incident.text} (${formatSeconds(incident.agoS)} ago)`;
  const refused =
    rejection === null
      ? 'none'
      : `${formatCount(rejected)}, last ${formatSeconds(rejection.agoS)} ago: ${rejection.text}`;
  const wide = (label: string, style: Style, text: string) =>
    wrap(text, width - 1 - LABEL).map((part, i) => line(['dim', cell(i === 0 ? label : '', LABEL)], [style, part]));
  return [
    ...wide('rejected', rejection === null ? 'dim' : 'bad', refused),
    ...wide('last incident', incident === null ? 'dim' : STYLE_OF_LEVEL[incident.level], happened),
    line(['dim', cell('data', LABEL)], dataDir),
    line(['dim', cell('http', LABEL)], httpUrl ?? 'off', ['dim', httpUrl === null ? '' : '/status']),
    line(['dim', 'Ctrl-C stops']),
  ];
}

/** Two lines at most; the second is cut by whoever prints it. */
function wrap(text: string, width: number): readonly string[] {
  if (text.length <= width) return [text];
  const space = text.lastIndexOf(' ', width);
  const at = space > width / 2 ? space : width;
  return [text.slice(0, at), text.slice(at).trimStart()];
}

function styleOfMode(mode: string): Style {
  if (mode === 'follow') return 'good';
  return mode === 'halted' ? 'bad' : 'accent';
}

const BUILD_WORDS: Readonly<Record<string, string>> = {
  wipe: 'removing the old state tries',
  build: 'building the state tries',
  search: 'searching the block with the false state diff',
};
const STYLE_OF_LEVEL = { info: 'plain', warn: 'warn', error: 'bad' } as const;
const NONE = '–';
/** Column widths, in characters. */
const LABEL = 15;
const NUMBER = 12;
const STATE = 8;
const COUNT = 7;
const LATENCY = 10;
/** More would push the rest off the screen. */
const SOURCES_MAX = 6;
