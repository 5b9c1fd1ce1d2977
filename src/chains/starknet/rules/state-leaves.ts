import type { FeltHasher } from '../../../crypto/index.ts';
import { isZeroBytes } from '../../../lib/index.ts';
import { FELT_ZERO, feltFromAscii } from '../felt.ts';
import type { Felt } from '../types.ts';
import { concatFelts } from './hashing.ts';

/** Of contracts, field by field and aligned; 32 bytes each. */
export interface ContractFieldLists {
  readonly classHashes: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  readonly nonces: readonly Uint8Array[];
}

/**
 * Leaves of the contracts trie, H(H(H(class hash, storage root), nonce), 0) for each contract, as flat felts: three
 * hashes a contract.
 * @see https://docs.starknet.io/learn/protocol/state, "State commitment"
 */
export function hashContractLeaves(hasher: FeltHasher, { classHashes, roots, nonces }: ContractFieldLists): Uint8Array {
  const content = hasher.pedersen(concatFelts(classHashes), concatFelts(roots));
  const withNonce = hasher.pedersen(content, concatFelts(nonces));
  return hasher.pedersen(withNonce, new Uint8Array(withNonce.length));
}

/** Leaf of one contract; zero for one of which nothing is left, or never was. */
export function contractStateHash(
  hasher: FeltHasher,
  { classHash, storageRoot, nonce }: { readonly classHash: Felt; readonly storageRoot: Felt; readonly nonce: Felt },
): Felt {
  if ([classHash, storageRoot, nonce].every(isZeroBytes)) return FELT_ZERO;
  const fields = { classHashes: [classHash], roots: [storageRoot], nonces: [nonce] };
  return hashContractLeaves(hasher, fields) as Felt; // one contract gives one felt
}

/** Leaves of the class trie, Poseidon('CONTRACT_CLASS_LEAF_V0', compiled class hash) for each Sierra class, as flat felts. */
export function hashClassLeaves(hasher: FeltHasher, compiledClassHashes: readonly Uint8Array[]): Uint8Array {
  const prefixes = concatFelts(compiledClassHashes.map(() => CLASS_LEAF_PREFIX));
  return hasher.poseidon(prefixes, concatFelts(compiledClassHashes));
}

const CLASS_LEAF_PREFIX = feltFromAscii('CONTRACT_CLASS_LEAF_V0');
