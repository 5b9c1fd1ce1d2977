export { appendLeaves, type MerkleAppend, type MerkleResult, readMerkleRoot } from './append-leaves.ts';
export {
  type AppendOnlyFrontier,
  type AppendOnlyTree,
  type AppendOnlyTreeOptions,
  createAppendOnlyTree,
} from './append-only-tree.ts';
export { MERKLE_HEIGHT_MAX } from './arguments.ts';
export type { MerkleErrorCode } from './errors.ts';
export type { IndexedLeaf, PlacedLeaf } from './indexed-leaf.ts';
export { type IndexedClaim, type IndexedProof, proveIndexedKey, verifyIndexedProof } from './indexed-proof.ts';
export {
  type EntryUpdate,
  type IndexedTree,
  insertIndexedKeys,
  type KeyInsertion,
  readIndexedLeaf,
  readLowLeaf,
  writeIndexedEntries,
} from './indexed-tree.ts';
export type { IndexedReader } from './leaf-chain.ts';
export { createMerkleHasher, type ListHasher, type MerkleHasher, type NodeHasher } from './merkle-hasher.ts';
export {
  type LeafClaim,
  type MerklePlace,
  readSiblingPath,
  type SiblingPath,
  verifySiblingPath,
} from './sibling-path.ts';
