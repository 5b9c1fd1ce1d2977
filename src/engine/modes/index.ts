export {
  chooseStateWork,
  defaultStatePolicy,
  type StateMode,
  type StateOutlook,
  type StatePolicy,
  type StateWork,
} from './state-work.ts';

/**
 * What the node is doing. `start`: nothing known yet. `snapshot`: fetching a state. `range`: catching up block by
 * block. `follow`: at the tip. `halted`: stopped for safety, nothing moves until an operator looks.
 */
export type Mode = 'start' | 'snapshot' | 'range' | 'follow' | 'halted';

export interface SyncState {
  readonly mode: Mode;
  /** Whether what is stored may be read by others; independent of the mode. */
  readonly serving: boolean;
  /** Why the mode is what it is, one plain clause. */
  readonly reason: string;
}

/** What the node can see of itself and of its sources. Heights; -1 for an empty store. */
export interface Seen {
  readonly storeOpen: boolean;
  readonly confirmed: number;
  /** Highest height that the sources can deliver without a hole; null while no source has answered. */
  readonly target: number | null;
  /** Blocks are stored whose state root is still to be compared. */
  readonly statePending: boolean;
  /** A snapshot is wanted, offered, and better than blocks. */
  readonly snapshotOffered: boolean;
  /** Set once something made it unsafe to go on. */
  readonly halt: string | null;
}

export interface SyncPolicy {
  /** Blocks behind the target at which `range` becomes `follow`. */
  readonly followWithinBlocks: number;
  /** Blocks behind the target at which `follow` falls back to `range`. Above the other, so that it does not flap. */
  readonly rangeBeyondBlocks: number;
}

export const defaultSyncPolicy: SyncPolicy = { followWithinBlocks: 1, rangeBeyondBlocks: 16 };

export const initialSyncState: SyncState = { mode: 'start', serving: false, reason: 'starting' };

/** The next mode. Pure; returns the same object when nothing changes. */
export function nextMode(state: SyncState, seen: Seen, policy: SyncPolicy): SyncState {
  const next = decide(state, seen, policy);
  const serving = seen.storeOpen && seen.confirmed >= 0;
  if (next.mode === state.mode && serving === state.serving && next.reason === state.reason) return state;
  return { ...next, serving };
}

function decide(state: SyncState, seen: Seen, policy: SyncPolicy): Pick<SyncState, 'mode' | 'reason'> {
  if (state.mode === 'halted') return state;
  if (seen.halt !== null) return { mode: 'halted', reason: seen.halt };
  if (!seen.storeOpen) return { mode: 'start', reason: 'opening the store' };
  if (seen.target === null) {
    // Losing sight of every source changes nothing that was known before.
    return state.mode === 'start' ? { mode: 'start', reason: 'no source has answered yet' } : state;
  }
  if (state.mode === 'snapshot' && seen.snapshotOffered) return state;
  if (seen.snapshotOffered && seen.confirmed < 0) return { mode: 'snapshot', reason: 'a snapshot is offered' };
  if (seen.statePending) return { mode: 'range', reason: 'the state is still to be proven' };
  const behind = seen.target - seen.confirmed;
  const allowed = state.mode === 'follow' ? policy.rangeBeyondBlocks : policy.followWithinBlocks;
  if (behind > allowed) return state.mode === 'range' ? state : { mode: 'range', reason: 'behind the sources' };
  return state.mode === 'follow' ? state : { mode: 'follow', reason: 'at the tip of the sources' };
}
