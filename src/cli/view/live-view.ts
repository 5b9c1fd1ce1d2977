import type { Notice } from '../../engine/index.ts';
import type { Logger } from '../../lib/index.ts';
import { createThrottle, incidentOf, throttleKey } from '../output/incidents.ts';
import type { RunFacts, RunObserver } from '../output/observer.ts';
import { unwindLine, withoutRejections } from '../output/plain-lines.ts';
import { summariseEnd } from '../render-status.ts';
import type { Paint } from '../terminal.ts';
import { createViewMemory, readViewModel } from './model.ts';
import { renderView } from './render-view.ts';
import type { Screen } from './screen.ts';

/** A run for a person at a terminal: a table that is redrawn in place, with incidents scrolling away above it. */
export function createLiveView(options: {
  readonly screen: Screen;
  /** Writes above the view. */
  readonly log: Logger;
  readonly paint: Paint;
  readonly writeResult: (line: string) => void;
  readonly nowMs: () => number;
}): RunObserver {
  const { screen, log, paint, writeResult, nowMs } = options;
  const memory = createViewMemory(nowMs());
  const throttle = createThrottle(QUIET_MS);
  let facts: RunFacts | null = null;
  let timer: NodeJS.Timeout | null = null;

  function draw(): void {
    if (facts !== null) screen.draw(renderView(readViewModel(facts, memory, nowMs()), screen.width, paint));
  }
  function stop(keep: boolean): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
    facts = null;
    screen.close({ keep });
  }

  return {
    log: withoutRejections(log),
    started(given) {
      facts = given;
      timer = setInterval(draw, FRAME_MS).unref();
      draw();
    },
    notice(notice) {
      const incident = incidentOf(notice);
      if (incident === null || notice.type === 'mode') return;
      if (notice.type === 'reject') memory.rejection = { text: rejectionText(notice), atMs: nowMs() };
      else if (notice.type !== 'source' || notice.state !== 'ok') memory.incident = { ...incident, atMs: nowMs() };
      const key = throttleKey(notice);
      // A source that fails now and then is seen in the table; above it stands what somebody may have to act on.
      const stays = notice.type !== 'source' || notice.state === 'benched';
      if (stays && (key === null || throttle(key, nowMs()) !== null)) log[incident.level](incident.text);
    },
    event(event) {
      if (event.type === 'extend') memory.lastBlockMs = nowMs();
      if (facts === null || event.type !== 'unwind') return;
      const text = unwindLine(event, facts);
      memory.incident = { level: 'warn', text, atMs: nowMs() };
      log.warn(text);
    },
    stopping() {
      memory.isStopping = true;
      draw();
    },
    ended({ status, end }) {
      stop(false);
      for (const line of summariseEnd(status, end)) writeResult(line);
    },
    close: () => stop(true),
  };
}

function rejectionText({ height, check, source }: Extract<Notice, { type: 'reject' }>): string {
  return `block ${height}, ${check}, from ${source}`;
}

/** Well below 10 frames a second, and often enough to look alive. */
const FRAME_MS = 200;
const QUIET_MS = 10_000;
