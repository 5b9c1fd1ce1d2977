import { describe, expect, it } from 'vitest';
import { detectKind } from './detect-kind.ts';

describe('detectKind', () => {
  it.each([
    ['block', { block_hash: '0x1', block_number: 1 }],
    ['block', { status: 'PENDING', parent_block_hash: '0x1', transactions: [] }],
    ['block', { status: 'PRE_CONFIRMED', transactions: [], transaction_state_diffs: [] }],
    ['state-update', { old_root: '0x1', state_diff: {} }],
    ['state-update-with-block', { block: {}, state_update: {}, signature: [] }],
    ['class', { sierra_program: [], entry_points_by_type: {}, abi: '' }],
    ['class', { program: {}, entry_points_by_type: { EXTERNAL: [{ selector: '0x1', offset: 1 }] }, abi: null }],
    ['compiled-class', { bytecode: [], entry_points_by_type: {}, prime: '0x1' }],
    ['compiled-class', { program: {}, entry_points_by_type: { EXTERNAL: [{ selector: '0x1', builtins: [] }] } }],
    ['signature', { block_hash: '0x1', signature: [] }],
    ['signature', { block_number: 1, signature: [], signature_input: {} }],
    ['storage-proof', { classes_proof: [], contracts_proof: {}, global_roots: {} }],
    ['storage-proof', { jsonrpc: '2.0', id: 1, result: { classes_proof: [], contracts_proof: {} } }],
    ['storage-proof', { state_commitment: '0x1', contract_proof: [] }],
    [null, { code: 'StarknetErrorCode.BLOCK_NOT_FOUND', message: 'no' }],
    [null, { jsonrpc: '2.0', id: 1, result: { block_hash: '0x1', block_number: 1 } }],
    [null, { jsonrpc: '2.0', id: 1, error: {} }],
    [null, '0x52934be5'],
    [null, []],
    [null, null],
    [null, {}],
    [null, 5],
    [null, Object.create({ block_hash: '0x1', block_number: 1 })],
  ])('tells %s by content', (kind, json) => {
    expect(detectKind(json)).toBe(kind);
  });
});
