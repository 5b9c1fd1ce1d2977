/**
 * How the state commitment is kept up while catching up. `merge`: tries are hashed once for a batch of blocks.
 * `rebuild`: far behind, blocks go to the flat state only, and all tries are built once near the tip. `auto`: whichever
 * is cheaper by the distance.
 */
export type StateMode = 'merge' | 'rebuild' | 'auto';

export interface StatePolicy {
  readonly mode: StateMode;
  /** `auto` rebuilds from this distance to the target on, in blocks. */
  readonly autoBlocksMin: number;
  /** `rebuild` does from this one on: nearer, hashing batch by batch is always cheaper. */
  readonly rebuildBlocksMin: number;
  /** How near to the target the tries are built, in blocks. */
  readonly pivotWithinBlocks: number;
}

export const defaultStatePolicy: StatePolicy = {
  mode: 'auto',
  autoBlocksMin: 20_000,
  rebuildBlocksMin: 64,
  pivotWithinBlocks: 16,
};

/** What is to be done next: apply blocks with their tries, apply them flat, or build the tries. */
export type StateWork = 'merge' | 'flat' | 'build';

export interface StateOutlook {
  /** Whether the chain's rules can build all tries at once. */
  readonly buildable: boolean;
  /** The stage of a pending state; null when all is proven. */
  readonly stage: 'flat' | 'wipe' | 'build' | 'search' | null;
  /** Height of the confirmed tip, -1 for an empty store. */
  readonly confirmed: number;
  /** Highest height that the sources can deliver; null while no source has answered. */
  readonly target: number | null;
}

/** Pure. What was begun is finished first: blocks wait while tries are being built. */
export function chooseStateWork(outlook: StateOutlook, policy: StatePolicy): StateWork {
  const { buildable, stage, confirmed, target } = outlook;
  const behind = target === null ? null : target - confirmed;
  if (stage === null) {
    const least = { merge: Number.POSITIVE_INFINITY, rebuild: policy.rebuildBlocksMin, auto: policy.autoBlocksMin };
    return buildable && behind !== null && behind >= least[policy.mode] ? 'flat' : 'merge';
  }
  if (stage !== 'flat') return 'build';
  return confirmed >= 0 && behind !== null && behind <= policy.pivotWithinBlocks ? 'build' : 'flat';
}
