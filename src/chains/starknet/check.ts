import { createFeltHasher } from '../../crypto/index.ts';
import { isSynclineError, SynclineError, toSynclineError } from '../../lib/index.ts';
import { parseClass, parseCompiledClass } from './classes/index.ts';
import { parseFelt } from './felt.ts';
import { isVersion, type NetworkParams, parseNetwork } from './params.ts';
import { type Capture, type CheckResult, verifyCaptures } from './rules/index.ts';
import { readHashTable } from './rules-module.ts';
import type { Block, Felt } from './types.ts';
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
  /**
   * Path or name; a number in it tells the height where the content does not, and the last `0x…` in it the class hash.
   */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface CheckOptions {
  /** A preset's name or a network's parameters. */
  readonly network: string | Partial<NetworkParams>;
  /** File with the published 0.13.2-form hashes of older blocks. */
  readonly hashTable?: string;
  /** What every class or compiled class among the files has to hash to, `0x…`. */
  readonly expect?: string;
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
 * @throws {SynclineError} `NETWORK_UNKNOWN`, `NETWORK_INVALID`, `HASH_TABLE_INVALID`, `EXPECT_INVALID` (fault
 *   `caller`). A file that is false or not understood throws nothing: its result says so.
 */
export function checkFiles(files: readonly CheckFile[], options: CheckOptions): readonly CheckFileResult[] {
  const network = parseNetwork(options.network as Parameters<typeof parseNetwork>[0]);
  const hashTable = readHashTable(options.hashTable);
  const expected = parseExpected(options.expect);
  const read = files.map((file) => readCapture(file, expected));
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

function readCapture({ name, bytes }: CheckFile, expected: Felt | null): Read {
  let kind: GatewayKind | null = null;
  try {
    const json = parseJsonBytes(bytes, name);
    kind = detectKind(json);
    const height = heightIn(name);
    switch (kind) {
      case 'block':
        return { capture: { kind, height, block: ofSomeVersion(parseBlock(json)) } };
      case 'state-update':
        return { capture: { kind, height, stateUpdate: parseStateUpdate(json) } };
      case 'state-update-with-block': {
        const bundle = parseBundle(json);
        ofSomeVersion(bundle.block);
        return { capture: { kind, height, ...bundle } };
      }
      case 'signature':
        return { capture: { kind, height, signature: parseSignature(json) } };
      case 'class':
        return { capture: { kind, definition: parseClass(bytes, name), expected: expected ?? hashIn(name) } };
      case 'compiled-class':
        return { capture: { kind, compiled: parseCompiledClass(bytes, name), classHash: hashIn(name), expected } };
      case 'storage-proof':
        return { result: notMade(kind, 'storage-proof', 'this version does not make this check yet') };
      case null:
        return {
          result: { kind, ok: null, checks: [], error: 'neither a block, a state update, a signature nor a class' },
        };
    }
  } catch (error) {
    if (isSynclineError(error) && error.code === 'BLOCK_NOT_STORABLE' && kind !== null) {
      return { result: notMade(kind, 'block-hash', `${error.message}: such a block has no final hash`) };
    }
    return { result: { kind, ok: null, checks: [], error: describe(toSynclineError(error)) } };
  }
}

/** What is hashed depends on the version. @throws {SynclineError} `VERSION_MALFORMED` (fault `peer`). */
function ofSomeVersion(block: Block): Block {
  const { version: got } = block.header;
  if (isVersion(got)) return block;
  throw new SynclineError('VERSION_MALFORMED', 'peer', 'protocol version is not dotted numbers', {
    data: { path: 'block.starknet_version', expected: 'dotted numbers', got },
  });
}

function notMade(kind: GatewayKind, name: string, reason: string): Omit<CheckFileResult, 'file'> {
  return { kind, ok: null, checks: [{ name, ok: null, reason }] };
}

function overall(checks: readonly CheckResult[]): boolean | null {
  if (checks.some((check) => check.ok === false)) return false;
  return checks.some((check) => check.ok === true) ? true : null;
}

/** The last `0x…` in a file's name: `class/0x1a2b.json` is class 0x1a2b. */
function hashIn(name: string): Felt | null {
  const text = /^.*(0x[0-9a-fA-F]{1,64})(?![0-9a-fA-F])/.exec(name.split('/').at(-1) ?? '')?.[1];
  return text === undefined ? null : parseFelt(text);
}

function parseExpected(text: string | undefined): Felt | null {
  if (text === undefined) return null;
  try {
    return parseFelt(text);
  } catch (cause) {
    const data = { expected: '0x and 1 to 64 hex digits', got: text.slice(0, 80), exitCode: 2 };
    throw new SynclineError('EXPECT_INVALID', 'caller', 'the expected hash is not a field element', { data, cause });
  }
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
