import { createFeltHasher } from '../../crypto/index.ts';
import { isSynclineError, type SynclineError, toSynclineError } from '../../lib/index.ts';
import { type NetworkParams, parseNetwork } from './params.ts';
import { type Capture, type CheckResult, verifyCaptures } from './rules/index.ts';
import { readHashTable } from './rules-module.ts';
import {
  detectKind,
  type GatewayKind,
  parseBlock,
  parseBundle,
  parseJsonBytes,
  parseSignature,
  parseStateUpdate,
} from './wire/index.ts';

export interface CheckFile {
  /** Path or name; a number in it tells the height where the content does not. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface CheckOptions {
  /** A preset's name or a network's parameters. */
  readonly network: string | Partial<NetworkParams>;
  /** File with the published 0.13.2-form hashes of older blocks. */
  readonly hashTable?: string;
}

/** The verdict on one file. `ok` is false when a check failed, null when none could be made. */
export interface CheckFileResult {
  readonly file: string;
  readonly kind: GatewayKind | null;
  readonly ok: boolean | null;
  readonly checks: readonly (Omit<CheckResult, 'name'> & { readonly name: string })[];
  /** Why the file is not understood; then there are no checks. */
  readonly error?: string;
}

/**
 * Verifies captured gateway answers offline, files of one block with each other's help.
 *
 * @throws {SynclineError} `NETWORK_UNKNOWN`, `NETWORK_INVALID`, `HASH_TABLE_INVALID` (fault `caller`). A file that
 *   is false or not understood throws nothing: its result says so.
 */
export function checkFiles(files: readonly CheckFile[], options: CheckOptions): readonly CheckFileResult[] {
  const network = parseNetwork(options.network as Parameters<typeof parseNetwork>[0]);
  const hashTable = readHashTable(options.hashTable);
  const read = files.map(readCapture);
  const captures = read.flatMap((one) => ('capture' in one ? [one.capture] : []));
  const verdicts = verifyCaptures({ hasher: createFeltHasher(), network, captures, hashTable });
  const byCapture = new Map(captures.map((capture, i) => [capture, verdicts[i] ?? []]));
  return read.map((one, i) => {
    const { name: file } = files[i] as CheckFile; // read has one entry per file
    if ('result' in one) return { file, ...one.result };
    const checks = byCapture.get(one.capture) ?? [];
    return { file, kind: one.capture.kind, ok: overall(checks), checks };
  });
}

type Read = { readonly capture: Capture } | { readonly result: Omit<CheckFileResult, 'file'> };

function readCapture({ name, bytes }: CheckFile): Read {
  let kind: GatewayKind | null = null;
  try {
    const json = parseJsonBytes(bytes, name);
    kind = detectKind(json);
    const height = heightIn(name);
    switch (kind) {
      case 'block':
        return { capture: { kind, height, block: parseBlock(json) } };
      case 'state-update':
        return { capture: { kind, height, stateUpdate: parseStateUpdate(json) } };
      case 'state-update-with-block':
        return { capture: { kind, height, ...parseBundle(json) } };
      case 'signature':
        return { capture: { kind, height, signature: parseSignature(json) } };
      case 'class':
      case 'compiled-class':
      case 'storage-proof':
        return { result: notMade(kind, NOT_YET[kind], 'this version does not make this check yet') };
      case null:
        return { result: { kind, ok: null, checks: [], error: 'neither a block, a state update nor a signature' } };
    }
  } catch (error) {
    if (isSynclineError(error) && error.code === 'BLOCK_NOT_STORABLE' && kind !== null) {
      return { result: notMade(kind, 'block-hash', `${error.message}: such a block has no final hash`) };
    }
    return { result: { kind, ok: null, checks: [], error: describe(toSynclineError(error)) } };
  }
}

function notMade(kind: GatewayKind, name: string, reason: string): Omit<CheckFileResult, 'file'> {
  return { kind, ok: null, checks: [{ name, ok: null, reason }] };
}

const NOT_YET = { class: 'class-hash', 'compiled-class': 'compiled-class-hash', 'storage-proof': 'storage-proof' };

function overall(checks: readonly CheckResult[]): boolean | null {
  if (checks.some((check) => check.ok === false)) return false;
  return checks.some((check) => check.ok === true) ? true : null;
}

/** The last number in a file's name: `block/1059.json` is block 1059. */
function heightIn(name: string): number | null {
  const digits = /(\d+)\D*$/.exec(name.split('/').at(-1) ?? '')?.[1];
  const height = digits === undefined ? Number.NaN : Number(digits);
  return Number.isSafeInteger(height) ? height : null;
}

function describe(error: SynclineError): string {
  const { path, expected, got } = error.data;
  const where = typeof path === 'string' && path !== '' ? ` at ${path}` : '';
  const numbers = expected === undefined ? '' : ` (expected ${expected}, got ${got})`;
  return `${error.message}${where}${numbers}`;
}
