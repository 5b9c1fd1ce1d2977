import type { L1Range } from './core-contract.ts';
import type { StateUpdateLog } from './l1-values.ts';

/** State updates seen on L1 that are not final there yet, by L1 block and log index. Bounded. */
export interface UpdateMap {
  add(update: StateUpdateLog): void;
  /** A reorg took one back: it goes, and everything that stood above it. */
  remove(at: Pick<StateUpdateLog, 'l1Block' | 'logIndex'>): void;
  /** What a range holds according to a newer and better source: what was known of it goes. */
  replace(range: L1Range, updates: readonly StateUpdateLog[]): void;
  /** Updates up to an L1 block, in order. */
  upTo(l1Block: number): readonly StateUpdateLog[];
  /** Forgets updates up to an L1 block. */
  forget(l1Block: number): void;
  clear(): void;
  readonly size: number;
}

/** @param sizeMax When there are more, the lowest go: those above say more. */
export function createUpdateMap(sizeMax: number = UPDATES_MAX): UpdateMap {
  /** Ascending by place. */
  let updates: StateUpdateLog[] = [];

  function add(update: StateUpdateLog): void {
    let at = updates.length;
    while (at > 0 && comparePlaces(updates[at - 1] as StateUpdateLog, update) > 0) at--; // at - 1 is inside
    const same = at > 0 && comparePlaces(updates[at - 1] as StateUpdateLog, update) === 0; // as above
    updates.splice(same ? at - 1 : at, same ? 1 : 0, update);
    if (updates.length > sizeMax) updates.shift();
  }

  return {
    add,
    remove(at) {
      updates = updates.filter((update) => comparePlaces(update, at) < 0);
    },
    replace({ from, to }, found) {
      updates = updates.filter(({ l1Block }) => l1Block < from || l1Block > to);
      for (const update of found) add(update);
    },
    upTo: (l1Block) => updates.filter((update) => update.l1Block <= l1Block),
    forget(l1Block) {
      updates = updates.filter((update) => update.l1Block > l1Block);
    },
    clear() {
      updates = [];
    },
    get size() {
      return updates.length;
    },
  };
}

type Place = Pick<StateUpdateLog, 'l1Block' | 'logIndex'>;

function comparePlaces(a: Place, b: Place): number {
  return a.l1Block - b.l1Block || a.logIndex - b.logIndex;
}

/** Finality takes minutes and updates come less often than that: an honest chain has a handful. */
export const UPDATES_MAX = 1_024;
