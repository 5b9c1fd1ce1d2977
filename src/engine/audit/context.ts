import { equalBytes } from '../../lib/index.ts';
import type { ChainRules } from '../chain.ts';
import { readBlock, readTips } from '../commit/records.ts';
import type { StateView } from '../store.ts';
import type { BlockRef, TipNames } from '../types.ts';

/** What an audit is made with. */
export interface AuditContext {
  readonly rules: ChainRules;
  readonly tips: TipNames;
  /** `Chain.identity`, with which the store must be marked. */
  readonly identity: string;
}

/** The confirmed tip as the store states it; null in an empty one. */
export function confirmedIn(tips: TipNames, view: StateView): BlockRef | null {
  const tip = readTips(view)[tips.confirmed] ?? null;
  return tip === null || tip.hash === null ? null : { height: tip.height, hash: tip.hash };
}

/** Height of the final tip, -1 without one. */
export function finalHeight(tips: TipNames, view: StateView): number {
  return tips.final === undefined ? -1 : (readTips(view)[tips.final]?.height ?? -1);
}

/** Whether this block is the confirmed one at its height. */
export function isCanonical(view: StateView, ref: BlockRef): boolean {
  const stored = readBlock(view, ref.height);
  return stored !== null && equalBytes(stored.ref.hash, ref.hash);
}
