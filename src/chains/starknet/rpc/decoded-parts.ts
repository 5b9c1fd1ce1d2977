/**
 * Parts of blocks as they were decoded last. Whoever looks up a transaction mostly looks up others of its block, and a
 * new block is looked at by every subscriber: decoding it takes milliseconds, comparing its bytes microseconds.
 *
 * Nothing can be stale: what is kept counts only for the very bytes that it was made of. Bounded by the bytes that were
 * decoded, the part that was looked at least recently goes first.
 */
export class DecodedParts {
  readonly #parts = new Map<string, { readonly bytes: Uint8Array; readonly value: unknown }>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** What `decode` makes of the bytes; the same value for the same bytes, so it must not be changed. */
  decode<T>(
    { part, height, bytes }: { readonly part: string; readonly height: number; readonly bytes: Uint8Array },
    decode: (bytes: Uint8Array) => T,
  ): T {
    const key = `${part} ${height}`;
    const found = this.#parts.get(key);
    this.#drop(key);
    const isSame = found !== undefined && (found.bytes === bytes || Buffer.compare(found.bytes, bytes) === 0);
    const value = isSame ? (found.value as T) : decode(bytes); // made by the decoder of this part
    this.#parts.set(key, { bytes, value });
    this.#bytes += bytes.length;
    for (const oldest of this.#parts.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(oldest);
    }
    return value;
  }

  #drop(key: string): void {
    this.#bytes -= this.#parts.get(key)?.bytes.length ?? 0;
    this.#parts.delete(key);
  }
}

/** Chosen: some ten large blocks. Decoded they take up to twenty times as much. */
const BYTES_MAX = 1024 * 1024;
