import { fromHex } from '../../lib/index.ts';

/**
 * Keccak-256 as the tries take it. The plain form is enough; the in-place form spares a view, an allocation and two
 * copies per node, and is what makes a WebAssembly kernel worth its call.
 */
export interface KeccakFunctions {
  /** The hash of `bytes`, 32 bytes, the caller's to keep. */
  readonly keccak: (bytes: Uint8Array) => Uint8Array;
  /**
   * Writes the hash of `input[start, end)` to `out[outStart, outStart + 32)`. The two may be parts of one buffer that do
   * not overlap, and either may be any memory: a kernel copies what is not its own.
   */
  readonly keccakInto?: KeccakInto;
}

export type KeccakInto = (input: Uint8Array, start: number, end: number, out: Uint8Array, outStart: number) => void;

/** Bytes of a hash. */
export const HASH_BYTES = 32;

/** keccak256(0x80), the root of a trie without leaves. A fresh buffer each time: the caller's to keep. */
export function emptyTrieRoot(): Uint8Array {
  return fromHex('56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421');
}

/** The in-place form, made from the plain one when there is no other. */
export function toKeccakInto({ keccak, keccakInto }: KeccakFunctions): KeccakInto {
  if (keccakInto !== undefined) return keccakInto;
  return (input, start, end, out, outStart) => out.set(keccak(input.subarray(start, end)), outStart);
}
