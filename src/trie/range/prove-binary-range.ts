import { toHex } from '../../lib/index.ts';
import { Arena } from '../arena.ts';
import { requireHeight, requireKey } from '../arguments.ts';
import { KEY_BITS, setBit, writePath } from '../bits.ts';
import { FELT_BYTES } from '../felts.ts';
import { NONE, type NodeRef, Nodes } from '../node.ts';
import { PAGE_BYTES_MAX } from '../page.ts';
import { PageSet, type TrieReader } from '../page-set.ts';
import { type ProofNode, proveKey } from '../proof.ts';
import { argument } from './check-claim.ts';
import { compareHeads, isAtOrBehind } from './key-interval.ts';
import type { ProvenRange, RangeRequest } from './range-proof-verifier.ts';

export interface BinaryRangeRequest extends RangeRequest {
  readonly reader: TrieReader;
  /** The trie's part of the key space, as in `TrieUpdate`. */
  readonly prefix: Uint8Array;
  /** Bits of a key that count, 1 to 251. */
  readonly height: number;
  /** Leaves to return, at most; from 1. */
  readonly leavesMax: number;
}

/**
 * Up to `leavesMax` leaves of `[start, end)` of a stored trie from the first, with the proof that they are all there
 * are up to the last of them. `more` here says exactly whether leaves before `end` were left out.
 *
 * @returns Proof nodes from the root down, those on the way to `start` first; none for an empty trie.
 * @throws {SynclineError} `RANGE_ARGUMENT`, `TRIE_ARGUMENT` (`caller`); `TRIE_PAGE_CORRUPT`, `TRIE_PAGE_MISSING`
 *   (`local`).
 */
export function proveBinaryRange(request: BinaryRangeRequest): ProvenRange<ProofNode> {
  const { reader, prefix, height, start, end, leavesMax } = request;
  requireHeight(height);
  for (const bound of end === undefined ? [start] : [start, end]) requireKey(bound, height);
  if (!Number.isInteger(leavesMax) || leavesMax < 1) {
    throw argument('the limit of leaves is not an integer from 1', { expected: 1, got: leavesMax });
  }
  const found = new LeafCollector(request).collect();
  const more = found.keys.length > leavesMax;
  const keys = found.keys.slice(0, leavesMax);
  const values = found.values.slice(0, leavesMax);
  const last = keys.at(-1) ?? end;
  const edges = last === undefined ? [start] : [start, last];
  // Once each: the two ways share their first nodes, and equal subtrees can stand anywhere.
  const proof = new Map<string, ProofNode>();
  for (const edge of edges) {
    for (const node of proveKey(reader, prefix, height, edge)) proof.set(textOf(node), node);
  }
  return { keys, values, proof: [...proof.values()], more };
}

function textOf(node: ProofNode): string {
  return node.type === 'binary'
    ? `${toHex(node.left)} ${toHex(node.right)}`
    : `${toHex(node.child)} ${toHex(node.path)} ${node.length}`;
}

/** A subtree still to be read. */
interface Place {
  readonly ref: NodeRef;
  /** The path to it, zeros behind `depth` bits. */
  readonly key: Uint8Array;
  readonly depth: number;
}

/** Reads leaves in key order, one more than asked for, so that it shows whether there are more. */
class LeafCollector {
  private readonly request: BinaryRangeRequest;
  private readonly nodes = new Nodes(new Arena(4 * PAGE_BYTES_MAX));
  private readonly pages: PageSet;
  private readonly keys: Uint8Array[] = [];
  private readonly values: Uint8Array[] = [];

  constructor(request: BinaryRangeRequest) {
    this.request = request;
    this.pages = new PageSet(this.nodes).open(request.reader, request.prefix, request.height);
  }

  collect(): { readonly keys: Uint8Array[]; readonly values: Uint8Array[] } {
    const { start, end, leavesMax } = this.request;
    const root = this.pages.loadRoot();
    const pending: Place[] = root === NONE ? [] : [{ ref: root, key: new Uint8Array(FELT_BYTES), depth: 0 }];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      const { ref, key, depth } = place;
      // What is still pending lies further right.
      if (this.keys.length > leavesMax || (end !== undefined && isAtOrBehind(key, this.position(depth), end))) break;
      if (compareHeads(key, start, this.position(depth)) < 0) continue;
      if (depth === this.request.height) {
        this.keys.push(key);
        this.values.push(this.nodes.hashOf(ref));
      } else {
        pending.push(...this.below(ref < 0 ? this.pages.load(key, depth, ref) : ref, place));
      }
    }
    return { keys: this.keys, values: this.values };
  }

  /** The subtrees below an inner node, from the last to the first. */
  private below(node: NodeRef, { key, depth }: Place): Place[] {
    const { nodes } = this;
    const other = new Uint8Array(key);
    const length = nodes.lengthOf(node);
    if (length === 0) {
      setBit(other, this.position(depth), 1);
      return [
        { ref: nodes.rightOf(node), key: other, depth: depth + 1 },
        { ref: nodes.leftOf(node), key, depth: depth + 1 },
      ];
    }
    writePath(other, this.position(depth), nodes.pathOf(node), length);
    return [{ ref: nodes.childOf(node), key: other, depth: depth + length }];
  }

  private position(depth: number): number {
    return KEY_BITS - this.request.height + depth;
  }
}
