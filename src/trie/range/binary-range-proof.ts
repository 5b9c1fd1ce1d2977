import { equalBytes, toHex } from '../../lib/index.ts';
import { Arena } from '../arena.ts';
import { requireHeight } from '../arguments.ts';
import { KEY_BITS, setBit, writePath } from '../bits.ts';
import { FELT_BYTES, isCanonicalFelt, isZeroFelt, zeroFelt } from '../felts.ts';
import { collectUnhashed, hashLevels, type PairHasher } from '../hash-levels.ts';
import { NONE, type NodeRef, Nodes } from '../node.ts';
import type { ProofNode } from '../proof.ts';
import { type BinaryProofNodes, indexBinaryProof } from './binary-proof-nodes.ts';
import { argument, checkLeaves, checkRequest, malformed } from './check-claim.ts';
import { proofInvalid } from './errors.ts';
import { type BinaryItem, joinItems } from './join-items.ts';
import { compareHeads, isAtOrBehind, type KeyInterval } from './key-interval.ts';
import type { RangeClaim, RangeProofVerifier, VerifiedRange } from './range-proof-verifier.ts';

/** The trie whose ranges are verified. */
export interface BinaryRangeOptions {
  /** The trie's hash. Called once for all nodes of a proof, then once per level of the trie. */
  readonly hash: PairHasher;
  /** Bits of a key that count, 1 to 251. */
  readonly height: number;
  /** Nodes of a proof, at most. Default: two paths from the root to a leaf, 2 · height. */
  readonly proofNodesMax?: number;
}

/**
 * Verifies that `keys` and `values` are exactly the leaves of a binary Patricia trie in `[start, last key]`; without
 * keys, that it has none in `[start, end)`. Keys and values have 32 bytes; a value is a felt and not zero.
 *
 * The same method as `verifyRangeProof` for the keccak trie: subtrees beside the interval, known by their hashes from
 * the proof, and the leaves inside it are joined to a trie, which must come out with the root.
 *
 * @throws {SynclineError} As `RangeProofVerifier.verify`; `TRIE_ARGUMENT` (fault `caller`) for a height out of bounds.
 * @see Starknet documentation, "Merkle-Patricia trie".
 */
export function verifyBinaryRange(claim: RangeClaim<ProofNode>, options: BinaryRangeOptions): VerifiedRange {
  const { hash, height, proofNodesMax = 2 * height } = options;
  requireHeight(height);
  checkRequest(claim, FELT_BYTES);
  for (const bound of claim.end === undefined ? [claim.start] : [claim.start, claim.end]) {
    if (isBelow(bound, height)) continue;
    throw argument('a bound is no key', { expected: `below 2^${height}`, got: toHex(bound) });
  }
  const interval = checkLeaves(claim, FELT_BYTES);
  // Keys ascend, so the last is enough.
  const last = claim.keys.at(-1);
  if (last !== undefined && !isBelow(last, height)) {
    throw malformed('a key is too large', { expected: `below 2^${height}`, got: toHex(last) });
  }
  requireFelts(claim.values);
  const arena = new Arena(FELT_BYTES * 4 * (claim.keys.length + claim.proof.length + 1));
  const nodes = new Nodes(arena);
  const proven = indexBinaryProof(nodes, claim.proof, { hash, height, proofNodesMax });
  const walk = new EdgeWalk(nodes, proven, interval, claim.end, height);
  // Without a proof the leaves must be everything.
  if (claim.proof.length > 0) walk.visit(zeroFelt(), 0, arena.add(claim.root));
  const leavesAt = arena.addAll(claim.values);
  const leaves = claim.keys.map((key, i): BinaryItem => ({ key, depth: height, hashAt: leavesAt + i * FELT_BYTES }));
  const got = rootOf(nodes, options, [...walk.left, ...leaves, ...walk.right]);
  if (!equalBytes(got, claim.root)) throw proofInvalid('leaves and proof make another root', claim.root, got);
  return { more: walk.more };
}

/** The binary trie behind the interface all provable tries share. */
export function createBinaryRangeVerifier(options: BinaryRangeOptions): RangeProofVerifier<ProofNode> {
  return { verify: (claim) => verifyBinaryRange(claim, options) };
}

function rootOf(nodes: Nodes, { hash, height }: BinaryRangeOptions, items: readonly BinaryItem[]): Uint8Array {
  const root = joinItems(nodes, height, items);
  if (root === NONE) return zeroFelt();
  const levels: NodeRef[][] = [];
  collectUnhashed(nodes, root, levels);
  hashLevels(nodes, hash, levels);
  return nodes.hashOf(root);
}

function isBelow(key: Uint8Array, height: number): boolean {
  return compareHeads(key, zeroFelt(), KEY_BITS - height) === 0;
}

function requireFelts(values: readonly Uint8Array[]): void {
  for (const [index, value] of values.entries()) {
    if (value.length === FELT_BYTES && isCanonicalFelt(value) && !isZeroFelt(value)) continue;
    throw malformed('a value is no felt above zero', { index, expected: 'a felt of 32 bytes', got: toHex(value) });
  }
}

/** Walks the nodes across the edges of the interval, and collects the subtrees beside it in key order. */
class EdgeWalk {
  readonly left: BinaryItem[] = [];
  readonly right: BinaryItem[] = [];
  /** Whether a subtree to the right may hold a key before the end. */
  more = false;
  private readonly nodes: Nodes;
  private readonly proven: BinaryProofNodes;
  private readonly interval: KeyInterval;
  private readonly end: Uint8Array | undefined;
  private readonly height: number;

  constructor(
    nodes: Nodes,
    proven: BinaryProofNodes,
    interval: KeyInterval,
    end: Uint8Array | undefined,
    height: number,
  ) {
    this.nodes = nodes;
    this.proven = proven;
    this.interval = interval;
    this.end = end;
    this.height = height;
  }

  /** @param key The path to the node: `depth` bits of the trie, zeros behind them. Not changed afterwards. */
  visit(key: Uint8Array, depth: number, hashAt: number): void {
    if (this.take({ key, depth, hashAt }, key, depth)) return;
    const { nodes } = this;
    const node = this.resolve(hashAt, depth);
    const length = nodes.lengthOf(node);
    if (length === 0) {
      const right = new Uint8Array(key);
      setBit(right, this.position(depth), 1);
      this.visit(key, depth + 1, nodes.hashAt(nodes.leftOf(node)));
      this.visit(right, depth + 1, nodes.hashAt(nodes.rightOf(node)));
      return;
    }
    const bottom = depth + length;
    if (bottom > this.height) throw proofInvalid('an edge reaches below the leaves', this.height, bottom);
    const bottomKey = new Uint8Array(key);
    writePath(bottomKey, this.position(depth), nodes.pathOf(node), length);
    // An edge that turns away from the interval's is a subtree beside it as a whole.
    const isBeside = this.take({ key, depth, hashAt }, bottomKey, bottom);
    if (!isBeside) this.visit(bottomKey, bottom, nodes.hashAt(nodes.childOf(node)));
  }

  /**
   * Notes an item all of whose leaves lie under the first `bottom` bits of `bottomKey`, if that is beside the interval.
   * @returns Whether nothing remains to be looked at: inside, the leaves speak for themselves.
   */
  private take(item: BinaryItem, bottomKey: Uint8Array, bottom: number): boolean {
    const side = this.interval.sideOf(bottomKey, this.position(bottom));
    if (side === 'left') this.left.push(item);
    if (side === 'right') {
      this.right.push(item);
      this.more ||= this.end === undefined || !isAtOrBehind(bottomKey, this.position(bottom), this.end);
    }
    return side !== 'straddling';
  }

  private resolve(hashAt: number, depth: number): NodeRef {
    const hash = toHex(this.nodes.arena.view(hashAt, FELT_BYTES));
    const node = this.proven.get(hash);
    if (node !== undefined) return node;
    throw proofInvalid(`the node at depth ${depth} is missing`, hash, null);
  }

  private position(depth: number): number {
    return KEY_BITS - this.height + depth;
  }
}
