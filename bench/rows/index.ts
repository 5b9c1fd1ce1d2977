import type { Bench } from '../harness/bench.ts';
import { blockCommitments } from './block-commitments.ts';
import { catchUp } from './catch-up.ts';
import { eventsIndex } from './events-index.ts';
import { feltHashes, kernelVariants } from './felt-hashes.ts';
import { keccak } from './keccak.ts';
import { poseidon2 } from './poseidon2.ts';
import { rangeProof } from './range-proof.ts';
import { stackTrie } from './stack-trie.ts';
import { stateCommit } from './state-commit.ts';
import { syncDevnet } from './sync-devnet.ts';
import { trieBuild } from './trie-build.ts';

/** Every bench, in the order they run: those that take longest last. */
export const benches: readonly Bench[] = [
  feltHashes,
  kernelVariants,
  keccak,
  poseidon2,
  stackTrie,
  rangeProof,
  stateCommit,
  blockCommitments,
  eventsIndex,
  trieBuild,
  catchUp,
  syncDevnet,
];
