import { SynclineError } from './error.ts';

/** Lower-case hex with `0x`, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/**
 * Reads hex of an even number of digits, with or without `0x`.
 * @throws {SynclineError} `HEX_MALFORMED` (fault `caller`).
 */
export function fromHex(text: string): Uint8Array {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new SynclineError('HEX_MALFORMED', 'caller', 'text is not whole bytes of hex', {
      data: { got: text.slice(0, 80) },
    });
  }
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

/** Byte order, shorter first when one is a prefix of the other: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number); // i < both lengths
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return concatAll(parts);
}

/** As `concatBytes`, for a list however long: arguments are bounded by the stack. */
export function concatAll(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function isZeroBytes(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

/** A number as 8 big-endian bytes, so that byte order is numeric order. Safe integers from 0. */
export function u64be(value: number): Uint8Array {
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  view.setUint32(0, Math.floor(value / 2 ** 32));
  view.setUint32(4, value >>> 0);
  return out;
}

/** Reads 8 big-endian bytes at `offset`. @throws {SynclineError} `INTEGER_UNSAFE` above 2^53 - 1. */
export function readU64be(bytes: Uint8Array, offset = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
  if (!Number.isSafeInteger(value)) {
    throw new SynclineError('INTEGER_UNSAFE', 'peer', 'integer above 2^53 - 1', { data: { got: toHex(bytes) } });
  }
  return value;
}
