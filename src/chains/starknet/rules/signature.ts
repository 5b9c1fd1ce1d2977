import { createStarkVerifier, type FeltHasher } from '../../../crypto/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import { feltToHex, joinFelts, parseFelt } from '../felt.ts';
import type { NetworkParams } from '../params.ts';
import type { BlockSignature, Felt, Header } from '../types.ts';
import { type CheckResult, undecided } from './check-result.ts';
import { poseidonArray } from './hashing.ts';

/**
 * What the sequencer signed: the block hash, or in the older form the Poseidon array hash of the block hash and the
 * older state diff commitment. The form of the gateway's answer decides, not the block's age: old blocks were signed
 * anew later.
 * @see https://community.starknet.io/t/introducing-p2p-authentication-and-mismatch-resolution-in-v0-12-2/97993
 */
export function signatureMessage(hasher: FeltHasher, signature: BlockSignature): Felt {
  switch (signature.form) {
    case 'block-hash':
      return signature.blockHash;
    case 'block-hash-and-diff':
      return poseidonArray(hasher, joinFelts(signature.blockHash, signature.stateDiffCommitment));
  }
}

/** Tells whether the network's key signed a message. */
export type SignatureVerifier = ReturnType<typeof createStarkVerifier>;

/** Prepares the network's key, which is half the work of a verification; null where no key is known. */
export function createSignatureVerifier(network: NetworkParams): SignatureVerifier | null {
  return network.publicKey === null ? null : createStarkVerifier({ publicKeyX: parseFelt(network.publicKey) });
}

/**
 * Checks a block signature against the network's key, and that it belongs to the block when there is one.
 * @param verify The prepared key, for callers with many signatures.
 * @returns `ok: null` where no key of the network is known.
 */
export function checkSignature(
  hasher: FeltHasher,
  network: NetworkParams,
  signature: BlockSignature,
  header: Header | null,
  verify: SignatureVerifier | null = createSignatureVerifier(network),
): CheckResult {
  const name = 'signature';
  if (header !== null && !equalBytes(signature.blockHash, header.hash)) {
    const stated = { expected: feltToHex(header.hash), got: feltToHex(signature.blockHash) };
    return { name, ok: false, ...stated, reason: 'the signature names another block' };
  }
  if (header !== null && signature.form === 'block-hash-and-diff' && signature.blockNumber !== header.number) {
    const stated = { expected: String(header.number), got: String(signature.blockNumber) };
    return { name, ok: false, ...stated, reason: 'the signature names another height' };
  }
  if (verify === null) return undecided(name, `no public key of ${network.name} is known`);
  const messageHash = signatureMessage(hasher, signature);
  const { r, s } = signature;
  const ok = verify({ messageHash, r, s });
  const result = { name, ok, expected: `a signature of ${feltToHex(messageHash)} by ${network.publicKey}` } as const;
  return ok ? result : { ...result, got: `${feltToHex(r)}, ${feltToHex(s)}`, reason: 'the signature does not verify' };
}
