import type { ChainEvent, Notice } from '../../engine/index.ts';
import type { Logger } from '../../lib/index.ts';
import { plainRef, plainTips, type RunFacts, type RunObserver } from './observer.ts';

/**
 * One JSON object a line on stdout: notices and chain events as they come, each with `type` and `timeMs`, and the
 * `status` object last. Nothing else is written there.
 */
export function createJsonLines(options: {
  readonly log: Logger;
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
}): RunObserver {
  const { log, write, nowMs } = options;
  let facts: RunFacts | null = null;
  let isOver = false;

  /** `timeMs` of the thing itself (a rejection's) wins over the time of writing. */
  function put(type: string, fields: object): void {
    if (!isOver) write(`${JSON.stringify({ type, timeMs: nowMs(), ...fields })}\n`);
  }

  return {
    log,
    started(given) {
      facts = given;
      const { httpUrl, dataDir, chain } = given;
      log.info('started', { network: chain.network, dataDir, http: httpUrl });
    },
    notice(notice: Notice) {
      const { type, ...fields } = notice.type === 'progress' ? rounded(notice) : notice;
      put(type, fields);
    },
    event(event) {
      if (facts !== null) put(event.type, plainEvent(event, facts));
    },
    stopping: () => log.info('stopping'),
    ended({ status }) {
      isOver = true;
      write(`${JSON.stringify(status)}\n`);
    },
    close() {},
  };
}

/** Rates to a hundredth, times to a tenth of a second: more digits would only pretend. */
function rounded(notice: Extract<Notice, { type: 'progress' }>): Notice {
  const { rate, etaS } = notice;
  return { ...notice, rate: Math.round(rate * 100) / 100, etaS: etaS === null ? null : Math.round(etaS * 10) / 10 };
}

/** `extend` names its first and last block, `unwind` the old and the new tip. */
function plainEvent(event: ChainEvent, { chain }: RunFacts): object {
  const tips = plainTips(event.tips, chain);
  switch (event.type) {
    case 'extend': {
      const first = event.blocks[0];
      const last = event.blocks.at(-1);
      return {
        from: first === undefined ? null : plainRef(first, chain),
        to: last === undefined ? null : plainRef(last, chain),
        tips,
      };
    }
    case 'unwind': {
      const to = event.to === null ? null : plainRef(event.to, chain);
      return { from: plainRef(event.from, chain), to, reason: event.reason, tips };
    }
    case 'advance':
      return { tips };
  }
}
