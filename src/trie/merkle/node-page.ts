import { toHex } from '../../lib/index.ts';
import { NODE_BYTES } from './arguments.ts';
import { merkleError } from './errors.ts';

/**
 * A record of nodes: a subtree of four levels, without its top, which stands in the page above. Sixteen nodes of a
 * level that is a multiple of four, then those above them:
 *
 *     slot   0 .. 15     16 .. 23     24 .. 27     28, 29
 *     level  4·b         4·b + 1      4·b + 2      4·b + 3
 *
 * Encoded it is a bit for each slot that does not hold the root of an empty tree, slot 0 the lowest bit, as four
 * bytes big-endian, then the nodes of these slots in order.
 */
export const PAGE_LEVELS = 4;
export const PAGE_SLOTS = 30;

/** The slot of a node, given its level modulo four and its index. */
export function slotOf(levelInPage: number, index: number): number {
  return 32 - (32 >> levelInPage) + (index % (16 >> levelInPage));
}

/** A page of roots of empty trees, for level `4·band` up. `empty` holds these roots by height. */
export function createPage(empty: Uint8Array, band: number): Uint8Array {
  const page = new Uint8Array(PAGE_SLOTS * NODE_BYTES);
  for (let slot = 0; slot < PAGE_SLOTS; slot++) {
    const at = (band * PAGE_LEVELS + levelOf(slot)) * NODE_BYTES;
    page.set(empty.subarray(at, at + NODE_BYTES), slot * NODE_BYTES);
  }
  return page;
}

/** Fills a new page with what a record holds. @throws {SynclineError} `MERKLE_RECORD_CORRUPT` (fault `local`). */
export function decodePage(page: Uint8Array, record: Uint8Array, key: Uint8Array): void {
  const slots = record.length < BITS_BYTES ? 0 : viewOf(record).getUint32(0);
  let at = BITS_BYTES;
  for (let slot = 0; slot < PAGE_SLOTS; slot++) {
    if ((slots & (1 << slot)) === 0) continue;
    page.set(record.subarray(at, at + NODE_BYTES), slot * NODE_BYTES);
    at += NODE_BYTES;
  }
  if (at === record.length && slots > 0 && slots < 2 ** PAGE_SLOTS) return;
  throw merkleError('MERKLE_RECORD_CORRUPT', 'local', 'a page of nodes does not decode', {
    key: toHex(key),
    bytes: record.length,
  });
}

/** The record of a page, or null when all in it is empty. `blank` is the page as `createPage` makes it. */
export function encodePage(page: Uint8Array, blank: Uint8Array): Uint8Array | null {
  const record = new Uint8Array(BITS_BYTES + PAGE_SLOTS * NODE_BYTES);
  let slots = 0;
  let at = BITS_BYTES;
  for (let slot = 0; slot < PAGE_SLOTS; slot++) {
    if (isSameNode(page, blank, slot * NODE_BYTES)) continue;
    slots |= 1 << slot;
    record.set(page.subarray(slot * NODE_BYTES, (slot + 1) * NODE_BYTES), at);
    at += NODE_BYTES;
  }
  if (slots === 0) return null;
  viewOf(record).setUint32(0, slots);
  return record.slice(0, at);
}

function levelOf(slot: number): number {
  let level = 0;
  while (slot >= slotOf(level + 1, 0)) level += 1;
  return level;
}

function isSameNode(a: Uint8Array, b: Uint8Array, at: number): boolean {
  for (let i = at; i < at + NODE_BYTES; i++) if (a[i] !== b[i]) return false;
  return true;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const BITS_BYTES = 4;
