import { equalBytes } from '../../../lib/index.ts';
import type { ClassKind, CompiledClassForm } from '../classes/index.ts';
import { feltToHex } from '../felt.ts';
import type { Felt } from '../types.ts';
import type { BlockHashForm } from './block-hash.ts';

/** What can be recomputed of a block, its state update and its signature, or of a class. */
export type CheckName =
  | 'transaction-hashes'
  | 'transaction-commitment'
  | 'event-commitment'
  | 'receipt-commitment'
  | 'state-diff-commitment'
  | 'state-diff-length'
  | 'block-hash'
  | 'signature'
  | 'class-hash'
  | 'compiled-class-hash';

/**
 * A verdict. `ok` is null when the protocol, or what was given, does not allow the check; the reason then says why.
 * `expected` is what is stated, `got` what was computed; both are canonical hex where they are hashes.
 */
export interface CheckResult {
  readonly name: CheckName;
  readonly ok: boolean | null;
  readonly expected?: string;
  readonly got?: string;
  /** Which form of the block hash, class hash or compiled class hash the numbers belong to. */
  readonly form?: BlockHashForm | ClassKind | CompiledClassForm;
  readonly reason?: string;
}

/** Equal felts pass, different ones fail. */
export function compareFelts(
  name: CheckName,
  { expected, got }: { readonly expected: Felt; readonly got: Felt },
): CheckResult {
  return { name, ok: equalBytes(expected, got), expected: feltToHex(expected), got: feltToHex(got) };
}

/** A check that cannot be made, with what was computed if anything was. */
export function undecided(name: CheckName, reason: string, got?: Felt | string): CheckResult {
  if (got === undefined) return { name, ok: null, reason };
  return { name, ok: null, got: typeof got === 'string' ? got : feltToHex(got), reason };
}

/** The same numbers, but a difference decides nothing. */
export function advisory(result: CheckResult, reason: string): CheckResult {
  return result.ok === false ? { ...result, ok: null, reason } : result;
}
