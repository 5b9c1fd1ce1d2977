import { putRlpPrefix, RLP_LIST, RLP_STRING } from '../../codec/index.ts';
import { toHex } from '../../lib/index.ts';
import { trieError } from '../errors.ts';
import { proofInvalid } from '../range/errors.ts';
import { emptyTrieRoot, HASH_BYTES, type KeccakInto } from './keccak.ts';
import { nibbleAt } from './place.ts';

/**
 * The right spine of a Merkle-Patricia trie that grows from left to right (Ethereum yellow paper, appendix D; the
 * method of go-ethereum `trie/stacktrie.go` at 02b73d4ea7, without node objects).
 *
 * Items arrive in key order: leaves, and, for range proofs, closed subtrees of which only the reference is known.
 * The latest item waits, since where it hangs depends on the next. When that comes, the first nibble in which the
 * two differ says which branches are complete: all deeper ones. Children of a branch are complete in ascending order
 * too, so each open branch is already its own encoding, written as far as its last complete child:
 *
 *     branch at depth d, at d * BRANCH_BYTES
 *
 *     0          3                                       writeAt[d]
 *     +----------+--------+------------------+--------+- - - - - - -+
 *     | room for | 0x80   | 0xa0 ‖ hash (32) | 0x80   |  next slot  |   no child: 0x80; a child of less than
 *     | a prefix | slot 0 | slot 1           | slot 2 |             |   32 bytes stands there itself
 *     +----------+--------+------------------+--------+- - - - - - -+
 *
 * Closing a branch fills up its slots, puts the list prefix before them and hashes in place, straight into the slot
 * of the parent. No node is ever copied, and memory is that of the deepest path.
 */
export class Spine {
  private readonly keyLength: number;
  private readonly keccakInto: KeccakInto;
  private readonly onNode: NodeSink | undefined;
  /** Branches, then one extension, then the area of the latest leaf. */
  private readonly nodes: Uint8Array;
  private readonly extensionAt: number;
  /** The latest leaf or reference; `nodes` itself until a value is too large for it. */
  private item: Uint8Array;
  /** Where the value or reference starts, and where it ends. */
  private itemAt: number;
  private itemEnd: number;
  /** Nibbles that lead to the latest item: all of the key for a leaf, fewer for a subtree, -1 for no item yet. */
  private itemDepth = -1;
  private itemIsLeaf = false;
  /** Key of the latest item, zeros behind the nibbles of a subtree. */
  private readonly key: Uint8Array;
  /** Depths of the open branches, from the root down. */
  private readonly open: Uint8Array;
  private openCount = 0;
  /** By depth: where the next slot is written, and which of the 16 it is. */
  private readonly writeAt: Int32Array;
  private readonly nextSlot: Uint8Array;
  private readonly rootHash = new Uint8Array(HASH_BYTES);

  constructor({ keyLength, keccakInto, onNode, scratch }: SpineOptions) {
    const depths = 2 * keyLength;
    if (scratch !== undefined && scratch.length < spineBytes(keyLength)) {
      const data = { expected: spineBytes(keyLength), got: scratch.length };
      throw trieError('TRIE_ARGUMENT', 'caller', 'the scratch memory is too small', data);
    }
    this.keyLength = keyLength;
    this.keccakInto = keccakInto;
    this.onNode = onNode;
    this.nodes = scratch ?? new Uint8Array(spineBytes(keyLength));
    this.extensionAt = depths * BRANCH_BYTES;
    this.item = this.nodes;
    this.itemAt = this.extensionAt + EXTENSION_BYTES + LEAF_HEAD_BYTES;
    this.itemEnd = this.itemAt;
    this.key = new Uint8Array(keyLength);
    this.open = new Uint8Array(depths);
    this.writeAt = new Int32Array(depths);
    this.nextSlot = new Uint8Array(depths);
  }

  /**
   * Adds a leaf: `key` of the trie's length, behind all former items; `value` not empty. Both are copied.
   * @throws {SynclineError} `TRIE_UNSORTED` (`caller`); `RANGE_PROOF_INVALID` (`peer`) inside a closed subtree.
   */
  addLeaf(key: Uint8Array, value: Uint8Array): void {
    this.closeBefore(key, 2 * this.keyLength, true);
    this.hold(value);
  }

  /**
   * Adds a subtree under the first `depth` nibbles of `path`, which has the key length and zeros behind them.
   * @param reference What its parent holds: 0xa0 and the hash, or the node itself.
   * @throws {SynclineError} As `addLeaf`.
   */
  addSubtree(path: Uint8Array, depth: number, reference: Uint8Array): void {
    this.closeBefore(path, depth, false);
    this.hold(reference);
  }

  /** Closes everything and returns the root hash; that of the empty trie without items. To be called once. */
  root(): Uint8Array {
    if (this.itemDepth < 0) return emptyTrieRoot();
    this.closeTo(NO_BRANCH);
    return this.rootHash;
  }

  private closeBefore(key: Uint8Array, depth: number, isLeaf: boolean): void {
    if (this.itemDepth >= 0) this.closeTo(this.forkBefore(key, depth, isLeaf));
    this.key.set(key);
    this.itemDepth = depth;
    this.itemIsLeaf = isLeaf;
  }

  /** The first nibble in which the path of the next item differs from that of the latest. */
  private forkBefore(key: Uint8Array, depth: number, isLeaf: boolean): number {
    let at = 0;
    while (at < this.keyLength && key[at] === this.key[at]) at++;
    // Behind the last byte both are undefined, and so is their difference: 0.
    const next = key[at] ?? 0;
    const latest = this.key[at] ?? 0;
    const fork = 2 * at + ((next ^ latest) < 0x10 ? 1 : 0);
    const areLeaves = isLeaf && this.itemIsLeaf;
    if (!areLeaves && (fork >= depth || fork >= this.itemDepth)) {
      throw proofInvalid('an item lies inside a closed subtree', 'a path outside of it', toHex(key));
    }
    if (next > latest) return fork;
    const data = { expected: `above ${toHex(this.key)}`, got: toHex(key) };
    throw trieError('TRIE_UNSORTED', 'caller', 'keys do not ascend strictly', data);
  }

  private hold(bytes: Uint8Array): void {
    this.itemEnd = this.itemAt + bytes.length;
    if (this.itemEnd > this.item.length) {
      this.itemAt = LEAF_HEAD_BYTES;
      this.itemEnd = this.itemAt + bytes.length;
      this.item = new Uint8Array(2 * this.itemEnd);
    }
    this.item.set(bytes, this.itemAt);
  }

  /** Completes the latest item and all branches deeper than `fork`; what remains topmost hangs in the one at `fork`. */
  private closeTo(fork: number): void {
    let parent = this.parentFor(fork);
    this.closeItem(parent);
    while (parent > fork) {
      const depth = parent;
      this.openCount -= 1;
      parent = this.parentFor(fork);
      this.closeBranch(depth, parent);
    }
  }

  /** The deepest open branch, or the one at `fork` where no deeper one is; that is opened if it was not. */
  private parentFor(fork: number): number {
    const deepest = this.openCount === 0 ? NO_BRANCH : (this.open[this.openCount - 1] as number);
    if (deepest >= fork) return deepest;
    this.open[this.openCount++] = fork;
    this.writeAt[fork] = fork * BRANCH_BYTES + PREFIX_ROOM;
    this.nextSlot[fork] = 0;
    return fork;
  }

  private closeItem(parent: number): void {
    if (this.itemIsLeaf) {
      this.attach(this.item, this.encodeLeaf(parent + 1), this.itemEnd, parent);
    } else if (this.itemDepth !== parent + 1) {
      throw proofInvalid('a closed subtree has lost its siblings', this.itemDepth - 1, parent);
    } else if (parent === NO_BRANCH) {
      this.rootHash.set(this.item.subarray(this.itemEnd - HASH_BYTES, this.itemEnd));
    } else {
      this.attachReference(this.item, this.itemAt, this.itemEnd, parent);
    }
  }

  /** Writes the leaf's path from nibble `from` and all prefixes before its value; returns where it starts. */
  private encodeLeaf(from: number): number {
    const { item, key, keyLength } = this;
    let at = this.itemAt;
    if (this.itemEnd - at > 1 || (item[at] as number) >= RLP_STRING)
      at = putRlpPrefix(item, at, RLP_STRING, this.itemEnd - at);
    const wholeByte = (from + 1) >> 1;
    for (let i = keyLength - 1; i >= wholeByte; i--) item[--at] = key[i] as number;
    item[--at] = (from & 1) === 0 ? LEAF_EVEN : LEAF_ODD | ((key[from >> 1] as number) & 0x0f);
    const pathBytes = keyLength - wholeByte + 1;
    if (pathBytes > 1) at = putRlpPrefix(item, at, RLP_STRING, pathBytes);
    return putRlpPrefix(item, at, RLP_LIST, this.itemEnd - at);
  }

  private closeBranch(depth: number, parent: number): void {
    const { nodes } = this;
    let end = this.writeAt[depth] as number;
    for (let slot = this.nextSlot[depth] as number; slot < BRANCH_ITEMS; slot++) nodes[end++] = RLP_STRING;
    const first = depth * BRANCH_BYTES + PREFIX_ROOM;
    const start = putRlpPrefix(nodes, first, RLP_LIST, end - first);
    if (depth === parent + 1) this.attach(nodes, start, end, parent);
    else this.attachExtended(start, end, depth, parent);
  }

  /** Puts an extension over the branch at `depth`, whose encoding is `[start, end)`. */
  private attachExtended(start: number, end: number, depth: number, parent: number): void {
    const { nodes } = this;
    let at = this.extensionAt + EXTENSION_HEAD_BYTES;
    const extensionEnd = this.putReference(nodes, start, end, at, depth);
    const pathEnd = at;
    let nibble = depth;
    for (; nibble > parent + 2; nibble -= 2) nodes[--at] = (this.nibble(nibble - 2) << 4) | this.nibble(nibble - 1);
    nodes[--at] = nibble === parent + 1 ? EXTENSION_EVEN : EXTENSION_ODD | this.nibble(parent + 1);
    if (pathEnd - at > 1) at = putRlpPrefix(nodes, at, RLP_STRING, pathEnd - at);
    this.attach(nodes, putRlpPrefix(nodes, at, RLP_LIST, extensionEnd - at), extensionEnd, parent);
  }

  /** Hangs the node `buffer[start, end)` into its slot of the branch at `parent`, or makes it the root. */
  private attach(buffer: Uint8Array, start: number, end: number, parent: number): void {
    if (parent === NO_BRANCH) {
      this.keccakInto(buffer, start, end, this.rootHash, 0);
      this.onNode?.(new Uint8Array(0), this.rootHash, buffer.subarray(start, end));
      return;
    }
    const at = this.openSlot(parent);
    this.writeAt[parent] = this.putReference(buffer, start, end, at, parent + 1);
  }

  private attachReference(buffer: Uint8Array, start: number, end: number, parent: number): void {
    let at = this.openSlot(parent);
    for (let i = start; i < end; i++) this.nodes[at++] = buffer[i] as number;
    this.writeAt[parent] = at;
  }

  /** Where the slot of the latest key is in the branch at `depth`, once those before it are filled. */
  private openSlot(depth: number): number {
    const slot = this.nibble(depth);
    let at = this.writeAt[depth] as number;
    for (let i = this.nextSlot[depth] as number; i < slot; i++) this.nodes[at++] = RLP_STRING;
    this.nextSlot[depth] = slot + 1;
    return at;
  }

  /**
   * Writes what stands for the node `buffer[start, end)` in its parent to `nodes` at `at`: the node itself when it is
   * shorter than a hash, else its hash.
   * @param depth Nibbles that lead to the node.
   * @returns The offset behind it.
   */
  private putReference(buffer: Uint8Array, start: number, end: number, at: number, depth: number): number {
    const { nodes } = this;
    if (end - start < HASH_BYTES) {
      for (let i = start; i < end; i++) nodes[at++] = buffer[i] as number;
      return at;
    }
    nodes[at] = RLP_STRING + HASH_BYTES;
    this.keccakInto(buffer, start, end, nodes, at + 1);
    if (this.onNode !== undefined) {
      const path = new Uint8Array(depth);
      for (let i = 0; i < depth; i++) path[i] = this.nibble(i);
      this.onNode(path, nodes.subarray(at + 1, at + 1 + HASH_BYTES), buffer.subarray(start, end));
    }
    return at + 1 + HASH_BYTES;
  }

  private nibble(depth: number): number {
    return nibbleAt(this.key, depth);
  }
}

/**
 * Takes a finished node: `path`, the nibbles that lead to it, one per byte, the caller's to keep; `hash` and
 * `encoding`, views that hold until the call returns. Children come before their parents, the root last.
 */
export type NodeSink = (path: Uint8Array, hash: Uint8Array, encoding: Uint8Array) => void;

export interface SpineOptions {
  readonly keyLength: number;
  readonly keccakInto: KeccakInto;
  readonly onNode: NodeSink | undefined;
  /** At least `spineBytes(keyLength)` long. */
  readonly scratch: Uint8Array | undefined;
}

/** Bytes of memory for keys of `keyLength` bytes and values up to `VALUE_ROOM`; larger ones get a buffer apart. */
export function spineBytes(keyLength: number): number {
  return 2 * keyLength * BRANCH_BYTES + EXTENSION_BYTES + LEAF_HEAD_BYTES + VALUE_ROOM;
}

/** Stands for the depth of a branch above the root. */
const NO_BRANCH = -1;
/** 16 children and a value, which keys of one length leave empty. */
const BRANCH_ITEMS = 17;
/** Room for a list prefix: no branch or extension is longer than 2^16 bytes. */
const PREFIX_ROOM = 3;
/** Prefix, 16 references of 33 bytes and the empty value make 532; rounded up to whole words. */
const BRANCH_BYTES = 536;
/** Before an extension's reference: list prefix (2), path (2 + 65); rounded up. */
const EXTENSION_HEAD_BYTES = 72;
/** With the reference of 33 bytes 105; rounded up. */
const EXTENSION_BYTES = 112;
/** Before a leaf's value: list prefix (9), path (2 + 65), prefix of the value (9); rounded up. */
const LEAF_HEAD_BYTES = 96;
/** Accounts have some 70 to 110 bytes, storage values at most 33. */
const VALUE_ROOM = 1024;

// Hex-prefix encoding: the first nibble tells kind and parity (Ethereum yellow paper, appendix C).
const EXTENSION_EVEN = 0x00;
const EXTENSION_ODD = 0x10;
const LEAF_EVEN = 0x20;
const LEAF_ODD = 0x30;
