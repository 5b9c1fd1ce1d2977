import { hashPairs } from '../hash-levels.ts';
import { NODE_BYTES } from './arguments.ts';
import type { MerkleHasher } from './merkle-hasher.ts';
import type { NodePages } from './node-pages.ts';

/**
 * Puts leaves in their places and hashes all nodes above them, level by level, each level one batch.
 *
 * @param indexes Strictly ascending places of a tree of this height.
 * @param leaves  As many leaves, 32 bytes each.
 * @returns The root, the caller's to keep, and the number of hashes made.
 * @throws {SynclineError} `TRIE_INVARIANT` (fault `bug`) if the hasher answers with another length; whatever it throws.
 */
export function updateNodes(
  pages: NodePages,
  hasher: MerkleHasher,
  height: number,
  indexes: readonly number[],
  leaves: Uint8Array,
): { readonly root: Uint8Array; readonly hashes: number } {
  let present = indexes;
  for (const [i, index] of present.entries()) pages.setNode(0, index, leaves, i * NODE_BYTES);
  let hashes = 0;
  for (let level = 0; level < height; level++) {
    const parents = parentsOf(present);
    const left = new Uint8Array(parents.length * NODE_BYTES);
    const right = new Uint8Array(parents.length * NODE_BYTES);
    for (const [i, parent] of parents.entries()) {
      pages.copyNode(level, 2 * parent, left, i * NODE_BYTES);
      pages.copyNode(level, 2 * parent + 1, right, i * NODE_BYTES);
    }
    const nodes = hashPairs(hasher.hashPairs, left, right);
    for (const [i, parent] of parents.entries()) pages.setNode(level + 1, parent, nodes, i * NODE_BYTES);
    hashes += parents.length;
    present = parents;
  }
  return { root: pages.node(height, 0), hashes };
}

/** Each parent once; ascending as its children are. */
function parentsOf(indexes: readonly number[]): number[] {
  const parents: number[] = [];
  let last = -1;
  for (const index of indexes) {
    const parent = Math.floor(index / 2);
    if (parent === last) continue;
    parents.push(parent);
    last = parent;
  }
  return parents;
}
