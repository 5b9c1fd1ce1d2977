import { requireHeight } from './arguments.ts';
import { KEY_BITS } from './bits.ts';
import { hashNodes } from './build-hashes.ts';
import { BUILD_LEAVES_MAX, LeafRun, requireSortedLeaves } from './build-leaves.ts';
import { FlatNodes } from './build-nodes.ts';
import { collectPages } from './build-pages.ts';
import { trieError } from './errors.ts';
import { FELT_BYTES } from './felts.ts';
import type { PairHasher } from './hash-levels.ts';
import type { TrieWrite } from './page-writer.ts';

export interface TrieBuilderOptions {
  /** The trie's own part of the key space, as in `TrieUpdate`. The store must hold no page under it. */
  readonly prefix: Uint8Array;
  /** Bits of a key that count, 1 to 251. */
  readonly height: number;
  /** Leaves to build from at once, 1 to 2^22; default 65,536. Memory is some 500 bytes for each. */
  readonly pieceLeaves?: number;
}

/**
 * Builds one trie of any size from its leaves, which come in ascending order in chunks of any size. When the work was
 * interrupted the trie is begun anew with another builder, and what was already written is written again, the same.
 */
export interface TrieBuilder {
  /**
   * Takes the next leaves: flat keys above all former ones, and flat values, not zero.
   * @returns Pages that are complete now, ascending by key from each piece that was built, so often none. Over the
   *   builder's life each key comes once. Keys and values are views of buffers they share: copy what you keep.
   * @throws {SynclineError} `TRIE_UNSORTED`, `TRIE_ARGUMENT` (`caller`), after which the builder goes on without these leaves;
   *   `TRIE_INVARIANT` (`bug`) and whatever the hasher throws, after which it takes no more.
   */
  add(keys: Uint8Array, values: Uint8Array): readonly TrieWrite[];
  /**
   * Ends the trie.
   * @returns Its root, 32 zero bytes without leaves; the pages not returned yet, ascending by key; the number of pair
   *   hashes computed since the beginning.
   * @throws {SynclineError} `TRIE_ARGUMENT` (`caller`) if the builder has ended before, likewise from `add`;
   *   `TRIE_INVARIANT` (`bug`); whatever the hasher throws.
   */
  finish(): { readonly root: Uint8Array; readonly writes: readonly TrieWrite[]; readonly hashes: number };
}

/**
 * Creates a builder for one trie; many small tries are better built together, by `buildTries`.
 *
 * When enough leaves have come they are built as a piece, all but the pages on the way to the last leaf: these can
 * still change, so their nodes wait, and what hangs from them enters the next piece as stubs. Those are at most 15 for
 * each of 63 pages, so memory is bounded by the size of a piece, whatever the keys.
 *
 * @param hash Pedersen or Poseidon pairs, in batches of at most 2,048.
 * @throws {SynclineError} `TRIE_ARGUMENT` (fault `caller`).
 */
export function createTrieBuilder(hash: PairHasher, options: TrieBuilderOptions): TrieBuilder {
  return new PieceBuilder(hash, options);
}

class PieceBuilder implements TrieBuilder {
  private readonly hash: PairHasher;
  private readonly prefix: Uint8Array;
  private readonly height: number;
  private readonly pieceLeaves: number;
  /** Stubs and leaves to build from next; its last entry is the last leaf taken. */
  private run = new LeafRun(0);
  /** How many of these leaves are new, not left over from the piece before. */
  private taken = 0;
  private hashes = 0;
  /** Not while a call is at work, so that one which failed half-way is the last. */
  private open = true;

  constructor(hash: PairHasher, { prefix, height, pieceLeaves = PIECE_LEAVES }: TrieBuilderOptions) {
    requireHeight(height);
    if (!Number.isInteger(pieceLeaves) || pieceLeaves < 1 || pieceLeaves > BUILD_LEAVES_MAX) {
      throw trieError('TRIE_ARGUMENT', 'caller', 'leaves per piece are not 1 to 2^22', { got: pieceLeaves });
    }
    this.hash = hash;
    this.prefix = new Uint8Array(prefix); // A copy; the slice of a Buffer would be a view.
    this.height = height;
    this.pieceLeaves = pieceLeaves;
  }

  add(keys: Uint8Array, values: Uint8Array): readonly TrieWrite[] {
    this.requireOpen();
    requireSortedLeaves({ height: this.height, keys, values }, this.lastKey());
    this.open = false;
    const writes: TrieWrite[][] = [];
    for (let at = 0; at < keys.length; ) {
      // Not before more leaves come: a trie of one piece needs no cut.
      if (this.taken === this.pieceLeaves) writes.push(this.buildPiece());
      const end = Math.min(keys.length, at + (this.pieceLeaves - this.taken) * FELT_BYTES);
      this.run.addLeaves(keys.subarray(at, end), values.subarray(at, end));
      this.taken += (end - at) / FELT_BYTES;
      at = end;
    }
    this.open = true;
    return writes.flat();
  }

  finish(): { readonly root: Uint8Array; readonly writes: readonly TrieWrite[]; readonly hashes: number } {
    this.requireOpen();
    this.open = false;
    const nodes = new FlatNodes(this.run);
    const root = nodes.addTrie(0, this.run.count, KEY_BITS - this.height);
    const writes = this.hashAndCollect(nodes);
    return { root: nodes.feltOf(root), writes, hashes: this.hashes };
  }

  private buildPiece(): TrieWrite[] {
    const nodes = new FlatNodes(this.run);
    const carried = nodes.addPiece(KEY_BITS - this.height);
    const writes = this.hashAndCollect(nodes);
    const rest = new LeafRun(this.run.ends.length);
    for (const node of carried) rest.add(nodes.keyOf(node), nodes.feltOf(node), nodes.positionOf(node));
    this.run = rest;
    this.taken = 0;
    return writes;
  }

  private hashAndCollect(nodes: FlatNodes): TrieWrite[] {
    const { prefix, height } = this;
    this.hashes += hashNodes(nodes, this.hash);
    return collectPages(nodes, [{ prefix, height, start: 0, end: this.run.count }]);
  }

  private lastKey(): Uint8Array | null {
    const { count, keys } = this.run;
    return count === 0 ? null : keys.subarray((count - 1) * FELT_BYTES, count * FELT_BYTES);
  }

  private requireOpen(): void {
    if (!this.open) throw trieError('TRIE_ARGUMENT', 'caller', 'the trie builder has ended or failed');
  }
}

/** Chosen: some 30 MiB of buffers, and of 300,000 random leaves 3 % of the hashes fall into batches below 1,024. */
const PIECE_LEAVES = 2 ** 16;
