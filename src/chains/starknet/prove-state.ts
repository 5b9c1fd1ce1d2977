import { createFeltHasher, type FeltHasher } from '../../crypto/index.ts';
import { equalBytes, isZeroBytes, SynclineError } from '../../lib/index.ts';
import { type PairHasher, type ProofNode, verifyProof } from '../../trie/index.ts';
import { feltFromBytes, feltToBigint, feltToHex, parseFelt } from './felt.ts';
import { VERSION_STATE_ALWAYS_COMBINED } from './params.ts';
import { contractStateHash, STATE_TRIE_HEIGHT, stateRoot } from './rules/index.ts';
import type { Felt } from './types.ts';
import type { ProvenState, StorageProofQuery } from './verify-storage-proof.ts';
import { type HintedNodes, parseStorageProof, type StorageProofAnswer } from './wire/index.ts';

/** `verifyStorageProof`, at once. @param hasher By default one that the first call makes, and that is kept. */
export function proveState(answer: unknown, query: StorageProofQuery, hasher: FeltHasher = ownHasher()): ProvenState {
  const trusted = queryFelt(query.stateRoot, 'stateRoot');
  const address = queryKey(query.contractAddress, 'contractAddress');
  const storageKeys = queryKeys(query.storageKeys, 'storageKeys');
  const classHashes = queryKeys(query.classHashes, 'classHashes');
  const proof = parseStorageProof(answer, { classes: classHashes.length, storageKeys: storageKeys.length });

  requireStateRoot(hasher, proof, trusted);
  const pedersen: PairHasher = (left, right) => hasher.pedersen(left, right);
  const poseidon: PairHasher = (left, right) => hasher.poseidon(left, right);
  const leaf = provenLeaf({ hash: pedersen, root: proof.contractsRoot, nodes: proof.contractNodes }, address);
  requireEqual(contractStateHash(hasher, proof.contract), leaf, 'the data of the contract are not those of its leaf');
  const storage = { hash: pedersen, root: proof.contract.storageRoot, nodes: proof.storageNodes };
  const classes = { hash: poseidon, root: proof.classesRoot, nodes: proof.classNodes };
  return {
    contract: isZeroBytes(leaf) ? null : proof.contract,
    values: storageKeys.map((key) => provenLeaf(storage, key)),
    classLeaves: classHashes.map((key) => provenLeaf(classes, key)),
  };
}

function requireStateRoot(hasher: FeltHasher, proof: StorageProofAnswer, trusted: Felt): void {
  const roots = { contracts: proof.contractsRoot, classes: proof.classesRoot };
  // Neither form can be mistaken for the other: they are hashes of different functions, or zero.
  const alone = stateRoot(hasher, roots, OLDEST_VERSION);
  if (equalBytes(alone, trusted)) return;
  const combined = stateRoot(hasher, roots, VERSION_STATE_ALWAYS_COMBINED);
  requireEqual(combined, trusted, 'the roots of contracts and classes are not those of the state root');
}

/** A trie of the answer. */
interface ClaimedTrie {
  readonly hash: PairHasher;
  readonly root: Felt;
  readonly nodes: HintedNodes;
}

function provenLeaf({ hash, root, nodes }: ClaimedTrie, key: Felt): Felt {
  const path = pathTo(key, root, nodes);
  // What a node of the proof holds has been parsed as a felt.
  return verifyProof({ hash, root, height: STATE_TRIE_HEIGHT, key, nodes: path }) as Felt;
}

/** Follows the claimed hashes from the root towards a key, to its leaf, an edge that leads past it, or a gap. */
function pathTo(key: Felt, root: Felt, nodes: HintedNodes): readonly ProofNode[] {
  const bits = toBits(key, STATE_TRIE_HEIGHT);
  const path: ProofNode[] = [];
  let hash: Uint8Array = root;
  for (let depth = 0; depth < STATE_TRIE_HEIGHT; ) {
    const node = nodes.get(feltToHex(hash));
    if (node === undefined) break;
    path.push(node);
    if (node.type === 'binary') {
      hash = bits[depth] === '0' ? node.left : node.right;
      depth++;
    } else {
      if (!bits.startsWith(toBits(node.path, node.length), depth)) break;
      hash = node.child;
      depth += node.length; // at least 1
    }
  }
  return path;
}

function toBits(felt: Uint8Array, length: number): string {
  return feltToBigint(felt).toString(2).padStart(length, '0');
}

function requireEqual(got: Felt, expected: Felt, reason: string): void {
  if (equalBytes(got, expected)) return;
  throw new SynclineError('PROOF_INVALID', 'peer', `storage proof is invalid: ${reason}`, {
    data: { reason, expected: feltToHex(expected), got: feltToHex(got) },
  });
}

function queryKeys(values: readonly (Felt | string)[] = [], name: string): readonly Felt[] {
  if (!Array.isArray(values) || values.length > QUERY_KEYS_MAX) {
    const got = Array.isArray(values) ? `a list of ${values.length}` : typeof values;
    throw invalidQuery(name, `a list of at most ${QUERY_KEYS_MAX}`, got);
  }
  return values.map((value, index) => queryKey(value, `${name}[${index}]`));
}

function queryKey(value: Felt | string, path: string): Felt {
  const key = queryFelt(value, path);
  if ((key[0] as number) >= 8) throw invalidQuery(path, 'a felt below 2^251', feltToHex(key)); // a felt has 32 bytes
  return key;
}

function queryFelt(value: Felt | string, path: string): Felt {
  try {
    return value instanceof Uint8Array ? feltFromBytes(value) : parseFelt(value);
  } catch (cause) {
    throw invalidQuery(path, 'a felt, as 32 bytes or 0x hex', String(value).slice(0, 80), cause);
  }
}

function invalidQuery(path: string, expected: string, got: string, cause?: unknown): SynclineError {
  const message = `the query of a storage proof is invalid at ${path}`;
  return new SynclineError('PROOF_QUERY_INVALID', 'caller', message, { data: { path, expected, got }, cause });
}

function ownHasher(): FeltHasher {
  keptHasher ??= createFeltHasher();
  return keptHasher;
}

/** Made once; nothing that it was asked before changes what it answers. */
let keptHasher: FeltHasher | null = null;

/** Headers had no version then. */
const OLDEST_VERSION = '';
/** Servers take some 100 a request. */
const QUERY_KEYS_MAX = 1_000;
