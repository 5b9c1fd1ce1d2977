import { describe, expect, it } from 'vitest';
import { isSynclineError } from '../../../lib/index.ts';
import { FELT_ZERO, feltFromNumber } from '../felt.ts';
import { parseBundle } from './parse-bundle.ts';
import { parseBareSignature, parseSignature } from './parse-signature.ts';
import { parseStateUpdate } from './parse-state-update.ts';

const felt = feltFromNumber;
const update = { block_hash: '0x1', new_root: '0x2', old_root: '0x0', state_diff: {} };
const withDiff = (diff: unknown) => ({ ...update, state_diff: diff });

describe('parseStateUpdate', () => {
  it('takes missing lists for empty ones', () => {
    expect(parseStateUpdate(update)).toEqual({
      blockHash: felt(1),
      newRoot: felt(2),
      oldRoot: FELT_ZERO,
      stateDiff: {
        storageDiffs: [],
        nonces: [],
        deployedContracts: [],
        replacedClasses: [],
        oldDeclaredContracts: [],
        declaredClasses: [],
        migratedCompiledClasses: [],
      },
    });
  });

  it('reads roots without 0x as hex', () => {
    const bare = parseStateUpdate({ ...update, new_root: '10', old_root: '0'.repeat(64) });
    expect(bare).toMatchObject({ newRoot: felt(16), oldRoot: FELT_ZERO });
  });

  it('reads the names of before 0.9', () => {
    const old = { deployed_contracts: [{ address: '0x1', contract_hash: '0x2' }], declared_contracts: ['0x3'] };
    expect(parseStateUpdate(withDiff(old)).stateDiff).toMatchObject({
      deployedContracts: [{ address: felt(1), classHash: felt(2) }],
      oldDeclaredContracts: [felt(3)],
    });
  });

  it('keeps the order of addresses and of entries, repeated keys included', () => {
    const storage = '{"0x2":[{"key":"0x9","value":"0x1"},{"key":"0x9","value":"0x2"}],"0x1":[]}';
    const { storageDiffs } = parseStateUpdate(withDiff({ storage_diffs: JSON.parse(storage) })).stateDiff;
    expect(storageDiffs).toEqual([
      {
        address: felt(2),
        entries: [
          { key: felt(9), value: felt(1) },
          { key: felt(9), value: felt(2) },
        ],
      },
      { address: felt(1), entries: [] },
    ]);
  });

  it('refuses one address written in two ways', () => {
    expect(errorOf(withDiff({ nonces: { '0x1': '0x1', '0x01': '0x2' } }))).toMatchObject({
      code: 'GATEWAY_MALFORMED',
      data: { path: 'state_update.state_diff.nonces["0x01"]' },
    });
  });

  it('refuses the update of a block that is still being built', () => {
    const { block_hash: _, new_root: __, ...pending } = update;
    expect(errorOf(pending)).toMatchObject({ code: 'BLOCK_NOT_STORABLE', fault: 'source' });
  });

  it.each([
    ['__proto__ as an address', JSON.parse('{"storage_diffs":{"__proto__":[]}}')],
    ['a name that is no address', { nonces: { 'not hex "]': '0x1' } }],
    ['a list for addresses', { storage_diffs: [] }],
    ['an entry without value', { storage_diffs: { '0x1': [{ key: '0x1' }] } }],
    ['a class without its compiled hash', { declared_classes: [{ class_hash: '0x1' }] }],
    ['a declaration that is a number', { old_declared_contracts: [1] }],
  ])('calls %s malformed', (_, diff) => {
    expect(errorOf(withDiff(diff))).toMatchObject({ code: 'GATEWAY_MALFORMED', fault: 'peer' });
  });
});

describe('parseSignature', () => {
  it('tells what was signed by the form of the answer', () => {
    expect(parseSignature({ block_hash: '0x1', signature: ['0x2', '0x3'] })).toEqual({
      form: 'block-hash',
      blockHash: felt(1),
      r: felt(2),
      s: felt(3),
    });
    const older = {
      block_number: 5,
      signature: ['0x2', '0x3'],
      signature_input: { block_hash: '0x1', state_diff_commitment: '0x4' },
    };
    expect(parseSignature(older)).toEqual({
      form: 'block-hash-and-diff',
      blockNumber: 5,
      blockHash: felt(1),
      stateDiffCommitment: felt(4),
      r: felt(2),
      s: felt(3),
    });
  });

  it.each([[[]], [['0x1']], [['0x1', '0x2', '0x3']], ['0x1'], [null], [['0x1', 2]]])(
    'refuses %j for a pair',
    (signature) => {
      const malformed = { code: 'GATEWAY_MALFORMED', data: { path: expect.stringContaining('.signature') } };
      expect(thrownBy(() => parseSignature({ block_hash: '0x1', signature }))).toMatchObject(malformed);
      expect(thrownBy(() => parseBareSignature(signature, felt(1)))).toMatchObject(malformed);
    },
  );
});

describe('parseBundle', () => {
  it('says in which part the damage is', () => {
    expect(thrownBy(() => parseBundle({ block: { status: 1 } }))).toMatchObject({
      data: { path: 'bundle.block.status' },
    });
    expect(thrownBy(() => parseBundle({ state_update: {} }))).toMatchObject({ data: { path: 'bundle.block' } });
  });
});

function errorOf(json: unknown) {
  return thrownBy(() => parseStateUpdate(json));
}

function thrownBy(attempt: () => unknown) {
  try {
    attempt();
  } catch (error) {
    if (isSynclineError(error)) return error;
    throw error;
  }
  return null;
}
