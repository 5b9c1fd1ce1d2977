import { type RlpSpan, readRlpSpan } from '../../codec/index.ts';
import { SynclineError, toHex } from '../../lib/index.ts';
import { HASH_BYTES } from './keccak.ts';

/**
 * A node of the keccak Merkle-Patricia trie (Ethereum yellow paper, appendix D). Paths are nibbles, one per byte;
 * values and references are views into the encoding.
 */
export type HexaryNode =
  | {
      readonly type: 'branch';
      /** 16, one per nibble; null where there is none. No value: keys have one length, so none ends here. */
      readonly children: readonly (NodeReference | null)[];
    }
  | { readonly type: 'extension'; readonly path: Uint8Array; readonly child: NodeReference }
  | { readonly type: 'leaf'; readonly path: Uint8Array; readonly value: Uint8Array };

/**
 * What a parent holds of its child, as it stands there: 0xa0 and the hash, or the child's own encoding of less than
 * 32 bytes.
 */
export interface NodeReference {
  readonly type: 'hash' | 'inline';
  readonly encoded: Uint8Array;
}

/** Every code of this folder beside those of the module. */
export type HexaryErrorCode =
  /** `peer`: bytes are well-formed RLP, but no node. */
  | 'TRIE_NODE_MALFORMED'
  /** `local`: the store lacks a node another refers to. */
  | 'TRIE_NODE_MISSING'
  /** `local`: a stored node does not decode, or does not fit its place. */
  | 'TRIE_NODE_CORRUPT';

/**
 * Decodes a node in its only canonical form.
 * @throws {SynclineError} `RLP_MALFORMED`, `TRIE_NODE_MALFORMED` (fault `peer`; whoever reads a store translates).
 */
export function decodeNode(bytes: Uint8Array): HexaryNode {
  const list = readRlpSpan(bytes, 0, bytes.length);
  if (list.type !== 'list' || list.end !== bytes.length) throw malformed(bytes, 'a node is not one list');
  const items: Item[] = [];
  for (let at = list.start; at < list.end && items.length <= BRANCH_ITEMS; ) {
    const span = readRlpSpan(bytes, at, list.end);
    items.push({ span, encoded: bytes.subarray(at, span.end) });
    at = span.end;
  }
  const [first, second] = items;
  if (first !== undefined && second !== undefined && items.length === 2) return decodeShort(bytes, first, second);
  if (items.length === BRANCH_ITEMS) return decodeBranch(bytes, items);
  throw malformed(bytes, 'a node has neither 2 nor 17 items');
}

/** The hash a reference of that type names. */
export function hashOf(reference: NodeReference): Uint8Array {
  return reference.encoded.subarray(1);
}

interface Item {
  readonly span: RlpSpan;
  /** The item with its prefix. */
  readonly encoded: Uint8Array;
}

function decodeBranch(bytes: Uint8Array, items: readonly Item[]): HexaryNode {
  const children = items.slice(0, BRANCH_ITEMS - 1).map((item) => decodeReference(bytes, item));
  if (children.filter((child) => child !== null).length < 2) throw malformed(bytes, 'a branch does not branch');
  const value = items[BRANCH_ITEMS - 1] as Item; // There are 17.
  if (value.span.type !== 'string' || value.span.end !== value.span.start) {
    throw malformed(bytes, 'a branch holds a value');
  }
  return { type: 'branch', children };
}

/** Extension or leaf, which the first nibble of the path tells apart. */
function decodeShort(bytes: Uint8Array, head: Item, tail: Item): HexaryNode {
  if (head.span.type !== 'string' || head.span.start === head.span.end) throw malformed(bytes, 'a path is missing');
  const packed = bytes.subarray(head.span.start, head.span.end);
  const first = packed[0] as number; // Not empty.
  const isLeaf = (first & 0x20) !== 0;
  const isOdd = (first & 0x10) !== 0;
  if (first >= 0x40 || (!isOdd && (first & 0x0f) !== 0)) throw malformed(bytes, 'a path has unknown flags');
  const path = unpack(packed).subarray(isOdd ? 1 : 2);
  if (!isLeaf) {
    const child = decodeReference(bytes, tail);
    if (path.length === 0 || child === null) throw malformed(bytes, 'an extension leads nowhere');
    return { type: 'extension', path, child };
  }
  const { type, start, end } = tail.span;
  if (type !== 'string' || start === end) throw malformed(bytes, 'a leaf has no value');
  return { type: 'leaf', path, value: bytes.subarray(start, end) };
}

function decodeReference(bytes: Uint8Array, { span, encoded }: Item): NodeReference | null {
  const length = span.end - span.start;
  if (span.type === 'list') {
    if (encoded.length < HASH_BYTES) return { type: 'inline', encoded };
  } else if (length === HASH_BYTES) {
    return { type: 'hash', encoded };
  } else if (length === 0) {
    return null;
  }
  throw malformed(bytes, 'a child is neither a hash nor a short node');
}

function unpack(packed: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(2 * packed.length);
  packed.forEach((byte, i) => {
    nibbles[2 * i] = byte >> 4;
    nibbles[2 * i + 1] = byte & 0x0f;
  });
  return nibbles;
}

function malformed(bytes: Uint8Array, reason: string): SynclineError {
  const code: HexaryErrorCode = 'TRIE_NODE_MALFORMED';
  const data = { reason, bytes: bytes.length, got: toHex(bytes.subarray(0, SHOWN_BYTES)) };
  return new SynclineError(code, 'peer', `trie node is malformed: ${reason}`, { data });
}

const BRANCH_ITEMS = 17;
/** As much of a node as an error shows: any branch. */
const SHOWN_BYTES = 532;
