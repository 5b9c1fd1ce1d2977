export * from './felt.ts';
export { compareVersions, devnetParams, NETWORKS, type NetworkParams, parseNetwork } from './params.ts';
export type { SierraCompiler } from './sources/index.ts';
export { type StarknetOptions, starknet } from './starknet.ts';
export type * from './types.ts';
export {
  type ProvenContract,
  type ProvenState,
  type StorageProofQuery,
  verifyStorageProof,
} from './verify-storage-proof.ts';
