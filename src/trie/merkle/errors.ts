import { type ErrorData, type Fault, SynclineError } from '../../lib/index.ts';

/** Every code the Merkle trees throw. A code keeps its meaning for ever. */
export type MerkleErrorCode =
  /** `caller`: a height, size, index or length is out of its stated bounds. */
  | 'MERKLE_ARGUMENT'
  /** `caller`: the tree has no place for so many leaves. */
  | 'MERKLE_FULL'
  /** `peer`: a key to be inserted is there already, or twice among those to be inserted. */
  | 'MERKLE_KEY_EXISTS'
  /** `local`: a stored record does not decode. */
  | 'MERKLE_RECORD_CORRUPT'
  /** `local`: the store lacks the leaf that stands before a key. */
  | 'MERKLE_RECORD_MISSING'
  /** `peer`: a proof does not lead to the root, or its leaf says nothing of the key. */
  | 'MERKLE_PROOF_INVALID';

/** Makes the error; the union above keeps codes from being invented on the spot. */
export function merkleError(code: MerkleErrorCode, fault: Fault, message: string, data: ErrorData): SynclineError {
  return new SynclineError(code, fault, message, { data });
}
