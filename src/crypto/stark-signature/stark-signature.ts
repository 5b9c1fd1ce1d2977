import { SynclineError, toHex } from '../../lib/index.ts';
import { scureStarknet } from '../scure-starknet.ts';
import { createPointSums } from './create-point-sums.ts';
import type { CurvePoint, PointSums } from './point-sums.ts';
import { StarkPoint } from './stark-curve.ts';
import { createTypescriptPointSums } from './typescript-point-sums.ts';

/** What the signing functions throw, with fault `caller`. */
export type StarkSignatureErrorCode =
  /** A private key is not in [1, N). */
  | 'STARK_PRIVATE_KEY_INVALID'
  /** A message hash to sign is 2^251 or more. */
  | 'STARK_MESSAGE_OUT_OF_RANGE'
  /** A value is not 32 bytes long. */
  | 'STARK_VALUE_LENGTH';

/** An ECDSA signature over the STARK curve; each part 32 bytes, big-endian. */
export interface StarkSignature {
  readonly r: Uint8Array;
  readonly s: Uint8Array;
}

/**
 * Verifies an ECDSA signature over the STARK curve, as sequencers put it under a block hash. The public key is given
 * by its x alone, so the signature is good if it fits either of the two points with that x.
 *
 * @param messageHash Signed value z, 32 bytes big-endian; signatures over 2^251 and more do not exist.
 * @param publicKeyX  x of the public key, 32 bytes big-endian.
 * @returns False for anything that is not a valid signature: ranges, a key that is no x on the curve, other numbers.
 * @throws {SynclineError} `STARK_VALUE_LENGTH`.
 * @see https://docs.starkware.co/starkex/crypto/stark-curve.html; cairo-lang `signature.py`, `verify`.
 */
export function verifyStarkSignature(
  signed: StarkSignature & { readonly messageHash: Uint8Array; readonly publicKeyX: Uint8Array },
): boolean {
  const key = liftX(readInteger('publicKeyX', signed.publicKeyX));
  return isSigned(signed, () => (key === null ? null : createTypescriptPointSums(key)));
}

/**
 * `verifyStarkSignature` for many signatures of one key: the key's y is found once, and the first signature brings tables
 * of multiples, for which the verifier takes 640 KiB. Then a signature takes some 40 us, and 350 without WebAssembly,
 * where a single one takes 3 ms.
 * @throws {SynclineError} `STARK_VALUE_LENGTH`, here for the key and in the verifier for its values.
 */
export function createStarkVerifier({
  publicKeyX,
}: {
  readonly publicKeyX: Uint8Array;
}): (signed: StarkSignature & { readonly messageHash: Uint8Array }) => boolean {
  const key = liftX(readInteger('publicKeyX', publicKeyX));
  let sums: PointSums | null = null;
  return (signed) =>
    isSigned(signed, () => {
      if (key !== null) sums ??= createPointSums(key);
      return sums;
    });
}

/** Verifies with the sums of a key, which are asked for once the numbers are in range; null for a key that is none. */
function isSigned(
  { messageHash, r: rBytes, s: sBytes }: StarkSignature & { readonly messageHash: Uint8Array },
  sumsOfKey: () => PointSums | null,
): boolean {
  const { Fn } = StarkPoint;
  const z = readInteger('messageHash', messageHash);
  const r = readInteger('r', rBytes);
  const s = readInteger('s', sBytes);
  if (z >= MESSAGE_LIMIT || !Fn.isValidNot0(r) || !Fn.isValidNot0(s)) return false;
  const w = Fn.inv(s);
  return sumsOfKey()?.haveX({ x: r, timesGenerator: Fn.mul(z, w), timesKey: Fn.mul(r, w) }) ?? false;
}

/**
 * Signs a message hash, with the nonce of RFC 6979: the same inputs give the same signature. Not constant-time in
 * any strict sense: for development networks.
 *
 * @param messageHash Value to sign, 32 bytes big-endian, below 2^251.
 * @param privateKey  32 bytes big-endian, in [1, N).
 * @throws {SynclineError} `STARK_MESSAGE_OUT_OF_RANGE`, `STARK_PRIVATE_KEY_INVALID`, `STARK_VALUE_LENGTH`.
 */
export function signStark({
  messageHash,
  privateKey,
}: {
  readonly messageHash: Uint8Array;
  readonly privateKey: Uint8Array;
}): StarkSignature {
  readPrivateKey(privateKey);
  if (readInteger('messageHash', messageHash) >= MESSAGE_LIMIT) {
    throw signatureError('STARK_MESSAGE_OUT_OF_RANGE', 'message hash is not below 2^251', { got: toHex(messageHash) });
  }
  const { r, s } = scureStarknet().sign(messageHash, privateKey);
  return { r: StarkPoint.Fn.toBytes(r), s: StarkPoint.Fn.toBytes(s) };
}

/**
 * x of the public key of `privateKey` (32 bytes big-endian, in [1, N)), as 32 bytes big-endian.
 * @throws {SynclineError} `STARK_PRIVATE_KEY_INVALID`, `STARK_VALUE_LENGTH`.
 */
export function starkPublicKeyX(privateKey: Uint8Array): Uint8Array {
  return StarkPoint.Fp.toBytes(StarkPoint.BASE.multiply(readPrivateKey(privateKey)).x);
}

/** One of the two points with this x, or null if the curve has none. */
function liftX(x: bigint): CurvePoint | null {
  const { Fp } = StarkPoint;
  if (!Fp.isValid(x)) return null;
  const { a, b } = StarkPoint.CURVE(); // y² = x³ + a·x + b
  const square = Fp.add(Fp.mul(Fp.add(Fp.sqr(x), a), x), b);
  try {
    return StarkPoint.fromAffine({ x, y: Fp.sqrt(square) });
  } catch {
    return null; // No square root: x belongs to the twist.
  }
}

function readPrivateKey(bytes: Uint8Array): bigint {
  const key = readInteger('privateKey', bytes);
  // The value is a secret and stays out of the error.
  if (!StarkPoint.Fn.isValidNot0(key))
    throw signatureError('STARK_PRIVATE_KEY_INVALID', 'private key is not in [1, N)');
  return key;
}

function readInteger(name: string, bytes: Uint8Array): bigint {
  if (bytes.length !== 32) {
    throw signatureError('STARK_VALUE_LENGTH', `${name} is not 32 bytes`, { got: bytes.length });
  }
  return BigInt(toHex(bytes));
}

function signatureError(
  code: StarkSignatureErrorCode,
  message: string,
  data: Record<string, string | number> = {},
): SynclineError {
  return new SynclineError(code, 'caller', message, { data });
}

/** Message hashes are field elements of at most 251 bits; see `signature.py`, N_ELEMENT_BITS_ECDSA. */
const MESSAGE_LIMIT = 2n ** 251n;
