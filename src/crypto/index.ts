export { createFeltHasher } from './create-felt-hasher.ts';
export type { FeltErrorCode } from './felt-bytes.ts';
export type { FeltHasher } from './felt-hasher.ts';
export {
  createStarkVerifier,
  type StarkSignature,
  type StarkSignatureErrorCode,
  signStark,
  starkPublicKeyX,
  verifyStarkSignature,
} from './stark-signature.ts';
export { keccak256, starknetKeccak } from './starknet-keccak.ts';
export { createTypescriptHasher } from './typescript-hasher.ts';
