import type { StateView, Write } from '../store.ts';
import type { Tips } from '../types.ts';
import { encodeJson, META, parseStoredJson } from './records.ts';

/**
 * The flat state has run ahead of the tries: blocks above `proven` are stored and their root is still to be compared.
 * Without such a record the tries stand at the confirmed tip.
 */
export interface PendingState {
  /** Highest height whose state root was compared and is right; -1 for none. */
  readonly proven: number;
  readonly stage: PendingStage;
}

export type PendingStage =
  /** Blocks are applied to the flat state only. */
  | { readonly type: 'flat' }
  /** Old tries and derived values are being removed. */
  | { readonly type: 'wipe' }
  /** New tries are being built at the confirmed tip; hexadecimal cursor of the last stored piece. */
  | { readonly type: 'build'; readonly cursor: string | null }
  /** The built root was wrong: the state is right at `low` and wrong at `high`, whose blocks lead to root `got`. */
  | { readonly type: 'search'; readonly low: number; readonly high: number; readonly got: string };

/** Null when every confirmed block's state is proven. */
export function readPendingState(view: StateView): PendingState | null {
  const bytes = view.get('meta', META.pendingState);
  return bytes === undefined ? null : (parseStoredJson('meta', bytes) as PendingState);
}

export function pendingStateWrite(pending: PendingState | null): Write {
  return { table: 'meta', key: META.pendingState, value: pending === null ? null : encodeJson(pending) };
}

/** Up to which height the stored state is proven by state roots; -1 for none. */
export function provenHeight(view: StateView, tips: Tips, confirmedTip: string): number {
  return readPendingState(view)?.proven ?? tips[confirmedTip]?.height ?? -1;
}
