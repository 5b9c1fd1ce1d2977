import { equalBytes, toHex } from '../../lib/index.ts';
import { argument, checkLeaves, checkRequest } from '../range/check-claim.ts';
import { proofInvalid } from '../range/errors.ts';
import { isAtOrBehind, type KeyInterval } from '../range/key-interval.ts';
import type { RangeClaim, RangeProofVerifier, VerifiedRange } from '../range/range-proof-verifier.ts';
import { type KeccakFunctions, toKeccakInto } from './keccak.ts';
import { type HexaryNode, hashOf } from './node.ts';
import { below, type Place, pathText, rootPlace } from './place.ts';
import { decodeProofNode, indexProof, type ProofNodes, type RangeProofLimits } from './proof-nodes.ts';
import { Spine } from './spine.ts';
import { KEY_BYTES_MAX } from './stack-trie.ts';

export interface RangeProofInput extends RangeClaim<Uint8Array>, KeccakFunctions {
  readonly limits?: RangeProofLimits;
  /** Memory lent for the call, as in `StackTrieOptions`; at least `stackTrieBytes` of the key length. */
  readonly scratch?: Uint8Array;
}

/**
 * Verifies that `keys` and `values` are exactly the leaves of a keccak Merkle-Patricia trie in `[start, last key]`;
 * without keys, that it has none in `[start, end)`.
 *
 * The trie is put together again from what the proof shows outside of the interval, as closed subtrees known by
 * their references, and from the leaves inside; it must come out with the root. What the proof shows inside is thrown
 * away unread. So a node of the proof can say nothing about the leaves, and one that is forged is never reached, since
 * nodes are found by their own hash from the root down. A leaf too many, too few or changed gives another root.
 *
 * @returns `more`: whether leaves follow the last one, before `end`. Read from the same subtrees, so it is as sure.
 * @throws {SynclineError} As `RangeProofVerifier.verify`; with `expected` and `got`.
 * @see go-ethereum `trie/proof.go` `VerifyRangeProof` at 02b73d4ea7, which cuts and refills a partial trie instead;
 *   coreth sync README, "Syncing state".
 */
export function verifyRangeProof(input: RangeProofInput): VerifiedRange {
  const keyLength = input.start.length;
  if (keyLength < 1 || keyLength > KEY_BYTES_MAX) {
    throw argument('the start is not a key', { expected: `1 to ${KEY_BYTES_MAX} bytes`, got: keyLength });
  }
  checkRequest(input, keyLength);
  const interval = checkLeaves(input, keyLength);
  const limits = { proofNodesMax: 4 * keyLength + 2, proofBytesMax: PROOF_BYTES_MAX, ...input.limits };
  const nodes = indexProof(input.proof, input.keccak, limits);
  const spine = new Spine({ keyLength, keccakInto: toKeccakInto(input), onNode: undefined, scratch: input.scratch });
  let more = false;
  let filled = false;
  const fill = () => {
    if (filled) return;
    filled = true;
    for (const [i, key] of input.keys.entries()) spine.addLeaf(key, input.values[i] as Uint8Array); // As many values.
  };
  const walk = new EdgeWalk(nodes, interval, ({ side, place, bottom }) => {
    if (side === 'right') {
      fill();
      more ||= input.end === undefined || !isAtOrBehind(bottom.path, 4 * bottom.depth, input.end);
    }
    spine.addSubtree(place.path, place.depth, place.reference.encoded);
  });
  const top = rootPlace(input.root, keyLength);
  // Without a proof the leaves must be everything.
  if (top !== null && input.proof.length > 0) walk.visit(top);
  fill();
  const got = spine.root();
  if (!equalBytes(got, input.root)) throw proofInvalid('leaves and proof make another root', input.root, got);
  return { more };
}

/** The keccak trie behind the interface all provable tries share. Its key length is that of `start`. */
export function createHexaryRangeVerifier(
  options: Omit<RangeProofInput, keyof RangeClaim<Uint8Array>>,
): RangeProofVerifier<Uint8Array> {
  return { verify: (claim) => verifyRangeProof({ ...claim, ...options }) };
}

/** A part of the trie that lies wholly beside the interval. */
interface ClosedSubtree {
  readonly side: 'left' | 'right';
  readonly place: Place;
  /** How far down its only way leads: to its own place, or, for an extension or a leaf, to the end of that. */
  readonly bottom: Place;
}

/** Walks the nodes across the edges of the interval, and hands out the subtrees beside it in key order. */
class EdgeWalk {
  private readonly nodes: ProofNodes;
  private readonly interval: KeyInterval;
  private readonly take: (subtree: ClosedSubtree) => void;

  constructor(nodes: ProofNodes, interval: KeyInterval, take: (subtree: ClosedSubtree) => void) {
    this.nodes = nodes;
    this.interval = interval;
    this.take = take;
  }

  visit(place: Place): void {
    const side = this.interval.sideOf(place.path, 4 * place.depth);
    if (side === 'inside') return;
    if (side !== 'straddling') {
      this.take({ side, place, bottom: place });
      return;
    }
    const node = this.resolve(place);
    if (node.type !== 'branch') {
      this.visitShort(place, node);
      return;
    }
    // A path of full length never straddles, so there is room for one more nibble.
    for (const [nibble, child] of node.children.entries()) {
      if (child !== null) this.visit(below(place, [nibble], child));
    }
  }

  /** An extension or a leaf whose path may turn away from the edge: then it is a subtree beside it as a whole. */
  private visitShort(place: Place, node: Exclude<HexaryNode, { type: 'branch' }>): void {
    const full = 2 * place.path.length;
    const depth = place.depth + node.path.length;
    if (node.type === 'leaf' ? depth !== full : depth >= full) {
      throw proofInvalid(`a node of type ${node.type} does not fit the key length`, full, depth);
    }
    const bottom = below(place, node.path, node.type === 'leaf' ? place.reference : node.child);
    const side = this.interval.sideOf(bottom.path, 4 * bottom.depth);
    if (side === 'straddling')
      this.visit(bottom); // An extension: a leaf has full length.
    else if (side !== 'inside') this.take({ side, place, bottom });
  }

  private resolve(place: Place): HexaryNode {
    const { reference } = place;
    if (reference.type === 'inline') return decodeProofNode(reference.encoded);
    const hash = toHex(hashOf(reference));
    const node = this.nodes.get(hash);
    if (node !== undefined) return node;
    throw proofInvalid(`the node at path '${pathText(place)}' is missing`, hash, null);
  }
}

/** See `RangeProofLimits`. */
const PROOF_BYTES_MAX = 256 * 1024;
