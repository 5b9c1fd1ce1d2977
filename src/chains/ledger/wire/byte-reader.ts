import { SynclineError, toHex } from '../../../lib/index.ts';
import type { PartName } from '../types.ts';

/**
 * Walks over one part's bytes from the front. Integers are big-endian. Every read that would leave the bytes or
 * the bounds of its field throws `LEDGER_MALFORMED` (fault `peer`), so decoders need no checks of their own.
 */
export class ByteReader {
  readonly part: PartName;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(part: PartName, bytes: Uint8Array) {
    this.part = part;
    // A Buffer's own `slice` would give views where copies are promised.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes have been read. */
  get offset(): number {
    return this.#at;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(field, 1));
  }

  /** A count or length of at most `max`. */
  u16(field: string, max: number): number {
    return this.#bounded(field, this.#view.getUint16(this.#take(field, 2)), max);
  }

  /** A count of at most `max`. */
  u32(field: string, max: number): number {
    return this.#bounded(field, this.#view.getUint32(this.#take(field, 4)), max);
  }

  /** 64 bits that must be a safe integer. */
  u64(field: string): number {
    const at = this.#take(field, 8);
    const value = this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
    return this.#bounded(field, value, Number.MAX_SAFE_INTEGER);
  }

  /** 64 bits, all values. */
  bigU64(field: string): bigint {
    return this.#view.getBigUint64(this.#take(field, 8));
  }

  /** A copy of the next `length` bytes. */
  bytes(field: string, length: number): Uint8Array {
    const at = this.#take(field, length);
    return this.#bytes.slice(at, at + length);
  }

  /** The bytes in `[start, offset)`, as a view. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#at);
  }

  /** Nothing may follow. */
  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw malformed(this.part, 'length', `${this.#at} bytes`, `${this.#bytes.length} bytes`);
  }

  #take(field: string, length: number): number {
    const at = this.#at;
    const left = this.#bytes.length - at;
    if (length > left) throw malformed(this.part, field, `${length} bytes`, `${left} bytes`);
    this.#at = at + length;
    return at;
  }

  #bounded(field: string, value: number, max: number): number {
    if (value > max) throw malformed(this.part, field, `at most ${max}`, String(value));
    return value;
  }
}

/** The error for bytes that are not a part: `field` did not hold what the format asks for. */
export function malformed(part: PartName, field: string, expected: string, got: string | Uint8Array): SynclineError {
  return new SynclineError('LEDGER_MALFORMED', 'peer', `${part} does not decode at ${field}`, {
    data: {
      check: 'encoding',
      field,
      expected,
      got: typeof got === 'string' ? got : toHex(got),
      hash: null,
      parts: [part],
    },
  });
}
