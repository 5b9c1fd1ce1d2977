/**
 * Finds the highest block that a source and we have in common: steps back 1, 2, 4, … until the hashes agree, then
 * bisects. Asks O(log depth) questions at any depth.
 */
export interface ForkSearch {
  /** Highest height known to be the same; -1 when nothing is known to be (before genesis everything is). */
  readonly same: number;
  /** Lowest height known to differ. */
  readonly differs: number;
  readonly stride: number;
}

export type ForkSearchStep =
  | { readonly type: 'ask'; readonly height: number; readonly search: ForkSearch }
  /** `ancestor` is the height of the last common block, -1 when even genesis differs. */
  | { readonly type: 'found'; readonly ancestor: number };

/** Begins below `differs`, a height where the source has another block or none. */
export function beginForkSearch(differs: number): ForkSearchStep {
  return next({ same: -1, differs, stride: 1 }, false);
}

export function stepForkSearch(search: ForkSearch, height: number, same: boolean): ForkSearchStep {
  const known = same ? { ...search, same: Math.max(search.same, height) } : { ...search, differs: height };
  return next(same ? known : { ...known, stride: search.stride * 2 }, known.same >= 0);
}

function next(search: ForkSearch, bisecting: boolean): ForkSearchStep {
  if (search.differs - search.same <= 1) return { type: 'found', ancestor: search.same };
  const height = bisecting
    ? Math.floor((search.same + search.differs) / 2)
    : Math.max(0, search.differs - search.stride);
  return { type: 'ask', height, search };
}
