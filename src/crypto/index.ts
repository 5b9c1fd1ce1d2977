export type { Blake2sHasher } from './blake2s/blake2s-hasher.ts';
export { createBlake2sHasher } from './blake2s/create-blake2s-hasher.ts';
export { createTypescriptBlake2sHasher } from './blake2s/typescript-blake2s-hasher.ts';
export { createFeltHasher } from './create-felt-hasher.ts';
export type { FeltErrorCode } from './felt-bytes.ts';
export type { FeltHasher } from './felt-hasher.ts';
export { createKeccakHasher } from './keccak/create-keccak-hasher.ts';
export type { KeccakErrorCode, KeccakHasher } from './keccak/keccak-hasher.ts';
export { createTypescriptKeccakHasher } from './keccak/typescript-keccak-hasher.ts';
export type { FieldErrorCode } from './poseidon2/bn254-field.ts';
export { createPoseidon2Hasher } from './poseidon2/create-poseidon2-hasher.ts';
export { createFieldSponge, type FieldSponge } from './poseidon2/field-sponge.ts';
export type { Poseidon2Hasher } from './poseidon2/poseidon2-hasher.ts';
export { createTypescriptPoseidon2Hasher } from './poseidon2/typescript-poseidon2-hasher.ts';
export {
  createStarkVerifier,
  type StarkSignature,
  type StarkSignatureErrorCode,
  signStark,
  starkPublicKeyX,
  verifyStarkSignature,
} from './stark-signature/stark-signature.ts';
export { keccak256, starknetKeccak } from './starknet-keccak.ts';
export { createTypescriptHasher } from './typescript-hasher.ts';
