import { type BlockSignature, type Felt, feltToHex } from '../../chains/starknet/index.ts';
import { signStark, starkPublicKeyX } from '../../crypto/index.ts';
import { createDevnetRandom } from './random.ts';

/** The sequencer's key. Its secret follows from the seed, so it protects nothing. */
export interface SigningKey {
  /** x of the public key, canonical hex, as `get_public_key` answers it. */
  readonly publicKey: string;
  /** Signs a block hash; the same signature each time. */
  sign(blockHash: Felt): BlockSignature;
}

export function createSigningKey(seed: number): SigningKey {
  const privateKey = createDevnetRandom(`seed ${seed} key`).felt(); // zero with a chance of 2^-251
  return {
    publicKey: feltToHex(starkPublicKeyX(privateKey)),
    sign(blockHash) {
      const { r, s } = signStark({ messageHash: blockHash, privateKey });
      return { form: 'block-hash', blockHash, r: r as Felt, s: s as Felt }; // s is below the curve order, hence below P
    },
  };
}
