import { equalBytes } from '../../lib/index.ts';
import type { FinalClaim } from '../source.ts';
import type { Hash32 } from '../types.ts';

/** A claim that waits for our block at its height, with the id of the source that makes it. */
export interface PendingClaim {
  readonly source: string;
  readonly claim: FinalClaim;
}

/**
 * Adds a claim to those that wait, ascending by height; one that says the same as another is not kept twice. When
 * there are too many, the one below the highest goes: the low ones are compared first, the highest says most.
 */
export function addPending(
  pending: readonly PendingClaim[],
  added: PendingClaim,
  countMax = PENDING_MAX,
): readonly PendingClaim[] {
  if (pending.some(({ claim }) => sameClaim(claim, added.claim))) return pending;
  const at = pending.findIndex(({ claim }) => claim.height > added.claim.height);
  const grown = at === -1 ? [...pending, added] : [...pending.slice(0, at), added, ...pending.slice(at)];
  return grown.length <= countMax ? grown : [...grown.slice(0, -2), ...grown.slice(-1)];
}

/** Whether two claims say the same about the same height, wherever they were read. */
export function sameClaim(a: FinalClaim, b: FinalClaim): boolean {
  return a.height === b.height && sameHash(a.hash, b.hash) && sameHash(a.stateRoot, b.stateRoot);
}

function sameHash(a: Hash32 | null, b: Hash32 | null): boolean {
  return a === null || b === null ? a === b : equalBytes(a, b);
}

/** An anchor makes a claim every few minutes at most, and what it claimed during a first sync need not all be kept. */
export const PENDING_MAX = 64;
