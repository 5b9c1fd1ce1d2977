import { SynclineError } from '../../../lib/index.ts';
import type { Felt, Felts } from '../types.ts';
import {
  FAR_TOKEN,
  LITERAL_TOKEN,
  NEAR_LITERALS,
  NEAR_TOKEN,
  REFERABLE_BYTES_MIN,
  REFERABLE_LITERALS_MAX,
  SMALL_FELT_MAX,
  STORED_FORMAT,
} from './layout.ts';

/** Writes the storage encoding of one part; `layout.ts` describes it. A fresh writer has written the format byte. */
export class StoredWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;
  /** Where each numbered literal's first byte stands, and how many bytes it has. */
  #starts = new Uint32Array(64);
  #sizes = new Uint8Array(64);
  #literals = 0;
  /** Open addressing over the literals: literal number + 1, 0 for a free slot. Its size is a power of two. */
  #slots = new Uint32Array(256);

  constructor() {
    this.byte(STORED_FORMAT);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A safe integer from 0. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new SynclineError('STORED_INTEGER', 'bug', 'only safe integers from 0 are stored', {
        data: { got: String(value) },
      });
    }
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Text without lone surrogates. */
  text(value: string): void {
    const encoded = utf8.encode(value);
    this.varint(encoded.length);
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  felt(value: Felt): void {
    this.#feltAt(value, 0);
  }

  feltIfAny(value: Felt | null): void {
    if (value !== null) this.#feltAt(value, 0);
  }

  felts(values: Felts): void {
    this.varint(values.length / 32);
    for (let offset = 0; offset < values.length; offset += 32) this.#feltAt(values, offset);
  }

  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.varint(items.length);
    for (const item of items) write(item);
  }

  /** What was written, as bytes of their own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #feltAt(source: Uint8Array, offset: number): void {
    this.#reserve(33);
    let start = offset;
    const last = offset + 31;
    while (start < last && source[start] === 0) start++;
    const size = last - start + 1;
    const low = source[last] as number; // offset + 31 is inside: felts are whole
    if (size === 1 && low <= SMALL_FELT_MAX) {
      this.#bytes[this.#length++] = low;
      return;
    }
    if (size >= REFERABLE_BYTES_MIN && this.#referToLiteral(source, start, size)) return;
    this.#bytes[this.#length++] = LITERAL_TOKEN + size;
    for (let i = start; i <= last; i++) this.#bytes[this.#length++] = source[i] as number; // as above
  }

  /** Writes a reference if the value was written before; otherwise numbers the literal that the caller writes next. */
  #referToLiteral(source: Uint8Array, start: number, size: number): boolean {
    if (this.#literals * 2 >= this.#slots.length) this.#growSlots();
    const mask = this.#slots.length - 1;
    let slot = hashOf(source, start, size) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++, slot = (slot + 1) & mask) {
      const found = this.#slots[slot] as number; // the mask keeps it inside
      if (found === 0) {
        this.#slots[slot] = this.#count(size);
        return false;
      }
      if (this.#isLiteral(found - 1, source, start, size)) {
        this.#reference(found - 1);
        return true;
      }
    }
    // Only values made to collide get here: they are counted like all others and never referred to.
    this.#count(size);
    return false;
  }

  #isLiteral(literal: number, source: Uint8Array, start: number, size: number): boolean {
    if (this.#sizes[literal] !== size) return false;
    const at = this.#starts[literal] as number; // literals below the count are recorded
    for (let i = size - 1; i >= 0; i--) if (this.#bytes[at + i] !== source[start + i]) return false;
    return true;
  }

  #reference(literal: number): void {
    if (literal < NEAR_LITERALS) {
      this.#bytes[this.#length++] = NEAR_TOKEN + (literal >>> 8);
    } else {
      const far = literal - NEAR_LITERALS;
      this.#bytes[this.#length++] = FAR_TOKEN + (far >>> 16);
      this.#bytes[this.#length++] = (far >>> 8) & 0xff;
    }
    this.#bytes[this.#length++] = literal & 0xff; // NEAR_LITERALS is a multiple of 256: the low byte is the same
  }

  /** Gives the literal that is about to be written the next number. Returns what its slot holds: the number + 1. */
  #count(size: number): number {
    if (this.#literals >= REFERABLE_LITERALS_MAX) return 0;
    if (this.#literals === this.#starts.length) {
      this.#starts = grown(this.#starts, new Uint32Array(this.#starts.length * 2));
      this.#sizes = grown(this.#sizes, new Uint8Array(this.#sizes.length * 2));
    }
    this.#starts[this.#literals] = this.#length + 1; // behind the token
    this.#sizes[this.#literals] = size;
    this.#literals++;
    return this.#literals;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let literal = 0; literal < this.#literals; literal++) {
      // A literal below the count is recorded in both arrays.
      let slot = hashOf(this.#bytes, this.#starts[literal] as number, this.#sizes[literal] as number) & mask;
      for (let probes = 1; probes < PROBES_MAX && slots[slot] !== 0; probes++) slot = (slot + 1) & mask;
      if (slots[slot] === 0) slots[slot] = literal + 1;
    }
    this.#slots = slots;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const size = Math.max(this.#bytes.length * 2, this.#length + count);
    this.#bytes = grown(this.#bytes, new Uint8Array(size));
  }
}

/** FNV-1a of the last bytes, where all kinds of felts differ: small values, keys of one array, hashes. */
function hashOf(bytes: Uint8Array, start: number, size: number): number {
  let hash = 0x811c9dc5;
  const end = start + size;
  for (let i = size > HASHED_BYTES ? end - HASHED_BYTES : start; i < end; i++) {
    hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193); // the caller's range is inside
  }
  return hash ^ (hash >>> 15);
}

function grown<A extends Uint8Array | Uint32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}

const utf8 = new TextEncoder();
const HASHED_BYTES = 8;
/** Bounds the work on values made to collide. With the table at most half full, honest ones are found within a few. */
const PROBES_MAX = 16;
