import { KEY_BITS } from './bits.ts';
import { copyFelt, putPath } from './build-keys.ts';
import type { FlatNodes } from './build-nodes.ts';
import { addLength, FELT_BYTES } from './felts.ts';
import { hashPairs, type PairHasher } from './hash-levels.ts';

/**
 * Hashes all nodes that have a level, lowest first, over all tries: what is at one level depends on none of the same.
 * @returns How many there were.
 * @throws {SynclineError} `TRIE_INVARIANT` (fault `bug`) if the hasher answers with another length.
 */
export function hashNodes(nodes: FlatNodes, hash: PairHasher): number {
  const { order, ends } = sortByLevel(nodes.level);
  const batch = new BatchHasher(nodes, hash, Math.min(order.length, BATCH_PAIRS));
  let start = 0;
  for (const end of ends) {
    for (; start < end; start += BATCH_PAIRS) batch.run(order.subarray(start, Math.min(start + BATCH_PAIRS, end)));
    start = end;
  }
  return order.length;
}

/** Pairs handed to the hasher at once: what its kernels take, so more only costs cache. */
const BATCH_PAIRS = 2048;

/** The nodes from level 1 up, sorted by level, and where in that order each level ends. */
function sortByLevel(levels: Uint8Array): { readonly order: Int32Array; readonly ends: readonly number[] } {
  const counts = new Int32Array(KEY_BITS);
  for (const level of levels) counts[level] = (counts[level] as number) + 1;
  counts[0] = 0;
  const next = new Int32Array(KEY_BITS);
  const ends: number[] = [];
  let total = 0;
  for (const [level, count] of counts.entries()) {
    next[level] = total;
    total += count;
    if (count > 0) ends.push(total);
  }
  const order = new Int32Array(total);
  for (let node = 0; node < levels.length; node++) {
    const level = levels[node] as number; // node < length
    if (level === 0) continue;
    const at = next[level] as number; // A level is a byte, and there are 256.
    order[at] = node;
    next[level] = at + 1;
  }
  return { order, ends };
}

/** Gathers the inputs of a batch into two buffers that all batches share, and spreads what comes back. */
class BatchHasher {
  private readonly nodes: FlatNodes;
  private readonly hash: PairHasher;
  private readonly left: Uint8Array;
  private readonly right: Uint8Array;
  private readonly leftView: DataView;
  private readonly rightView: DataView;

  constructor(nodes: FlatNodes, hash: PairHasher, pairsMax: number) {
    this.nodes = nodes;
    this.hash = hash;
    this.left = new Uint8Array(pairsMax * FELT_BYTES);
    this.right = new Uint8Array(pairsMax * FELT_BYTES);
    this.leftView = new DataView(this.left.buffer);
    this.rightView = new DataView(this.right.buffer);
  }

  run(batch: Int32Array): void {
    const size = batch.length * FELT_BYTES;
    this.right.fill(0, 0, size);
    this.gather(batch);
    this.spread(batch, hashPairs(this.hash, this.left.subarray(0, size), this.right.subarray(0, size)));
  }

  private gather(batch: Int32Array): void {
    const { nodes, leftView, rightView } = this;
    const { feltView } = nodes;
    let at = 0;
    for (const node of batch) {
      const end = nodes.endOf(node);
      if (end === node) {
        copyFelt(feltView, nodes.leftOf(node) * FELT_BYTES, leftView, at);
        copyFelt(feltView, nodes.rightOf(node) * FELT_BYTES, rightView, at);
      } else {
        const keyAt = nodes.leafOf(node) * FELT_BYTES;
        copyFelt(feltView, end * FELT_BYTES, leftView, at);
        putPath(nodes.keys, keyAt, nodes.positionOf(node), nodes.positionOf(end), rightView, at + FELT_BYTES);
      }
      at += FELT_BYTES;
    }
  }

  private spread(batch: Int32Array, hashes: Uint8Array): void {
    const { nodes } = this;
    const hashView = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength);
    let at = 0;
    for (const node of batch) {
      const end = nodes.endOf(node);
      copyFelt(hashView, at, nodes.feltView, node * FELT_BYTES);
      if (end !== node) addLength(nodes.felts, node * FELT_BYTES, nodes.positionOf(end) - nodes.positionOf(node));
      at += FELT_BYTES;
    }
  }
}
