import { SynclineError } from '../../../lib/index.ts';
import { feltFromBytes } from '../felt.ts';
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

/**
 * Reads the storage encoding of one part; `layout.ts` describes it. Whatever it returns is the caller's to keep.
 *
 * Strict: every length is checked against what is left before anything is made of it, integers and felts have one
 * form each, and nothing may follow the end. Anything else is `STORED_CORRUPT` (fault `local`): these bytes were
 * ours.
 */
export class StoredReader {
  /**
   * One that stays. The engine drops what it compiled for the objects of a class once a collection finds none of them,
   * and near the tip that would be after nearly every block.
   */
  static readonly kept: StoredReader = new StoredReader(Uint8Array.of(STORED_FORMAT), 'nothing');

  readonly #bytes: Uint8Array;
  readonly #part: string;
  #at = 0;
  /** Where each numbered literal's token stands. */
  readonly #literals: number[] = [];

  /** @param part Name of the part, for errors. */
  constructor(bytes: Uint8Array, part: string) {
    this.#bytes = bytes;
    this.#part = part;
    const format = this.byte();
    if (format !== STORED_FORMAT) throw this.corrupt(`format ${STORED_FORMAT}`, `format ${format}`);
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw this.corrupt('more bytes', 'the end');
    this.#at++;
    return value;
  }

  /** A byte whose bits are all among `known`. */
  flags(known: number): number {
    const flags = this.byte();
    if ((flags & ~known) !== 0) throw this.corrupt(`flags among ${known}`, String(flags));
    return flags;
  }

  /** A safe integer from 0. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw this.corrupt('an integer in its shortest form', 'a longer one');
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw this.corrupt('an integer below 2^53', 'a larger one');
  }

  text(): string {
    const length = this.#lengthOf(1);
    const end = this.#at + length;
    try {
      const text = utf8.decode(this.#bytes.subarray(this.#at, end));
      this.#at = end;
      return text;
    } catch (error) {
      throw this.corrupt('UTF-8', 'other bytes', error);
    }
  }

  felt(): Felt {
    const out = new Uint8Array(32);
    this.#feltInto(out, 0);
    return out as Felt; // `#feltInto` has checked that it is canonical
  }

  /** A felt where the flag that announces it is not 0, else `null`. */
  feltIf(flag: number): Felt | null {
    return flag ? this.felt() : null;
  }

  felts(): Felts {
    const count = this.#lengthOf(1);
    const out = new Uint8Array(count * 32);
    for (let offset = 0; offset < out.length; offset += 32) this.#feltInto(out, offset);
    return out as Felts; // as in `felt`
  }

  /**
   * @param itemBytesMin What one item takes at least, so that a damaged count cannot ask for more than is there.
   * @param read         Gets this reader, so that it need not be a closure.
   */
  list<T>(itemBytesMin: number, read: (reader: StoredReader) => T): T[] {
    const count = this.#lengthOf(itemBytesMin);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this));
    return items;
  }

  /** To be called last. */
  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw this.corrupt('the end', `${this.#bytes.length - this.#at} more bytes`);
    }
  }

  corrupt(expected: string, got: string, cause?: unknown): SynclineError {
    return new SynclineError('STORED_CORRUPT', 'local', `stored ${this.#part} is damaged at byte ${this.#at}`, {
      data: { part: this.#part, offset: this.#at, expected, got },
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** A count of things that take at least `bytesMin` bytes each. */
  #lengthOf(bytesMin: number): number {
    const count = this.varint();
    const left = this.#bytes.length - this.#at;
    if (count * bytesMin > left) throw this.corrupt(`a count for ${left} bytes`, String(count));
    return count;
  }

  #feltInto(out: Uint8Array, offset: number): void {
    const token = this.byte();
    if (token <= SMALL_FELT_MAX) {
      out[offset + 31] = token;
    } else if (token < NEAR_TOKEN) {
      this.#literalInto(out, offset, token - LITERAL_TOKEN);
    } else {
      const at = this.#literals[this.#readReference(token)];
      if (at === undefined) throw this.corrupt('a reference to an earlier literal', 'another');
      const size = (this.#bytes[at] as number) - LITERAL_TOKEN; // a literal was read there
      this.#copy(at + 1, size, out, offset);
    }
  }

  #literalInto(out: Uint8Array, offset: number, size: number): void {
    const start = this.#at;
    if (start + size > this.#bytes.length) throw this.corrupt(`${size} bytes`, 'the end');
    const first = this.#bytes[start] as number; // a literal has at least one byte, and all are inside
    if (first === 0 || (size === 1 && first <= SMALL_FELT_MAX)) {
      throw this.corrupt('a felt in its shortest form', 'a longer one');
    }
    this.#copy(start, size, out, offset);
    if (size === 32 && first >= PRIME_FIRST_BYTE) this.#checkBelowPrime(out, offset);
    this.#at = start + size;
    if (size >= REFERABLE_BYTES_MIN && this.#literals.length < REFERABLE_LITERALS_MAX) this.#literals.push(start - 1);
  }

  #readReference(token: number): number {
    if (token < FAR_TOKEN) return (token - NEAR_TOKEN) * 2 ** 8 + this.byte();
    return NEAR_LITERALS + (token - FAR_TOKEN) * 2 ** 16 + this.byte() * 2 ** 8 + this.byte();
  }

  #copy(start: number, size: number, out: Uint8Array, offset: number): void {
    // A loop: for at most 32 bytes it beats `set(subarray())`, which makes an object for each felt.
    const shift = offset + 32 - size - start;
    for (let i = start; i < start + size; i++) out[i + shift] = this.#bytes[i] as number; // checked by the callers
  }

  #checkBelowPrime(out: Uint8Array, offset: number): void {
    try {
      feltFromBytes(out.subarray(offset, offset + 32));
    } catch (error) {
      throw this.corrupt('a field element', 'a larger number', error);
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** The prime's top byte; anything below it is canonical. */
const PRIME_FIRST_BYTE = 0x08;
