import type { FeltHasher } from '../../../crypto/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import type { Header } from '../types.ts';
import { type BlockHashForm, type HashedContents, poseidonBlockHashes } from './block-hash.ts';

/** How many transactions and events a block has according to its hash. */
export interface HashedCounts {
  readonly transactions: number;
  readonly events: number;
}

/**
 * Tells a capture that was cut short from a false one: looks for counts, at or above those given, under which the
 * header hashes to its hash with the commitments it states.
 *
 * @param contents The header's commitments, and the counts of what was captured.
 * @returns The true counts; null when the header verifies under none of the `64 × 64` nearest.
 */
export function findHashedCounts(
  hasher: FeltHasher,
  form: BlockHashForm,
  header: Header,
  contents: HashedContents,
): HashedCounts | null {
  if (form !== 'C' && form !== 'D') return null;
  const variants: HashedContents[] = [];
  for (let i = 0; i < MISSING_MAX * MISSING_MAX; i++) {
    const transactionCount = contents.transactionCount + Math.floor(i / MISSING_MAX);
    variants.push({ ...contents, transactionCount, eventCount: contents.eventCount + (i % MISSING_MAX) });
  }
  const hashes = poseidonBlockHashes(hasher, form, header, variants);
  const found = variants[hashes.findIndex((hash) => equalBytes(hash, header.hash))];
  return found === undefined ? null : { transactions: found.transactionCount, events: found.eventCount };
}

/** Chosen: 4,096 header hashes, a fraction of a second, and only for captures that fail anyway. */
const MISSING_MAX = 64;
