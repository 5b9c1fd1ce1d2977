import { toHex } from '../../lib/index.ts';
import { merkleError } from './errors.ts';

/** Bytes of a leaf, of a node and of a key: one field element, big-endian. */
export const NODE_BYTES = 32;

/** Greatest height supported: a page's index takes six bytes. Heights in use reach 42. */
export const MERKLE_HEIGHT_MAX = 48;

/** @throws {SynclineError} `MERKLE_ARGUMENT` (fault `caller`) unless `height` is an integer from 1 to 48. */
export function requireHeight(height: number): void {
  if (Number.isInteger(height) && height >= 1 && height <= MERKLE_HEIGHT_MAX) return;
  throw merkleError('MERKLE_ARGUMENT', 'caller', `tree height is not 1 to ${MERKLE_HEIGHT_MAX}`, { got: height });
}

/** @throws {SynclineError} `MERKLE_ARGUMENT` (fault `caller`) unless `index` is a place of a tree of this height. */
export function requireIndex(index: number, height: number): void {
  if (Number.isInteger(index) && index >= 0 && index < 2 ** height) return;
  throw merkleError('MERKLE_ARGUMENT', 'caller', 'index is not a place of the tree', { got: index, height });
}

/**
 * Checks that `count` leaves fit behind `size`.
 * @throws {SynclineError} `MERKLE_ARGUMENT` for a size that is none, `MERKLE_FULL` (both fault `caller`).
 */
export function requireRoom(size: number, count: number, height: number): void {
  requireHeight(height);
  if (!Number.isInteger(size) || size < 0 || size > 2 ** height) {
    throw merkleError('MERKLE_ARGUMENT', 'caller', 'size is not one of a tree of this height', { got: size, height });
  }
  if (size + count > 2 ** height) {
    throw merkleError('MERKLE_FULL', 'caller', 'the tree has no place for so many leaves', { size, count, height });
  }
}

/**
 * How many nodes lie in `bytes`.
 * @throws {SynclineError} `MERKLE_ARGUMENT` (fault `caller`) unless these are whole nodes of 32 bytes.
 */
export function countNodes(bytes: Uint8Array): number {
  if (bytes.length % NODE_BYTES === 0) return bytes.length / NODE_BYTES;
  throw merkleError('MERKLE_ARGUMENT', 'caller', 'bytes are not whole nodes of 32', { got: bytes.length });
}

/** @throws {SynclineError} `MERKLE_ARGUMENT` (fault `caller`) unless `bytes` is one node of 32 bytes. */
export function requireNode(bytes: Uint8Array): void {
  if (bytes.length === NODE_BYTES) return;
  throw merkleError('MERKLE_ARGUMENT', 'caller', 'bytes are not one node of 32', { got: toHex(bytes) });
}
