export { type ClaimVerdict, type Contradicted, judgeClaim, type Remedy, remedyFor, type StoredBlock } from './judge.ts';
export { addPending, PENDING_MAX, type PendingClaim, sameClaim } from './pending.ts';
