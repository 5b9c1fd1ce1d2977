import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '../../lib/index.ts';
import { requireInside, splitMessages } from './arguments.ts';
import { type KeccakHasher, SCRATCH_BYTES } from './keccak-hasher.ts';

/**
 * The plain twin of the kernel, over `@noble/hashes`: the oracle of its tests and the fallback where WebAssembly is
 * missing. Some 250,000 short messages a second, batch or no batch.
 */
export function createTypescriptKeccakHasher(): KeccakHasher {
  const hashMany = (messages: readonly Uint8Array[]): Uint8Array =>
    concatBytes(...messages.map((message) => keccak_256(message)));
  return {
    variant: 'typescript',
    hash: (message) => keccak_256(message),
    hashMany,
    hashFixed: (flat, messageBytes) => hashMany(splitMessages(flat, messageBytes)),
    hashInto: (input, start, end, out, outStart) => {
      requireInside(input, start, end, out, outStart);
      out.set(keccak_256(input.subarray(start, end)), outStart);
    },
    scratch: new Uint8Array(SCRATCH_BYTES),
  };
}
