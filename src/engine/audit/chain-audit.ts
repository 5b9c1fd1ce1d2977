import type { SealedBlock, Verified } from '../chain.ts';
import type { BlockRecord } from '../commit/records.ts';

/** What is stored of one block. */
export interface StoredBlock {
  readonly record: BlockRecord;
  /** Part name → bytes in the chain's storage encoding. */
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

/** One check and what came of it. */
export interface AuditVerdict {
  readonly check: string;
  /** Null where the protocol, or what is stored, does not allow the check; then `reason` says why. */
  readonly ok: boolean | null;
  /** What is stated. Hashes are written as the chain's users write them. */
  readonly expected?: string;
  /** What was computed. */
  readonly got?: string;
  readonly reason?: string;
}

/** What came of verifying a stored block again. */
export interface AuditedBlock {
  readonly verdicts: readonly AuditVerdict[];
  /**
   * The block as it would be sealed from its stored parts, with the record's word for who delivered them. Null only
   * when a verdict says why there is none.
   */
  readonly block: Verified<SealedBlock> | null;
}

/** What came of verifying one entry of table `content`. */
export interface AuditedContent {
  readonly verdicts: readonly AuditVerdict[];
  /** What the entry added to the store's sums when it came, as in `LatePart`. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * A chain's half of an audit: whether what is stored is what was verified once. Pure, like the rest of the rules, and
 * without patience for damage: whatever does not decode is a verdict, nothing is thrown for it.
 */
export interface ChainAudit {
  /** Verifies stored blocks again; all of them together, so that they share batches of hashes. One result each. */
  blocks(stored: readonly StoredBlock[]): readonly AuditedBlock[];
  /** Height of the block that an entry of table `index` leads to; null for one that no block of this chain makes. */
  indexHeight(key: Uint8Array, value: Uint8Array): number | null;
  /** Verifies an entry of table `content`. Absent where a chain has no such check. */
  content?(key: Uint8Array, value: Uint8Array): AuditedContent;
}
