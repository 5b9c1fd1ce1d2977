import type { Felt } from './types.ts';

/** What was asked of `starknet_getStorageProof`, and the state root to hold the answer against. */
export interface StorageProofQuery {
  /** Trusted: of the block's header, such as `node.status().stateRoot`. A felt, as bytes or `0x` hex, like all below. */
  readonly stateRoot: Felt | string;
  /** The one contract of `contract_addresses` and of `contracts_storage_keys`. Below 2^251, like all keys of tries. */
  readonly contractAddress: Felt | string;
  /** Any order, at most 1,000. Without any, `contracts_storage_keys` need not be asked for. */
  readonly storageKeys?: readonly (Felt | string)[];
  /** Those of `class_hashes`, at most 1,000. */
  readonly classHashes?: readonly (Felt | string)[];
}

/** What an answer proves about the state with that root. */
export interface ProvenState {
  /** Null for a contract that is proven not to exist. */
  readonly contract: ProvenContract | null;
  /** Value of each of `storageKeys`, in that order; zero for a key that is proven not to be set. */
  readonly values: readonly Felt[];
  /**
   * Leaf of each of `classHashes`, in that order: Poseidon of `CONTRACT_CLASS_LEAF_V0` and the compiled class hash. Zero
   * for a class that is proven not to be declared; Cairo 0 classes have no leaf either.
   */
  readonly classLeaves: readonly Felt[];
}

export interface ProvenContract {
  /** Zero for 0x1 and 0x2, which have storage without being deployed. */
  readonly classHash: Felt;
  readonly nonce: Felt;
  /** Zero for a contract without storage. */
  readonly storageRoot: Felt;
}

/**
 * Verifies an answer of `starknet_getStorageProof`, from whatever node, for one contract.
 *
 * All hashes are computed anew, from the state root down to each value. The state root is taken in either of its forms:
 * Poseidon over both roots, or, where there are no classes, the contracts root alone as before Starknet 0.14.0. It says
 * which block is meant: `block_hash` in the answer is not proven and not looked at. Nodes that the proof does without are
 * ignored, and so is the order of nodes. The first call loads the hashes and tries, in some 60 ms.
 *
 * @param answer The method's result as `JSON.parse` made it, alone or in its JSON-RPC envelope: not trusted. Refused
 *   beyond 251 nodes for each key. Its size as text is for the caller to limit, before parsing.
 * @returns Felts of 32 bytes, the caller's to keep.
 * @throws {SynclineError} `PROOF_INVALID` (fault `peer`): the answer does not prove what was asked, with `expected` and
 *   `got`. `GATEWAY_MALFORMED` (`peer`): it is no answer of that method, with the `path`. `PROOF_QUERY_INVALID`
 *   (`caller`).
 * @see Starknet JSON-RPC specification 0.8 to 0.10, `starknet_getStorageProof`
 * @see https://docs.starknet.io/learn/protocol/state, "State commitment"
 *
 * @example
 * const query = { stateRoot, contractAddress: '0x49d3…', storageKeys: ['0x1'] };
 * const { contract, values } = await verifyStorageProof(await response.json(), query);
 * console.log(contract !== null, values.map(feltToHex));
 */
export async function verifyStorageProof(answer: unknown, query: StorageProofQuery): Promise<ProvenState> {
  // Not loaded before it is needed: programs that only run a node leave the hashing to its workers.
  const { proveState } = await import('./prove-state.ts');
  return proveState(answer, query);
}
