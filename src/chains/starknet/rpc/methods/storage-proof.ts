import { type RpcMethod, type RpcParams, readPendingState, type StateView } from '../../../../engine/index.ts';
import { equalBytes } from '../../../../lib/index.ts';
import { type ProofNode, proveKey, readRoot, type TrieReader } from '../../../../trie/index.ts';
import { FELT_ZERO, feltToHex } from '../../felt.ts';
import {
  CLASSES_TRIE_PREFIX,
  CONTRACTS_TRIE_PREFIX,
  feltOrZero,
  STATE_TRIE_HEIGHT,
  storageRootKey,
  storageTriePrefix,
} from '../../rules/index.ts';
import type { Felt } from '../../types.ts';
import { isAbsent, parseFeltArgument, parseListArgument, parseObjectArgument } from '../arguments.ts';
import { parseBlockId, readTip, resolveBlockId } from '../block-id.ts';
import type { MethodContext } from '../context.ts';
import { fault, invalidParams } from '../faults.ts';
import { openState } from '../open-state.ts';
import type { RenderedObject } from '../render/felts.ts';

/**
 * Proofs that classes, contracts and storage entries are part of the state, or are not. Tries are kept for the
 * confirmed tip only, so there are proofs for that block and for no other.
 * @see Starknet JSON-RPC specification, `starknet_getStorageProof`
 */
export function storageProofMethods(context: MethodContext): Readonly<Record<string, RpcMethod>> {
  return {
    starknet_getStorageProof: {
      params: ['block_id', 'class_hashes?', 'contract_addresses?', 'contracts_storage_keys?'],
      call: (params) => storageProof(context, params),
    },
  };
}

function storageProof({ environment, version }: MethodContext, params: RpcParams): unknown {
  const blockId = parseBlockId(params.block_id, version);
  if (blockId.type === 'provisional') throw invalidParams('block_id', 'a block that is not being built');
  const wanted = parseWanted(params);
  using view = environment.store.view();
  const resolved = resolveBlockId(view, environment, blockId, version);
  const tip = readTip(view);
  if (resolved.type !== 'confirmed' || tip === null || !equalBytes(resolved.ref.hash, tip.hash)) {
    throw fault('storageProofNotSupported', { supported: 'the latest block', latest: tip?.height ?? null });
  }
  if (readPendingState(view) !== null) throw fault('storageProofNotSupported', { supported: 'once tries are built' });

  const reader: TrieReader = { get: (key) => view.get('trie', key) };
  const state = openState(view, resolved);
  return {
    classes_proof: prove(reader, CLASSES_TRIE_PREFIX, wanted.classes),
    contracts_proof: {
      nodes: prove(reader, CONTRACTS_TRIE_PREFIX, wanted.contracts),
      contract_leaves_data: wanted.contracts.map((address) => ({
        nonce: feltToHex(state.nonce(address)),
        class_hash: feltToHex(state.classHash(address) ?? FELT_ZERO),
        storage_root: feltToHex(storageRootOf(view, address)),
      })),
    },
    contracts_storage_proofs: wanted.storage.map(({ address, keys }) =>
      prove(reader, storageTriePrefix(address), keys),
    ),
    global_roots: {
      contracts_tree_root: feltToHex(readRoot(reader, CONTRACTS_TRIE_PREFIX)),
      classes_tree_root: feltToHex(readRoot(reader, CLASSES_TRIE_PREFIX)),
      block_hash: feltToHex(tip.hash),
    },
  };
}

/** The nodes on the paths to all keys, each once, root first. @see `NODE_HASH_TO_NODE_MAPPING` */
function prove(reader: TrieReader, prefix: Uint8Array, keys: readonly Felt[]): readonly RenderedObject[] {
  const nodes = new Map<string, RenderedObject>();
  const root = feltToHex(readRoot(reader, prefix));
  for (const key of keys) {
    let hash = root;
    const path = proveKey(reader, prefix, STATE_TRIE_HEIGHT, key);
    let depth = 0;
    for (const node of path) {
      if (!nodes.has(hash)) nodes.set(hash, { node_hash: hash, node: renderNode(node) });
      hash = feltToHex(childOf(node, key, depth));
      depth += node.type === 'edge' ? node.length : 1;
    }
  }
  return [...nodes.values()];
}

/** @see Starknet JSON-RPC specification, `MERKLE_NODE` */
function renderNode(node: ProofNode): RenderedObject {
  if (node.type === 'binary') return { left: feltToHex(node.left), right: feltToHex(node.right) };
  return { path: feltToHex(node.path), length: node.length, child: feltToHex(node.child) };
}

/** The hash of the node that follows on the key's path. The key's first bit is the one below the top five. */
function childOf(node: ProofNode, key: Felt, depth: number): Uint8Array {
  if (node.type === 'edge') return node.child;
  const bit = 256 - STATE_TRIE_HEIGHT + depth;
  const isRight = ((key[bit >> 3] as number) >> (7 - (bit & 7))) & 1; // depth is below the trie's height
  return isRight === 1 ? node.right : node.left;
}

function storageRootOf(view: StateView, address: Felt): Felt {
  return feltOrZero(view.get('state', storageRootKey(address)));
}

interface Wanted {
  readonly classes: readonly Felt[];
  readonly contracts: readonly Felt[];
  readonly storage: readonly { readonly address: Felt; readonly keys: readonly Felt[] }[];
}

function parseWanted(params: RpcParams): Wanted {
  const budget = { left: KEYS_MAX };
  const keys = (value: unknown, path: string): readonly Felt[] => {
    if (isAbsent(value)) return [];
    spend(budget, Array.isArray(value) ? value.length : 0);
    return parseListArgument(value, path, parseTrieKey);
  };
  const classes = keys(params.class_hashes, 'class_hashes');
  const contracts = keys(params.contract_addresses, 'contract_addresses');
  const entries = isAbsent(params.contracts_storage_keys) ? [] : params.contracts_storage_keys;
  spend(budget, Array.isArray(entries) ? entries.length : 0);
  const storage = parseListArgument(entries, 'contracts_storage_keys', (value, path) => {
    const entry = parseObjectArgument(value, path);
    if (isAbsent(entry.storage_keys)) throw invalidParams(`${path}.storage_keys`, 'a list');
    return {
      address: parseTrieKey(entry.contract_address, `${path}.contract_address`),
      keys: keys(entry.storage_keys, `${path}.storage_keys`),
    };
  });
  return { classes, contracts, storage };
}

/** The specification has no error for too much being asked: it is the parameters that are wrong. */
function spend(budget: { left: number }, keys: number): void {
  budget.left -= keys;
  if (budget.left < 0) throw invalidParams('all keys', `at most ${KEYS_MAX} classes, contracts and storage keys`);
}

/** What a trie can hold, or show that it does not. */
function parseTrieKey(value: unknown, path: string): Felt {
  const key = parseFeltArgument(value, path);
  if ((key[0] as number) >= 8) throw invalidParams(path, 'a felt below 2^251'); // a felt has 32 bytes
  return key;
}

/** Keys of one request; a proof has at most 251 nodes a key. @see Pathfinder, `get_storage_proof.rs`, 100 keys */
const KEYS_MAX = 100;
