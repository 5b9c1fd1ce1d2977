import { equalBytes } from '../../lib/index.ts';
import type { FinalClaim } from '../source.ts';
import type { BlockRef, Hash32 } from '../types.ts';

/** What the store holds at a claim's height. */
export interface StoredBlock {
  readonly ref: BlockRef;
  readonly stateRoot: Hash32;
}

export type ClaimVerdict =
  /** The claim and our block agree: the final tip may move up to it. */
  | { readonly type: 'advance'; readonly to: BlockRef }
  /** They agree, at or below the final tip: nothing is new. */
  | { readonly type: 'known' }
  /** There is no block of ours to compare with yet. */
  | { readonly type: 'wait' }
  /** Our block is not the one that is final. `expected` is the claim's, `got` is ours. */
  | {
      readonly type: 'contradiction';
      readonly field: 'hash' | 'state root';
      readonly expected: Hash32;
      readonly got: Hash32;
    };

/**
 * Compares a claim with our block at its height. What the claim leaves open (null) is not compared. A claim that is
 * lower than an earlier one is no contradiction by that alone.
 *
 * @param stored Our block at `claim.height`, null without one.
 * @param final  The last agreed final tip.
 */
export function judgeClaim(claim: FinalClaim, stored: StoredBlock | null, final: BlockRef | null): ClaimVerdict {
  if (stored === null) return { type: 'wait' };
  const { ref, stateRoot } = stored;
  if (claim.hash !== null && !equalBytes(claim.hash, ref.hash)) {
    return { type: 'contradiction', field: 'hash', expected: claim.hash, got: ref.hash };
  }
  if (claim.stateRoot !== null && !equalBytes(claim.stateRoot, stateRoot)) {
    return { type: 'contradiction', field: 'state root', expected: claim.stateRoot, got: stateRoot };
  }
  return final !== null && ref.height <= final.height ? { type: 'known' } : { type: 'advance', to: ref };
}

/** A contradiction, and what was found out about it. */
export interface Contradicted {
  /** Height of the claim. */
  readonly height: number;
  /** How often this very claim has been contradicted, this time included. */
  readonly times: number;
  readonly final: BlockRef | null;
  /** What the sources of blocks show at the claim's height: our branch, another one that was followed, or nothing. */
  readonly branch: 'ours' | 'left' | 'unknown';
}

export type Remedy =
  /** Going on would mean to choose between two that should agree. */
  | { readonly type: 'halt'; readonly reason: string }
  /** Back to what was agreed (-1: to nothing), and sync again. */
  | { readonly type: 'unwind'; readonly to: number }
  /** The block in question is gone: compare when there is another. */
  | { readonly type: 'compare' }
  /** Nobody could be asked: again in a while. */
  | { readonly type: 'later' };

/**
 * What to do about a contradiction. The last agreed final tip is never given up: the first time blocks above it are
 * fetched anew, and when that leads to the same contradiction, or the claim is about what was agreed, all halts.
 */
export function remedyFor({ height, times, final, branch }: Contradicted): Remedy {
  if (final !== null && height <= final.height) return { type: 'halt', reason: 'that block was already agreed to be' };
  if (times > 1) return { type: 'halt', reason: 'the sources deliver the same block again' };
  if (branch === 'unknown') return { type: 'later' };
  if (branch === 'left') return { type: 'compare' };
  return { type: 'unwind', to: final?.height ?? -1 };
}
