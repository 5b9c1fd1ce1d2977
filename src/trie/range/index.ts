export { type BinaryRangeOptions, createBinaryRangeVerifier, verifyBinaryRange } from './binary-range-proof.ts';
export type { RangeErrorCode } from './errors.ts';
export { nextKey } from './key-interval.ts';
export { type BinaryRangeRequest, proveBinaryRange } from './prove-binary-range.ts';
export type {
  ProvenRange,
  RangeClaim,
  RangeLeaves,
  RangeProofVerifier,
  RangeRequest,
  VerifiedRange,
} from './range-proof-verifier.ts';
