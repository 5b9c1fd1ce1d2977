import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { PlainData } from '../../engine/index.ts';
import { createRules } from './rules-module.ts';

const folder = mkdtempSync(join(tmpdir(), 'syncline-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the rules module', () => {
  test('makes rules for a preset, a policy and a hash table', () => {
    const hashTableFile = join(folder, 'table.bin');
    writeFileSync(hashTableFile, new Uint8Array(64));
    const rules = createRules({ network: 'starknet-sepolia', signaturePolicy: 'warn', hashTableFile });
    expect(rules.needs).toEqual(expect.any(Function));
    expect(createRules({ network: { name: 'mine' } })).toBeDefined();
  });

  const half = join(folder, 'half.bin');
  writeFileSync(half, new Uint8Array(33));
  const refused: readonly (readonly [string, PlainData])[] = [
    ['STARKNET_OPTIONS_INVALID', null],
    ['NETWORK_INVALID', {}],
    ['NETWORK_UNKNOWN', { network: 'mainnet' }],
    ['STARKNET_OPTIONS_INVALID', { network: 'starknet-mainnet', signaturePolicy: 'maybe' }],
    ['STARKNET_OPTIONS_INVALID', { network: 'starknet-mainnet', hashTableFile: 7 }],
    ['HASH_TABLE_INVALID', { network: 'starknet-mainnet', hashTableFile: join(folder, 'none.bin') }],
    ['HASH_TABLE_INVALID', { network: 'starknet-mainnet', hashTableFile: half }],
  ];
  test.each(refused)('refuses with %s options it does not understand: %j', (code, options) => {
    expect(() => createRules(options)).toThrow(expect.objectContaining({ code, fault: 'caller' }));
  });
});
