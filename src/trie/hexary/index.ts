export { emptyTrieRoot, type KeccakFunctions, type KeccakInto } from './keccak.ts';
export type { HexaryErrorCode } from './node.ts';
export type { RangeProofLimits } from './proof-nodes.ts';
export {
  type HexaryLeaf,
  type HexaryRangeRequest,
  proveHexaryKey,
  proveHexaryKeys,
  proveRange,
  readHexaryLeaves,
} from './prove-range.ts';
export { createHexaryRangeVerifier, type RangeProofInput, verifyRangeProof } from './range-proof.ts';
export type { NodeSink } from './spine.ts';
export { createStackTrie, type StackTrie, type StackTrieOptions, stackTrieBytes } from './stack-trie.ts';
export type { HexaryNodeReader, StoredTrie } from './stored-trie.ts';
