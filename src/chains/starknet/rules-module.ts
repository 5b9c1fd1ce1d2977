import { readFileSync } from 'node:fs';
import type { ChainRules, PlainData } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import { parseNetwork } from './params.ts';
import { createStarknetRules, type SignaturePolicy } from './rules/index.ts';

/**
 * What a worker loads: reads the hash table, then makes the rules, which do no I/O themselves.
 *
 * @param options `{ network, signaturePolicy?, hashTableFile? }`: a preset's name or an object of `NetworkParams`;
 *   `warn` or `fail` (default); a file of 32-byte hashes by block number.
 * @throws {SynclineError} `NETWORK_UNKNOWN`, `NETWORK_INVALID`, `STARKNET_OPTIONS_INVALID`, `HASH_TABLE_INVALID` (all
 *   fault `caller`).
 */
export function createRules(options: PlainData): ChainRules {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw invalid('options', options);
  const { network, signaturePolicy, hashTableFile } = options as Readonly<Record<string, PlainData | undefined>>;
  return createStarknetRules({
    network: parseNetwork(network),
    signaturePolicy: parsePolicy(signaturePolicy),
    hashTable: readHashTable(hashTableFile),
  });
}

function parsePolicy(value: PlainData | undefined): SignaturePolicy {
  if (value === undefined || value === null) return 'fail';
  if (value === 'warn' || value === 'fail') return value;
  throw invalid('signaturePolicy', value);
}

/** @throws {SynclineError} `HASH_TABLE_INVALID` (fault `caller`). */
export function readHashTable(file: PlainData | undefined): Uint8Array | null {
  if (file === undefined || file === null) return null;
  if (typeof file !== 'string') throw invalid('hashTableFile', file);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new SynclineError('HASH_TABLE_INVALID', 'caller', 'the hash table cannot be read', { data: { file }, cause });
  }
  if (bytes.length === 0 || bytes.length % 32 !== 0) {
    const data = { file, expected: 'hashes of 32 bytes', got: `${bytes.length} bytes` };
    throw new SynclineError('HASH_TABLE_INVALID', 'caller', 'the hash table is not whole hashes', { data });
  }
  return bytes;
}

function invalid(field: string, got: PlainData | undefined): SynclineError {
  return new SynclineError('STARKNET_OPTIONS_INVALID', 'caller', 'an option of the Starknet rules is malformed', {
    data: { field, got: JSON.stringify(got)?.slice(0, 200) ?? 'undefined' },
  });
}
