import { Arena } from './arena.ts';
import { bitAt, KEY_BITS, matchPath } from './bits.ts';
import { NONE, type NodeRef, Nodes } from './node.ts';
import { PAGE_BYTES_MAX } from './page.ts';
import { PageSet, type TrieReader } from './page-set.ts';

/** The inner nodes from the root towards a key, in order, and what stands at their end. */
export interface Lookup {
  readonly nodes: Nodes;
  readonly path: readonly NodeRef[];
  /** `NONE` when the key is absent. */
  readonly leaf: NodeRef;
}

/**
 * Walks from the root towards `key` as far as the trie goes: to the leaf, or to the edge that leads elsewhere.
 * @throws {SynclineError} `TRIE_PAGE_CORRUPT`, `TRIE_PAGE_MISSING` (both fault `local`).
 */
export function lookUp(reader: TrieReader, prefix: Uint8Array, height: number, key: Uint8Array): Lookup {
  const nodes = new Nodes(new Arena(4 * PAGE_BYTES_MAX));
  const pages = new PageSet(nodes).open(reader, prefix, height);
  const base = KEY_BITS - height;
  const path: NodeRef[] = [];
  let ref = pages.loadRoot();
  let depth = 0;
  while (ref !== NONE && depth < height) {
    const node = ref < 0 ? pages.load(key, depth, ref) : ref;
    const length = nodes.lengthOf(node);
    path.push(node);
    if (length === 0) {
      ref = bitAt(key, base + depth) === 0 ? nodes.leftOf(node) : nodes.rightOf(node);
      depth += 1;
    } else {
      if (matchPath(key, base + depth, nodes.pathOf(node), length) < length) return { nodes, path, leaf: NONE };
      ref = nodes.childOf(node);
      depth += length;
    }
  }
  return { nodes, path, leaf: ref };
}
