import type { ProofNode } from '../../../trie/index.ts';
import { FELT_ZERO, feltToHex, parseFelt } from '../felt.ts';
import type { Felt } from '../types.ts';
import {
  asObject,
  has,
  type JsonObject,
  malformed,
  type Place,
  placeOf,
  readCount,
  readEach,
  readFelt,
  readFeltOrNull,
  readObject,
  rootPlace,
} from './json-reader.ts';

/** An answer of `starknet_getStorageProof` for one contract: well-formed, and nothing of it proven. */
export interface StorageProofAnswer {
  readonly contractsRoot: Felt;
  readonly classesRoot: Felt;
  readonly classNodes: HintedNodes;
  readonly contractNodes: HintedNodes;
  /** Of all keys of the contract. */
  readonly storageNodes: HintedNodes;
  /** All zero where the answer says nothing of the contract. */
  readonly contract: ContractFields;
}

/** Nodes by the hash that the answer claims for them, as canonical text. */
export type HintedNodes = ReadonlyMap<string, ProofNode>;

/** What the contract's leaf is hashed from. */
export interface ContractFields {
  readonly classHash: Felt;
  readonly storageRoot: Felt;
  readonly nonce: Felt;
}

/** How many leaves were asked for, which bounds the answer. */
export interface StorageProofCounts {
  readonly classes: number;
  readonly storageKeys: number;
}

/**
 * Parses an answer for one contract: the method's result, alone or in its JSON-RPC envelope.
 *
 * Servers differ within the specification and beyond it, all of which is read: nodes come in any order, repeated, more
 * than needed; storage nodes in one list or one for each key (Pathfinder); `storage_root` is optional; a contract that
 * does not exist has zeros, null or no entry; empty lists may be null. `block_hash` is not read: no root covers it.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`).
 * @see Starknet JSON-RPC specification 0.8 to 0.10, `starknet_getStorageProof`
 */
export function parseStorageProof(json: unknown, counts: StorageProofCounts): StorageProofAnswer {
  const answer = asObject(json, PROOF);
  const result = has(answer, 'result') ? readObject(answer, 'result') : answer;
  const contracts = readObject(result, 'contracts_proof');
  const roots = readObject(result, 'global_roots');
  const storageNodes = readStorageNodes(result, Math.max(1, counts.storageKeys));
  return {
    contractsRoot: readFelt(roots, 'contracts_tree_root'),
    classesRoot: readFelt(roots, 'classes_tree_root'),
    classNodes: readNodes(result, 'classes_proof', Math.max(1, counts.classes)),
    contractNodes: readNodes(contracts, 'nodes', 1),
    storageNodes,
    contract: readContract(contracts, storageNodes),
  };
}

function readStorageNodes(result: JsonObject, keys: number): HintedNodes {
  const nodes = new Map<string, ProofNode>();
  let left = keys * PATH_NODES_MAX;
  readEach(result, 'contracts_storage_proofs', keys, (list, place) => {
    if (!Array.isArray(list)) throw malformed(place, 'a list', list);
    left -= list.length;
    if (left < 0) throw malformed(place, `at most ${PATH_NODES_MAX} nodes for each key`, list);
    for (const [index, item] of list.entries()) {
      const [hash, node] = asHintedNode(item, { parent: place, step: index });
      nodes.set(hash, node);
    }
  });
  return nodes;
}

function readNodes(object: JsonObject, key: string, leaves: number): HintedNodes {
  return new Map(readEach(object, key, leaves * PATH_NODES_MAX, asHintedNode));
}

/** @see Starknet JSON-RPC specification, `NODE_HASH_TO_NODE_MAPPING`, `MERKLE_NODE` */
function asHintedNode(value: unknown, place: Place): readonly [hash: string, node: ProofNode] {
  const item = asObject(value, place);
  const node = readObject(item, 'node');
  return [feltToHex(readFelt(item, 'node_hash')), has(node, 'child') ? readEdge(node) : readBinary(node)];
}

function readBinary(node: JsonObject): ProofNode {
  return { type: 'binary', left: readFelt(node, 'left'), right: readFelt(node, 'right') };
}

function readEdge(node: JsonObject): ProofNode {
  if (has(node, 'left') || has(node, 'right')) throw malformed(node.place, 'a binary node or an edge', 'both');
  const length = readCount(node, 'length');
  if (length < 1 || length > PATH_NODES_MAX) {
    throw malformed(placeOf(node, 'length'), `1 to ${PATH_NODES_MAX}`, length);
  }
  return { type: 'edge', child: readFelt(node, 'child'), path: readFelt(node, 'path'), length };
}

function readContract(contracts: JsonObject, storageNodes: HintedNodes): ContractFields {
  const [contract] = readEach(contracts, 'contract_leaves_data', 1, asContract);
  if (contract == null) return { classHash: FELT_ZERO, storageRoot: FELT_ZERO, nonce: FELT_ZERO };
  return { ...contract, storageRoot: contract.storageRoot ?? topOf(storageNodes) };
}

function asContract(value: unknown, place: Place) {
  if (value === null) return null;
  const leaf = asObject(value, place);
  return {
    classHash: readFelt(leaf, 'class_hash'),
    storageRoot: readFeltOrNull(leaf, 'storage_root'),
    nonce: readFelt(leaf, 'nonce'),
  };
}

/** The root by its nodes: the one hash that no other node names. Zero without nodes, and where there is no such hash. */
function topOf(nodes: HintedNodes): Felt {
  const below = new Set<string>();
  for (const node of nodes.values()) {
    for (const child of node.type === 'edge' ? [node.child] : [node.left, node.right]) below.add(feltToHex(child));
  }
  return parseFelt([...nodes.keys()].find((hash) => !below.has(hash)) ?? '0x0');
}

const PROOF = rootPlace('storage_proof');

/** Levels of every trie of the state, which are the most nodes and bits of one path. */
const PATH_NODES_MAX = 251;
