import { Arena } from './arena.ts';
import { bitAt, KEY_BITS, matchPath } from './bits.ts';
import { type InnerNode, type Leaf, type Node, pathBytes } from './node.ts';
import { PAGE_BYTES_MAX } from './page.ts';
import { PageSet, type TrieReader } from './page-set.ts';

/** The inner nodes from the root towards a key, in order, and what stands at their end. */
export interface Lookup {
  readonly arena: Arena;
  readonly nodes: readonly InnerNode[];
  /** Null when the key is absent. */
  readonly leaf: Leaf | null;
}

/**
 * Walks from the root towards `key` as far as the trie goes: to the leaf, or to the edge that leads elsewhere.
 * @throws {SynclineError} `TRIE_PAGE_CORRUPT`, `TRIE_PAGE_MISSING` (both fault `local`).
 */
export function lookUp(reader: TrieReader, prefix: Uint8Array, height: number, key: Uint8Array): Lookup {
  const arena = new Arena(4 * PAGE_BYTES_MAX);
  const pages = new PageSet(reader, arena, prefix, height);
  const base = KEY_BITS - height;
  const nodes: InnerNode[] = [];
  let node: Node | null = pages.loadRoot();
  let depth = 0;
  while (node !== null && node.type !== 'leaf') {
    if (node.type === 'stub') {
      node = pages.load(key, depth, node);
    } else if (node.type === 'binary') {
      nodes.push(node);
      node = bitAt(key, base + depth) === 0 ? node.left : node.right;
      depth += 1;
    } else {
      nodes.push(node);
      const path = arena.view(node.pathAt, pathBytes(node.length));
      if (matchPath(key, base + depth, path, node.length) < node.length) return { arena, nodes, leaf: null };
      depth += node.length;
      node = node.child;
    }
  }
  return { arena, nodes, leaf: node };
}
