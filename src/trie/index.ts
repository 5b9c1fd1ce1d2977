export { HEIGHT_MAX } from './arguments.ts';
export {
  createTrieUpdater,
  readLeaf,
  readRoot,
  type TrieEntry,
  type TrieResult,
  type TrieUpdate,
  type TrieUpdater,
  updateTries,
} from './binary-trie.ts';
export { rootFromSorted, rootsFromSorted, type SortedLeaves } from './build.ts';
export { createTrieBuilder, type TrieBuilder, type TrieBuilderOptions } from './build-pieces.ts';
export { buildTries, type TrieLeaves, type TriesBuild } from './build-tries.ts';
export { COMMITMENT_HEIGHT, orderedRoot, orderedRoots } from './commitment-tree.ts';
export type { TrieErrorCode } from './errors.ts';
export type { PairHasher } from './hash-levels.ts';
export * from './hexary/index.ts';
export * from './merkle/index.ts';
export type { TrieReader } from './page-set.ts';
export type { TrieWrite } from './page-writer.ts';
export { type KeyProof, type ProofNode, proveKey, verifyProof } from './proof.ts';
export * from './range/index.ts';
