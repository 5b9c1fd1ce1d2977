import type { StateView } from '../../../../engine/index.ts';
import { firstKeyBit, LIST_OF_CROWDED, listOfEmitter, listOfKey } from '../../rules/index.ts';
import type { EventFilter } from './event-filter.ts';
import { type Bound, ListReader } from './list-reader.ts';
import type { Work } from './work.ts';

export interface CandidateOptions {
  readonly view: StateView;
  readonly filter: EventFilter;
  /** The first and the last height that matter. */
  readonly from: number;
  readonly to: number;
  readonly work: Work;
}

/**
 * A step along the blocks that may have wanted events. `over`: the call has done enough, and `height` is where the next
 * one goes on.
 */
export type CandidateStep = { readonly type: 'block' | 'over'; readonly height: number } | { readonly type: 'end' };

/**
 * Finds the blocks that may have wanted events, ascending, by the event index: those that are listed under one of the
 * emitters and, for each position, under one of the keys. The lists are followed together, each leaping to where the
 * others are. A filter that wants everything makes every block a candidate.
 */
export class CandidateBlocks {
  readonly #options: CandidateOptions;
  readonly #conditions: readonly Condition[];

  constructor(options: CandidateOptions) {
    this.#options = options;
    this.#conditions = conditionsOf(options);
  }

  /** The first candidate from `height` on. Heights must not descend from call to call. */
  async next(height: number): Promise<CandidateStep> {
    const { from, to, work } = this.#options;
    let at = height;
    while (at <= to) {
      if (work.isTurnOver) await work.endTurn();
      // Every call gets further than the one before.
      if (work.isOver && at > from) return { type: 'over', height: at };
      const next = this.#leap(at);
      if (next === at) return { type: 'block', height: at };
      at = next;
    }
    return { type: 'end' };
  }

  /** `height` if all conditions hold there, else a higher one with no candidate in between. */
  #leap(height: number): number {
    this.#options.work.spend(LEAP_COST);
    for (const condition of this.#conditions) {
      const bound = condition(height);
      if (bound.height > height) return bound.height;
      if (!bound.isHit) return height + 1;
    }
    return height;
  }
}

/** Where a condition holds next, from a height on. */
type Condition = (height: number) => Bound;

function conditionsOf({ view, filter: { emitters, keys }, work }: CandidateOptions): readonly Condition[] {
  const crowded = new ListReader({ view, list: LIST_OF_CROWDED, firstKeyBits: 0, work });
  const conditions = keys.flatMap((wanted, position) => {
    if (wanted.length === 0) return [];
    const lists = wanted.map((key) => listOfKey(key, position));
    return [anyOf([crowded, ...lists.map((list) => new ListReader({ view, list, firstKeyBits: 0, work }))])];
  });
  if (emitters.length > 0) {
    const bits = (keys[0] ?? []).reduce((sum, key) => sum | firstKeyBit(key), 0);
    const lists = emitters.map(listOfEmitter);
    conditions.push(anyOf([crowded, ...lists.map((list) => new ListReader({ view, list, firstKeyBits: bits, work }))]));
  }
  return conditions;
}

function anyOf(readers: readonly ListReader[]): Condition {
  return (height) => {
    let first: Bound = NOWHERE;
    for (const reader of readers) {
      const bound = reader.seek(height);
      if (bound.height < first.height || (bound.height === first.height && bound.isHit)) first = bound;
    }
    return first;
  };
}

const NOWHERE: Bound = { height: Number.POSITIVE_INFINITY, isHit: false };
/** Estimated, microseconds. */
const LEAP_COST = 1;
