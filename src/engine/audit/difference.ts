import { equalBytes, isSynclineError, type SynclineError, toHex, toSynclineError } from '../../lib/index.ts';
import type { Table } from '../store.ts';
import type { AuditVerdict } from './chain-audit.ts';

/** Something in a store that is not as it must be. */
export interface AuditDifference {
  /** Of the block in question, null where it is none's in particular. */
  readonly height: number | null;
  readonly check: string;
  readonly expected: string | null;
  readonly got: string | null;
  /** The record in question: its table, and its key as hex. */
  readonly table: Table | null;
  readonly key: string | null;
  readonly reason: string | null;
}

/** Thrown inside an audit to end it at the first difference; never leaves it. */
export class DifferenceFound extends Error {
  readonly difference: AuditDifference;

  constructor(difference: AuditDifference) {
    super(difference.check);
    this.difference = difference;
  }
}

export function differs(found: Partial<AuditDifference> & Pick<AuditDifference, 'check'>): DifferenceFound {
  return new DifferenceFound({
    height: null,
    expected: null,
    got: null,
    table: null,
    key: null,
    reason: null,
    ...found,
  });
}

/** A record, by where it stands. */
export interface RecordPlace {
  readonly table: Table;
  readonly key: Uint8Array;
  readonly height?: number | null;
  /** Default: the table's name. */
  readonly check?: string;
}

/** A record that does not have the bytes it must have; `null` stands for no record. */
export function recordDiffers(
  { table, key, height = null, check = table }: RecordPlace,
  expected: Uint8Array | string | null,
  got: Uint8Array | string | null,
): DifferenceFound {
  const shown =
    typeof expected === 'string' || typeof got === 'string' ? [show(expected), show(got)] : both(expected, got);
  return differs({ check, height, table, key: toHex(key), expected: shown[0] ?? null, got: shown[1] ?? null });
}

/** @throws {DifferenceFound} unless the record has these bytes. */
export function requireRecord(place: RecordPlace, expected: Uint8Array | null, got: Uint8Array | undefined): void {
  if (expected === null ? got === undefined : got !== undefined && equalBytes(expected, got)) return;
  throw recordDiffers(place, expected, got ?? null);
}

/** Decodes a record. @throws {DifferenceFound} when it does not decode. */
export function decodeRecord<T>(place: RecordPlace, bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T {
  try {
    return decode(bytes);
  } catch (thrown) {
    // A TypeError is JSON of another shape than the decoder takes for granted.
    if (!isSynclineError(thrown) && !(thrown instanceof TypeError)) throw thrown;
    throw recordDiffers(place, 'a record that can be read', bytes);
  }
}

/** What rules and tries throw for damage, as a difference. */
export function fromError(error: SynclineError, check: string, height: number | null): DifferenceFound {
  const { expected, got, key } = error.data;
  return differs({
    check,
    height,
    key: textOrNull(key),
    expected: textOrNull(expected),
    got: textOrNull(got),
    reason: error.message,
  });
}

/** @throws {DifferenceFound} when the verdict is negative. */
export function requireVerdict(
  verdict: AuditVerdict,
  place: { readonly table: Table; readonly key?: Uint8Array; readonly height?: number },
): void {
  if (verdict.ok !== false) return;
  throw differs({
    check: verdict.check,
    height: place.height ?? null,
    table: place.table,
    key: place.key === undefined ? null : toHex(place.key),
    expected: verdict.expected ?? null,
    got: verdict.got ?? null,
    reason: verdict.reason ?? null,
  });
}

/** The difference behind what was thrown, null for none. Errors that are not ours to judge are thrown on. */
export function caught(thrown: unknown): AuditDifference {
  if (thrown instanceof DifferenceFound) return thrown.difference;
  throw toSynclineError(thrown);
}

function show(bytes: Uint8Array | string | null): string {
  if (bytes === null) return 'no record';
  if (typeof bytes === 'string') return bytes;
  const head = toHex(bytes.subarray(0, SHOWN_BYTES_MAX));
  return bytes.length <= SHOWN_BYTES_MAX ? head : `${head}… (${bytes.length} bytes)`;
}

/** Long values are shown from where they first differ. */
function both(expected: Uint8Array | null, got: Uint8Array | null): readonly [string, string] {
  if (expected === null || got === null || Math.max(expected.length, got.length) <= SHOWN_BYTES_MAX) {
    return [show(expected), show(got)];
  }
  let at = 0;
  while (at < expected.length && at < got.length && expected[at] === got[at]) at++;
  const from = (bytes: Uint8Array) =>
    `${bytes.length} bytes, from byte ${at} ${toHex(bytes.subarray(at, at + SHOWN_BYTES_MAX / 2))}`;
  return [from(expected), from(got)];
}

function textOrNull(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value);
}

/** A page or block part would fill the screen. */
const SHOWN_BYTES_MAX = 72;
