import type { FeltHasher } from '../../../crypto/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import { isVersionFrom, VERSION_POSEIDON_BLOCK_HASH } from '../params.ts';
import type { BlockSignature, Felt, Header, StateDiff, StateUpdate } from '../types.ts';
import { advisory, type CheckResult, compareFelts, undecided } from './check-result.ts';
import { olderStateDiffCommitment, stateDiffCommitment, stateDiffLength } from './state-diff-commitment.ts';

/** A state diff in two numbers, as headers carry them from 0.13.2 on. */
export interface DiffDigest {
  readonly commitment: Felt;
  readonly length: number;
}

export function digestDiff(hasher: FeltHasher, diff: StateDiff): DiffDigest {
  return { commitment: stateDiffCommitment(hasher, diff), length: stateDiffLength(diff) };
}

/** What there is to compare a state update with. */
export interface DiffWitnesses {
  readonly header: Header | null;
  readonly signature: BlockSignature | null;
}

/**
 * Checks `state-diff-commitment` and `state-diff-length` of a state update against whatever states them: the header
 * from 0.13.2 on; before, a block signature in the older form, which carries a commitment of its own.
 *
 * @param digest Of the update's diff.
 * @returns Always both checks, in that order.
 */
export function checkStateDiff(
  hasher: FeltHasher,
  update: StateUpdate,
  digest: DiffDigest,
  { header, signature }: DiffWitnesses,
): readonly CheckResult[] {
  return [checkCommitment(hasher, update, digest, { header, signature }), checkLength(digest, header)];
}

/** The two checks when there is no state update. */
export function missingStateDiff(): readonly CheckResult[] {
  const reason = 'no state update was given';
  return [undecided('state-diff-commitment', reason), undecided('state-diff-length', reason)];
}

function checkCommitment(
  hasher: FeltHasher,
  update: StateUpdate,
  digest: DiffDigest,
  { header, signature }: DiffWitnesses,
): CheckResult {
  const name = 'state-diff-commitment';
  const foreign = header === null ? null : checkSameBlock(update, header);
  if (foreign !== null) return foreign;
  const isBinding = header !== null && isVersionFrom(header.version, VERSION_POSEIDON_BLOCK_HASH);
  if (isBinding && header.stateDiffCommitment !== null) {
    return compareFelts(name, { expected: header.stateDiffCommitment, got: digest.commitment });
  }
  if (signature?.form === 'block-hash-and-diff' && equalBytes(signature.blockHash, update.blockHash)) {
    const got = olderStateDiffCommitment(hasher, update.stateDiff);
    return compareFelts(name, { expected: signature.stateDiffCommitment, got });
  }
  if (isBinding) return undecided(name, 'the header does not state it', digest.commitment);
  if (header === null) return undecided(name, 'nothing given states it', digest.commitment);
  return undecided(name, 'blocks before 0.13.2 do not commit to the state diff; only the state root proves it');
}

/** A failed check when the update belongs to another block or leads to another state, else null. */
function checkSameBlock(update: StateUpdate, header: Header): CheckResult | null {
  const name = 'state-diff-commitment';
  if (!equalBytes(update.blockHash, header.hash)) {
    const numbers = { expected: header.hash, got: update.blockHash };
    return { ...compareFelts(name, numbers), reason: 'the state update names another block' };
  }
  if (!equalBytes(update.newRoot, header.stateRoot)) {
    const reason = 'the state update leads to another state root than the header states';
    return { ...compareFelts(name, { expected: header.stateRoot, got: update.newRoot }), reason };
  }
  return null;
}

function checkLength({ length }: DiffDigest, header: Header | null): CheckResult {
  const name = 'state-diff-length';
  const stated = header?.stateDiffLength ?? null;
  if (header === null || stated === null) {
    const reason = header === null ? 'nothing given states it' : 'the header does not state it';
    return undecided(name, reason, String(length));
  }
  const result: CheckResult = { name, ok: stated === length, expected: String(stated), got: String(length) };
  if (isVersionFrom(header.version, VERSION_POSEIDON_BLOCK_HASH)) return result;
  return advisory(result, 'before 0.13.2 the block hash does not cover it');
}
