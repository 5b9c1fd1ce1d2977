import type { Need } from '../chain.ts';
import type { SourceLimits } from '../source.ts';
import type { Height } from '../types.ts';
import type { RangePolicy } from './policy.ts';
import { createRange, type RangeCommand, type RangeEvent, type RangeState } from './state.ts';
import { stepRange } from './step.ts';

/** Round numbers, so that a test can count. */
export const deskPolicy: RangePolicy = {
  windowBlocks: 8,
  windowBytes: 1_000_000,
  requestTimeoutMs: 20_000,
  hedgeAfterMs: 4_000,
  retryBaseMs: 250,
  retryMaxMs: 10_000,
  coolBaseMs: 500,
  coolMaxMs: 30_000,
  strikeBaseMs: 5_000,
  strikeMaxMs: 600_000,
  forgiveBlocks: 4,
  blockBytesGuess: 100,
};

export type Fetch = Extract<RangeCommand, { type: 'fetch' }>;

/** A scheduler on a desk: events go in by hand, time moves when told, and what it commands is kept. */
export interface Desk {
  readonly state: RangeState;
  nowMs: number;
  /** All commands so far. */
  readonly log: RangeCommand[];
  tell(event: RangeEvent): readonly RangeCommand[];
  /** Passes time, and lets the scheduler look. */
  pass(ms: number): readonly RangeCommand[];
  /** A source that claims heights 0 to `to`. */
  source(id: string, options?: { parts?: readonly string[]; to?: number; limits?: SourceLimits }): void;
  claim(id: string, to: number, from?: number): readonly RangeCommand[];
  /** Requests under way, in order. */
  pending(match?: { readonly source?: string; readonly height?: number }): readonly Fetch[];
  /** Answers the one pending request that matches. By default all its parts are delivered. */
  answer(
    match: { readonly source?: string; readonly height?: number },
    answer?: { readonly delivered?: readonly string[]; readonly absent?: readonly string[]; readonly bytes?: number },
  ): readonly RangeCommand[];
  fail(
    match: { readonly source?: string; readonly height?: number },
    failure?: { readonly fault?: 'source' | 'peer'; readonly retryAfterMs?: number },
  ): readonly RangeCommand[];
  /** Brings a height whose request is pending to sealed. */
  seal(height: number, options?: { readonly bytes?: number; readonly from?: readonly string[] }): void;
  commit(height: number): readonly RangeCommand[];
}

export function createDesk(
  options: { needs?: readonly Need[]; policy?: Partial<RangePolicy>; base?: number } = {},
): Desk {
  const state = createRange({
    policy: { ...deskPolicy, ...options.policy },
    firstNeeds: options.needs ?? [need('block')],
    base: options.base ?? 0,
  });
  const log: RangeCommand[] = [];
  const desk: Desk = {
    state,
    nowMs: 1_000_000,
    log,
    tell(event) {
      const commands = stepRange(state, event, desk.nowMs);
      log.push(...commands);
      return commands;
    },
    pass(ms) {
      desk.nowMs += ms;
      return desk.tell({ type: 'tick' });
    },
    source(id, { parts = ['block'], to = 1_000, limits = { concurrencyMax: 4 } } = {}) {
      desk.tell({ type: 'source', source: { id, parts, limits } });
      desk.claim(id, to);
    },
    claim(source, to, from = 0) {
      const spans = to < from ? [] : [{ from: from as Height, to: to as Height }];
      return desk.tell({ type: 'survey', source, survey: { spans, head: null } });
    },
    pending({ source, height } = {}) {
      const sent = log.filter((command): command is Fetch => command.type === 'fetch');
      return sent.filter(
        (fetch) =>
          state.requests.has(fetch.request) &&
          (source === undefined || fetch.source === source) &&
          (height === undefined || fetch.height === height),
      );
    },
    answer(match, { delivered, absent = [], bytes = 100 } = {}) {
      const fetch = only(desk.pending(match));
      return desk.tell({
        type: 'fetched',
        request: fetch.request,
        bytes,
        delivered: delivered ?? fetch.parts.filter((part) => !absent.includes(part)),
        absent,
      });
    },
    fail(match, { fault = 'source', retryAfterMs } = {}) {
      const { request } = only(desk.pending(match));
      return desk.tell({ type: 'failed', request, fault, retryAfterMs: retryAfterMs ?? null });
    },
    seal(height, { bytes = 100, from } = {}) {
      const { source } = only(desk.pending({ height }));
      desk.answer({ height }, { bytes });
      desk.tell({ type: 'sealed', height, bytes, from: from ?? [source] });
    },
    commit: (height) => desk.tell({ type: 'committed', height }),
  };
  return desk;
}

export function need(part: string, extra: Partial<Need> = {}): Need {
  return { height: 0 as Height, part, weight: 'seal', ...extra };
}

export function wanted(part: string, extra: Partial<Need> = {}): Need {
  return need(part, { ...extra, weight: 'wanted' });
}

export function ofType<Type extends RangeCommand['type']>(
  commands: readonly RangeCommand[],
  type: Type,
): readonly Extract<RangeCommand, { type: Type }>[] {
  return commands.filter((command): command is Extract<RangeCommand, { type: Type }> => command.type === type);
}

function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined || list.length > 1) throw new Error(`one was expected, there are ${list.length}`);
  return first;
}
