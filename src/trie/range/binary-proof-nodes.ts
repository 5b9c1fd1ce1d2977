import { toHex } from '../../lib/index.ts';
import { startsPath } from '../bits.ts';
import { FELT_BYTES, isCanonicalFelt, isZeroFelt } from '../felts.ts';
import { hashLevels, type PairHasher } from '../hash-levels.ts';
import { hashed, type NodeRef, type Nodes, pathBytes } from '../node.ts';
import type { ProofNode } from '../proof.ts';
import { proofInvalid, rangeError } from './errors.ts';

/** The nodes of a proof by their own hash, in hex: so no node can be reached but through the hash its parent names. */
export type BinaryProofNodes = ReadonlyMap<string, NodeRef>;

/**
 * Checks the nodes of a proof, adds them to `nodes` and hashes them as one batch.
 * @throws {SynclineError} `RANGE_PROOF_OVERSIZE`, `RANGE_PROOF_INVALID` (fault `peer`), both before anything is hashed
 *   but for a node that comes twice.
 */
export function indexBinaryProof(
  nodes: Nodes,
  proof: readonly ProofNode[],
  { hash, height, proofNodesMax }: { hash: PairHasher; height: number; proofNodesMax: number },
): BinaryProofNodes {
  if (proof.length > proofNodesMax) {
    const data = { unit: 'nodes', expected: proofNodesMax, got: proof.length };
    throw rangeError('RANGE_PROOF_OVERSIZE', 'peer', 'range proof has more nodes than allowed', data);
  }
  const own = proof.map((node) => addNode(nodes, node, height));
  hashLevels(nodes, hash, [own]);
  const byHash = new Map<string, NodeRef>();
  for (const node of own) {
    const text = toHex(nodes.hashOf(node));
    if (byHash.has(text)) throw proofInvalid('a node comes twice', 'each node once', text);
    byHash.set(text, node);
  }
  return byHash;
}

function addNode(nodes: Nodes, node: ProofNode, height: number): NodeRef {
  const { arena } = nodes;
  if (node.type === 'binary') {
    requireHash(node.left);
    requireHash(node.right);
    return nodes.addBinary(hashed(arena.add(node.left)), hashed(arena.add(node.right)));
  }
  requireHash(node.child);
  requirePath(node.path, node.length, height);
  const child = hashed(arena.add(node.child));
  const pathAt = arena.add(node.path.subarray(FELT_BYTES - pathBytes(node.length)));
  return nodes.addEdge(child, node.length, pathAt);
}

/** Zero would be an absent child, which a binary node and an edge never have. */
function requireHash(felt: Uint8Array): void {
  if (felt.length === FELT_BYTES && isCanonicalFelt(felt) && !isZeroFelt(felt)) return;
  throw proofInvalid('a node refers to no hash', 'a felt of 32 bytes above zero', felt.subarray(0, 2 * FELT_BYTES));
}

/** A length of 0 must not pass: an edge of no bits would have the hash of a binary node. */
function requirePath(path: Uint8Array, length: number, height: number): void {
  if (!Number.isInteger(length) || length < 1 || length > height) {
    throw proofInvalid('an edge has an impossible length', `1 to ${height}`, length);
  }
  const start = FELT_BYTES - pathBytes(length);
  const isPath = path.length === FELT_BYTES && path.subarray(0, start).every((byte) => byte === 0);
  if (isPath && startsPath(path, start, length)) return;
  throw proofInvalid('a path has bits beyond its length', `below 2^${length}`, path.subarray(0, 2 * FELT_BYTES));
}
