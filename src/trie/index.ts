export { HEIGHT_MAX } from './arguments.ts';
export {
  readLeaf,
  readRoot,
  type TrieEntry,
  type TrieResult,
  type TrieUpdate,
  updateTries,
} from './binary-trie.ts';
export { rootFromSorted, rootsFromSorted, type SortedLeaves } from './build.ts';
export { COMMITMENT_HEIGHT, orderedRoot, orderedRoots } from './commitment-tree.ts';
export type { TrieErrorCode } from './errors.ts';
export type { PairHasher } from './hash-levels.ts';
export type { TrieReader } from './page-set.ts';
export type { TrieWrite } from './page-writer.ts';
export { type KeyProof, type ProofNode, proveKey, verifyProof } from './proof.ts';
