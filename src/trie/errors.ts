import { type ErrorData, type Fault, SynclineError } from '../lib/index.ts';

/** Every code this module throws. A code keeps its meaning for ever. */
export type TrieErrorCode =
  /** `local`: a stored page does not decode, or does not fit the place it was read from. */
  | 'TRIE_PAGE_CORRUPT'
  /** `local`: a node refers to a page the store does not hold. */
  | 'TRIE_PAGE_MISSING'
  /** `bug`: two updates of one call share a prefix, or one's begins the other's: their records would mix. */
  | 'TRIE_DUPLICATE'
  /** `caller`: a height, key, value or buffer is out of its stated bounds. */
  | 'TRIE_ARGUMENT'
  /** `caller`: keys that must ascend strictly do not. */
  | 'TRIE_UNSORTED'
  /** `bug`: the pair hasher answered with another number of felts than asked, or a node was left without a hash. */
  | 'TRIE_INVARIANT'
  /** `peer`: a proof does not lead from the root to the key. */
  | 'PROOF_INVALID';

/** Makes the error; the union above keeps codes from being invented on the spot. */
export function trieError(code: TrieErrorCode, fault: Fault, message: string, data: ErrorData = {}): SynclineError {
  return new SynclineError(code, fault, message, { data });
}
