import { compareBytes, toHex } from '../../lib/index.ts';
import { argument } from '../range/check-claim.ts';
import { compareHeads, isAtOrBehind } from '../range/key-interval.ts';
import type { ProvenRange, RangeRequest } from '../range/range-proof-verifier.ts';
import { type HexaryNode, hashOf } from './node.ts';
import { below, nibbleAt, type Place, rootPlace } from './place.ts';
import { loadNode, type StoredNode, type StoredTrie } from './stored-trie.ts';

export interface HexaryRangeRequest extends StoredTrie, RangeRequest {
  /** Leaves to return, at most; from 1. */
  readonly leavesMax: number;
}

/**
 * Up to `leavesMax` leaves of `[start, end)` from the first, with the proof that they are all there are up to the
 * last of them. `more` here says exactly whether leaves before `end` were left out.
 *
 * @returns Proof nodes as `proveHexaryKeys` gives them. A server leaves them out when it has sent the whole trie.
 * @throws {SynclineError} `RANGE_ARGUMENT` (`caller`); `TRIE_NODE_MISSING`, `TRIE_NODE_CORRUPT` (`local`).
 */
export function proveRange(request: HexaryRangeRequest): ProvenRange<Uint8Array> {
  const { start, end, leavesMax } = request;
  if (!Number.isInteger(leavesMax) || leavesMax < 1) {
    throw argument('the limit of leaves is not an integer from 1', { expected: 1, got: leavesMax });
  }
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  let more = false;
  for (const { key, value } of readHexaryLeaves(request)) {
    more = keys.length === leavesMax;
    if (more) break;
    keys.push(key);
    values.push(value);
  }
  const last = keys.at(-1) ?? end;
  return { keys, values, proof: proveHexaryKeys(request, last === undefined ? [start] : [start, last]), more };
}

/**
 * The nodes on the way to each key, from the root to its leaf, or, when it is absent, to the node that shows so.
 * Each node once; those that stand inside their parents are part of them.
 * @returns In the order they are met. The buffers are the caller's to keep.
 * @throws {SynclineError} `TRIE_NODE_MISSING`, `TRIE_NODE_CORRUPT` (fault `local`).
 */
export function proveHexaryKeys({ reader, root }: StoredTrie, keys: readonly Uint8Array[]): Uint8Array[] {
  const proof = new Map<string, Uint8Array>();
  for (const key of keys) {
    let place = rootPlace(root, key.length);
    while (place !== null) {
      const { encoded, node }: StoredNode = loadNode(reader, place);
      if (place.reference.type === 'hash') proof.set(toHex(hashOf(place.reference)), encoded);
      place = stepTowards(key, place, node);
    }
  }
  return [...proof.values()];
}

/** As `proveHexaryKeys`, for one key. */
export function proveHexaryKey(trie: StoredTrie, key: Uint8Array): Uint8Array[] {
  return proveHexaryKeys(trie, [key]);
}

/** The child on the way to `key`; null where the way ends. */
function stepTowards(key: Uint8Array, place: Place, node: HexaryNode): Place | null {
  if (node.type === 'leaf') return null;
  if (node.type === 'branch') {
    const nibble = nibbleAt(key, place.depth);
    const child = node.children[nibble] ?? null;
    return child === null ? null : below(place, [nibble], child);
  }
  const child = below(place, node.path, node.child);
  return compareHeads(child.path, key, 4 * child.depth) === 0 ? child : null;
}

/** One leaf of a stored trie. The buffers are the caller's to keep. */
export interface HexaryLeaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * The leaves of `[start, end)` in key order, read from the store as they are asked for. A server with a budget stops
 * when that is used up and proves what it has by `proveHexaryKeys` of `start` and the last key.
 * @throws {SynclineError} `TRIE_NODE_MISSING`, `TRIE_NODE_CORRUPT` (fault `local`).
 */
export function* readHexaryLeaves({
  reader,
  root,
  start,
  end,
}: StoredTrie & RangeRequest): Generator<HexaryLeaf, void> {
  const pending: Place[] = [];
  for (let place = rootPlace(root, start.length); place !== null; place = pending.pop() ?? null) {
    // What is still pending lies further right.
    if (end !== undefined && isAtOrBehind(place.path, 4 * place.depth, end)) return;
    if (compareHeads(place.path, start, 4 * place.depth) < 0) continue;
    const { node } = loadNode(reader, place);
    if (node.type === 'leaf') {
      const key = below(place, node.path, place.reference).path;
      if (end !== undefined && compareBytes(key, end) >= 0) return;
      if (compareBytes(key, start) >= 0) yield { key, value: new Uint8Array(node.value) };
    } else {
      pending.push(...childrenOf(place, node));
    }
  }
}

/** From the last to the first. */
function childrenOf(place: Place, node: Exclude<HexaryNode, { type: 'leaf' }>): Place[] {
  if (node.type === 'extension') return [below(place, node.path, node.child)];
  const children: Place[] = [];
  for (let nibble = node.children.length - 1; nibble >= 0; nibble--) {
    const child = node.children[nibble] ?? null;
    if (child !== null) children.push(below(place, [nibble], child));
  }
  return children;
}
