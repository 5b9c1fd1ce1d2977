import { toHex } from '../../lib/index.ts';
import { proofInvalid, rangeError } from '../range/errors.ts';
import { decodeNode, type HexaryNode } from './node.ts';

/** Bounds on a proof. */
export interface RangeProofLimits {
  /**
   * Nodes, at most. Default: two paths from the root to a leaf, 4 · key length + 2. Nodes beside the paths are no
   * error as long as they fit: servers may send neighbours.
   */
  readonly proofNodesMax?: number;
  /** Bytes of all nodes together. Default 256 KiB; chosen: honest proofs of account tries have about 8 KiB. */
  readonly proofBytesMax?: number;
}

/** The nodes of a proof by their own hash, in hex: so no node can be reached but through the hash its parent names. */
export type ProofNodes = ReadonlyMap<string, HexaryNode>;

/**
 * Decodes and hashes the nodes of a proof.
 * @throws {SynclineError} `RANGE_PROOF_OVERSIZE` before anything is hashed; `RANGE_PROOF_INVALID` for a node that does
 *   not decode or comes twice (all fault `peer`).
 */
export function indexProof(
  proof: readonly Uint8Array[],
  keccak: (bytes: Uint8Array) => Uint8Array,
  { proofNodesMax, proofBytesMax }: Required<RangeProofLimits>,
): ProofNodes {
  requireAtMost('nodes', proofNodesMax, proof.length);
  requireAtMost(
    'bytes',
    proofBytesMax,
    proof.reduce((sum, node) => sum + node.length, 0),
  );
  const nodes = new Map<string, HexaryNode>();
  for (const encoded of proof) {
    const node = decodeProofNode(encoded);
    const hash = toHex(keccak(encoded));
    if (nodes.has(hash)) throw proofInvalid('a node comes twice', 'each node once', hash);
    nodes.set(hash, node);
  }
  return nodes;
}

function requireAtMost(unit: string, expected: number, got: number): void {
  if (got <= expected) return;
  const message = `range proof has more ${unit} than allowed`;
  throw rangeError('RANGE_PROOF_OVERSIZE', 'peer', message, { unit, expected, got });
}

/** Decodes a node a peer sent. @throws {SynclineError} `RANGE_PROOF_INVALID` (fault `peer`). */
export function decodeProofNode(encoded: Uint8Array): HexaryNode {
  try {
    return decodeNode(encoded);
  } catch (error) {
    throw proofInvalid('a node does not decode', 'a trie node', encoded.subarray(0, SHOWN_BYTES), error);
  }
}

/** As much of a broken node as an error shows. */
const SHOWN_BYTES = 64;
