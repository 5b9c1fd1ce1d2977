import { equalBytes } from '../../lib/index.ts';
import { emptyTrieRoot, HASH_BYTES } from './keccak.ts';
import type { NodeReference } from './node.ts';

/** A node that is known by reference, and where in the trie it is. */
export interface Place {
  readonly reference: NodeReference;
  /** Of key length, so that it compares with keys: the first `depth` nibbles count, zeros stand behind them. */
  readonly path: Uint8Array;
  readonly depth: number;
}

/** The place of the root node, null for the empty trie. */
export function rootPlace(root: Uint8Array, keyLength: number): Place | null {
  if (equalBytes(root, emptyTrieRoot())) return null;
  const encoded = new Uint8Array(1 + HASH_BYTES);
  encoded[0] = 0x80 + HASH_BYTES;
  encoded.set(root, 1);
  return { reference: { type: 'hash', encoded }, path: new Uint8Array(keyLength), depth: 0 };
}

/** The place `nibbles` further down. They must fit into the key length. */
export function below(place: Place, nibbles: readonly number[] | Uint8Array, reference: NodeReference): Place {
  const path = new Uint8Array(place.path);
  let { depth } = place;
  for (const nibble of nibbles) {
    const at = depth >> 1;
    path[at] = (path[at] as number) | ((depth & 1) === 0 ? nibble << 4 : nibble); // Inside the key length.
    depth += 1;
  }
  return { reference, path, depth };
}

/** The nibbles that lead to a place, one per byte. */
export function pathNibbles({ path, depth }: Place): Uint8Array {
  const nibbles = new Uint8Array(depth);
  for (let i = 0; i < depth; i++) nibbles[i] = nibbleAt(path, i);
  return nibbles;
}

/** The same as hex digits. */
export function pathText(place: Place): string {
  return Array.from(pathNibbles(place), (nibble) => nibble.toString(16)).join('');
}

/** Nibble `index` of a key or path, 0 being the first walked. */
export function nibbleAt(path: Uint8Array, index: number): number {
  const byte = path[index >> 1] as number; // Callers stay inside the key.
  return (index & 1) === 0 ? byte >> 4 : byte & 0x0f;
}
