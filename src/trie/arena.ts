import { trieError } from './errors.ts';
import { FELT_BYTES } from './felts.ts';

/**
 * All bytes one call works on, in one growing buffer: the pages it read, the values it was given, the hashes it
 * made. Nodes name theirs by offset. A block touches some twenty thousand hashes; as a `Uint8Array` each, creating
 * and collecting them cost several times all other bookkeeping, and word-wise copies within one `DataView` take a
 * third of the time of `set`.
 *
 * Bytes are only ever added, so an offset stays good until the arena is cleared; a view taken by `view` does too.
 */
export class Arena {
  bytes: Uint8Array;
  private words: DataView;
  private size = 0;

  /** @param capacity Bytes to begin with; it doubles as often as needed. */
  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.words = new DataView(this.bytes.buffer);
  }

  /**
   * Adds a copy of `bytes`; returns its offset.
   * @throws {SynclineError} `TRIE_ARGUMENT` (fault `caller`) above 2 GiB.
   */
  add(bytes: Uint8Array): number {
    const at = this.size;
    this.size += bytes.length;
    if (this.size > this.bytes.length) this.grow();
    this.bytes.set(bytes, at);
    return at;
  }

  /** Adds copies of all parts, one behind the other; returns the offset of the first. */
  addAll(parts: readonly Uint8Array[]): number {
    const at = this.size;
    for (const part of parts) this.add(part);
    return at;
  }

  /** The bytes from `at`, not to be written to. */
  view(at: number, length: number): Uint8Array {
    return this.bytes.subarray(at, at + length);
  }

  /** The felt at `at` in a buffer of its own. */
  felt(at: number): Uint8Array {
    return this.bytes.slice(at, at + FELT_BYTES);
  }

  /** Everything there is, in one buffer of its own. */
  copyAll(): Uint8Array {
    return this.bytes.slice(0, this.size);
  }

  /** Copies the felt at `at` to offset `to` of `target`. */
  copyFelt(at: number, target: DataView, to: number): void {
    const { words } = this;
    for (let i = 0; i < FELT_BYTES; i += 4) target.setInt32(to + i, words.getInt32(at + i, true), true);
  }

  /** Copies the few bytes of an edge's path. */
  copyBytes(at: number, length: number, target: DataView, to: number): void {
    const { words } = this;
    for (let i = 0; i < length; i++) target.setUint8(to + i, words.getUint8(at + i));
  }

  /** Forgets all bytes. Room of a common size is kept. */
  clear(): void {
    this.size = 0;
    if (this.bytes.length > BYTES_KEPT_MAX) this.resize(BYTES_KEPT_MAX);
  }

  private grow(): void {
    if (this.size > BYTES_MAX) {
      throw trieError('TRIE_ARGUMENT', 'caller', 'one call takes more bytes than there is room for', {
        expected: BYTES_MAX,
        got: this.size,
      });
    }
    this.resize(Math.min(Math.max(this.size, 2 * this.bytes.length), BYTES_MAX));
  }

  private resize(capacity: number): void {
    const bytes = new Uint8Array(capacity);
    bytes.set(this.bytes.subarray(0, capacity));
    this.bytes = bytes;
    this.words = new DataView(bytes.buffer);
  }
}

/** So that an offset fits 32 bits with a sign. */
const BYTES_MAX = 2 ** 31 - 1;

/** Room kept from one use to the next: what a large block takes. */
const BYTES_KEPT_MAX = 2 ** 23;
