import type { Logger } from '../../lib/index.ts';
import type { VerifyProgress } from '../../node/index.ts';
import { formatCount, formatPercent, formatRate, formatSeconds } from '../format.ts';
import type { Paint } from '../terminal.ts';
import { bar, type Piece, renderEnds, renderLine } from '../view/line.ts';
import type { Screen } from '../view/screen.ts';

/** Who watches an audit while it runs. */
export interface VerifyView {
  progress(progress: VerifyProgress): void;
  /** Nothing more is shown. */
  close(): void;
}

export interface VerifyViewOptions {
  readonly network: string;
  /** A terminal that is redrawn in place, null for a log. */
  readonly screen: Screen | null;
  readonly paint: Paint;
  readonly log: Logger;
  readonly nowMs: () => number;
}

/** A bar with rate and time left on a terminal; elsewhere a line now and then. */
export function createVerifyView({ network, screen, paint, log, nowMs }: VerifyViewOptions): VerifyView {
  const startedMs = nowMs();
  const pause = screen === null ? LINE_MS : FRAME_MS;
  let shownMs = Number.NEGATIVE_INFINITY;
  let phase: string | null = null;
  return {
    progress(progress) {
      const isDue = nowMs() - shownMs >= pause || (screen !== null && progress.phase !== phase);
      if (!isDue) return;
      shownMs = nowMs();
      phase = progress.phase;
      if (screen === null) {
        const { rate, etaS, ...rest } = progress;
        const rounded = { rate: Math.round(rate), etaS: etaS === null ? null : Math.round(etaS) };
        log.info('verifying', { ...rest, ...rounded });
      } else {
        const upS = (shownMs - startedMs) / 1000;
        screen.draw(renderProgress({ network, upS, progress }, screen.width, paint));
      }
    },
    close: () => screen?.close({ keep: false }),
  };
}

/** What the terminal shows: lines of at most `width` characters. */
export function renderProgress(
  model: { readonly network: string; readonly upS: number; readonly progress: VerifyProgress },
  width: number,
  paint: Paint,
): readonly string[] {
  const { phase, done, total, share, rate, etaS } = model.progress;
  const line = (...pieces: readonly Piece[]) => renderLine([' ', ...pieces], width, paint);
  const head: readonly Piece[] = [' ', ['bold', 'syncline verify'], ' · ', model.network];
  const up: readonly Piece[] = [['dim', `up ${formatSeconds(model.upS)} `]];
  const unit = phase === 'blocks' ? 'blocks' : 'records';
  const of = total === null ? '' : ` of ${formatCount(total)}`;
  const lines = [
    renderEnds({ left: head, right: up }, width, paint),
    '',
    line(['accent', PHASES[phase]], `  ${formatCount(done)}${of} ${unit}`),
  ];
  if (share !== null) {
    const { full, empty } = bar(share, Math.max(10, Math.min(60, width - 22)));
    lines.push(line(['accent', full], ['dim', empty], '  ', ['bold', formatPercent(share, 1)]));
  }
  const left = etaS === null ? 'time left unknown' : `${formatSeconds(etaS)} left`;
  lines.push(line(`${formatRate(rate)} ${unit}/s  ${left}`, ['dim', '  in this part']));
  lines.push(line(['dim', 'Ctrl-C stops; the next run goes on from there']));
  return lines;
}

const PHASES: Readonly<Record<VerifyProgress['phase'], string>> = {
  records: 'the store’s own records',
  blocks: 'blocks',
  height: 'hashes of blocks',
  history: 'history of the state',
  state: 'the state',
  index: 'the index',
  content: 'classes and other content',
  wanted: 'content still wanted',
  orphan: 'blocks rolled back',
  reject: 'rejections',
  quarantine: 'quarantine',
  counts: 'sums',
  tries: 'tries, built again',
};
/** Often enough to look alive. */
const FRAME_MS = 200;
const LINE_MS = 10_000;
