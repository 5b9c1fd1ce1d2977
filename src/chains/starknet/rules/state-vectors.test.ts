import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../../crypto/index.ts';
import { toHex } from '../../../lib/index.ts';
import { FELT_ONE, FELT_ZERO, feltFromNumber, feltToHex, parseFelt } from '../felt.ts';
import type { Felt, StateDiff } from '../types.ts';
import { commitState, createStateCommitter, stateRoot } from './commit-state.ts';
import { classesNamedBy, executeDiff } from './execute.ts';
import { storageRootKey } from './state-keys.ts';
import { createMemoryState, type MemoryState, openVectors } from './testing.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(`${root}/starknet/${file}`, 'utf8'));

const hasher = createFeltHasher();
/** One for all tests, as a node has one for all blocks. */
const committer = createStateCommitter(hasher);
const felt = feltFromNumber;
const NO_CHANGES: StateDiff = {
  storageDiffs: [],
  nonces: [],
  deployedContracts: [],
  replacedClasses: [],
  oldDeclaredContracts: [],
  declaredClasses: [],
  migratedCompiledClasses: [],
};

/** Plays a diff onto the state; returns the keys it set, with their former values. */
function execute(state: MemoryState, diff: StateDiff): Map<string, { key: Uint8Array; before: Uint8Array | null }> {
  const changes = new Map<string, { key: Uint8Array; before: Uint8Array | null }>();
  const get = (key: Uint8Array) => state.get('state', key);
  executeDiff(
    {
      get,
      set(key, value) {
        const id = toHex(key);
        if (!changes.has(id)) changes.set(id, { key, before: get(key) ?? null });
        state.set('state', key, value);
      },
    },
    diff,
  );
  return changes;
}

function commit(state: MemoryState, changed: readonly Uint8Array[], version: string): string {
  const { writes, root } = committer.commit(state.view, changed, version);
  for (const { table, key, value } of writes) state.set(table, key, value);
  return feltToHex(root);
}

function apply(state: MemoryState, diff: StateDiff, version: string): string {
  const changes = execute(state, diff);
  return commit(
    state,
    [...changes.values()].map(({ key }) => key),
    version,
  );
}

describe.skipIf(!vectors.areThere)('state roots from genesis equal those of the network', () => {
  const networks: readonly (readonly [string, number, string])[] = [
    ['mainnet', 9, ''],
    ['sepolia', 6, '0.12.3'],
    ['goerli', 0, ''],
    ['goerli2', 6, '0.10.1'],
    ['integration', 1, ''],
    ['sepolia-integration', 0, '0.12.3'],
  ];
  const updatesOf = (network: string, last: number) =>
    Array.from({ length: last + 1 }, (_, height) => vectors.stateUpdate(`${network}/state_update/${height}.json`));

  test.each(networks)('%s to block %i', (network, last, version) => {
    const state = createMemoryState();
    let root = '0x0';
    for (const { oldRoot, newRoot, stateDiff } of updatesOf(network, last)) {
      expect(root).toBe(feltToHex(oldRoot));
      root = apply(state, stateDiff, version);
      expect(root).toBe(feltToHex(newRoot));
    }
  });

  test('several blocks hashed at once give the root of the last', () => {
    const state = createMemoryState();
    const updates = updatesOf('mainnet', 9);
    const changed = new Map<string, Uint8Array>();
    for (const { stateDiff } of updates) {
      for (const [id, { key }] of execute(state, stateDiff)) changed.set(id, key);
    }
    expect(commit(state, [...changed.values()], '')).toBe(feltToHex(updates.at(-1)?.newRoot ?? FELT_ZERO));
  });

  test('undoing block after block leads back through the same roots to an empty store', () => {
    const state = createMemoryState();
    const updates = updatesOf('mainnet', 9);
    const undo = updates.map(({ stateDiff }) => {
      const changes = execute(state, stateDiff);
      commit(
        state,
        [...changes.values()].map(({ key }) => key),
        '',
      );
      return [...changes.values()];
    });
    for (const [i, { oldRoot }] of [...updates.entries()].reverse()) {
      for (const { key, before } of undo[i] ?? []) state.set('state', key, before);
      expect(
        commit(
          state,
          (undo[i] ?? []).map(({ key }) => key),
          '',
        ),
      ).toBe(feltToHex(oldRoot));
    }
    expect([state.size('state'), state.size('trie')]).toEqual([0, 0]);
  });
});

describe('the state commitment', () => {
  const storageOf2: StateDiff = {
    ...NO_CHANGES,
    storageDiffs: [{ address: felt(2), entries: [{ key: felt(0), value: felt(0x80) }] }],
  };

  test.skipIf(!vectors.areThere)('mixes in an empty class trie from 0.14.0 on', () => {
    const published = vectors.json('hash_vectors.json') as { state_commitment_0_14_empty_class_trie: { out: string } };
    expect(apply(createMemoryState(), storageOf2, '0.14.0')).toBe(published.state_commitment_0_14_empty_class_trie.out);
    expect(apply(createMemoryState(), storageOf2, '0.13.6')).not.toBe(
      published.state_commitment_0_14_empty_class_trie.out,
    );
  });

  // From Pathfinder's `pathfinder_getProof` for block 1309254.
  test.skipIf(!vectors.areThere)('combines the roots of a served proof to the commitment it is for', () => {
    const proof = vectors.json('proofs/pathfinder_proof_1309254.json') as Readonly<Record<string, string>>;
    const contracts = parseFelt(proof.contract_commitment);
    const classes = parseFelt(proof.class_commitment);
    expect(feltToHex(stateRoot(hasher, { contracts, classes }, '0.13.4'))).toBe(proof.state_commitment);
  });

  test('is zero for nothing, the contracts root alone without classes before 0.14.0', () => {
    expect(stateRoot(hasher, { contracts: FELT_ZERO, classes: FELT_ZERO }, '0.14.1')).toEqual(FELT_ZERO);
    expect(stateRoot(hasher, { contracts: felt(5), classes: FELT_ZERO }, '0.13.6')).toEqual(felt(5));
    expect(stateRoot(hasher, { contracts: felt(5), classes: felt(6) }, '0.11.0')).toEqual(
      stateRoot(hasher, { contracts: felt(5), classes: felt(6) }, '0.14.0'),
    );
  });

  test('does not change when nothing changed', () => {
    const state = createMemoryState();
    const root = apply(state, storageOf2, '0.14.0');
    expect(commit(state, [], '0.14.0')).toBe(root);
    expect(commitState(hasher, state.view, [], '0.14.0').writes).toEqual([]);
  });

  test('keeps the storage root of a contract, and forgets it with the last entry', () => {
    const state = createMemoryState();
    apply(state, storageOf2, '0.14.0');
    expect(state.get('state', storageRootKey(felt(2)))).toHaveLength(32);
    const emptied = { address: felt(2), entries: [{ key: felt(0), value: FELT_ZERO }] };
    expect(apply(state, { ...NO_CHANGES, storageDiffs: [emptied] }, '0.14.0')).toBe('0x0');
    expect([state.size('state'), state.size('trie')]).toEqual([0, 0]);
  });

  test('has a leaf for Sierra classes only, and a migration replaces it', () => {
    const [classHash, v1, v2] = [felt(1000), felt(1), felt(2)];
    const state = createMemoryState();
    const old = apply(state, { ...NO_CHANGES, oldDeclaredContracts: [classHash] }, '0.13.4');
    expect(old).toBe('0x0');
    const declared = apply(state, { ...NO_CHANGES, declaredClasses: [{ classHash, compiledClassHash: v1 }] }, '0.13.4');
    const migration = { ...NO_CHANGES, migratedCompiledClasses: [{ classHash, compiledClassHash: v2 }] };
    const migrated = apply(state, migration, '0.14.1');
    const fresh = { ...NO_CHANGES, declaredClasses: [{ classHash, compiledClassHash: v2 }] };
    expect(migrated).not.toBe(declared);
    expect(migrated).toBe(apply(createMemoryState(), fresh, '0.14.1'));
  });
});

describe('a diff that contradicts the state', () => {
  const diffs: readonly (readonly [string, Partial<StateDiff>])[] = [
    ['storage', { storageDiffs: [{ address: felt(7), entries: [{ key: felt(1), value: felt(1) }] }] }],
    ['a nonce', { nonces: [{ address: felt(7), nonce: felt(1) }] }],
    ['a replaced class', { replacedClasses: [{ address: felt(7), classHash: felt(1) }] }],
  ];
  test.each(diffs)('%s of an unknown contract is refused', (_, diff) => {
    const state = createMemoryState();
    expect(() => execute(state, { ...NO_CHANGES, ...diff })).toThrow(
      expect.objectContaining({
        code: 'CONTRACT_UNKNOWN',
        fault: 'peer',
        data: expect.objectContaining({ got: '0x7' }),
      }),
    );
    const deployedContracts = [{ address: felt(7), classHash: felt(9) }];
    execute(state, { ...NO_CHANGES, deployedContracts, ...diff });
  });

  test('the system contracts 0x1 and 0x2 need no deployment', () => {
    const entries = [{ key: felt(10), value: felt(1) }];
    const storageDiffs = [FELT_ONE, felt(2)].map((address) => ({ address, entries }));
    expect(execute(createMemoryState(), { ...NO_CHANGES, storageDiffs }).size).toBe(2);
  });

  test('keys that no trie can hold are refused', () => {
    const key = parseFelt(`0x${(2n ** 251n).toString(16)}`) as Felt;
    const entries = [{ key, value: felt(1) }];
    expect(() =>
      execute(createMemoryState(), { ...NO_CHANGES, storageDiffs: [{ address: FELT_ONE, entries }] }),
    ).toThrow(expect.objectContaining({ code: 'STATE_KEY_OUT_OF_RANGE', fault: 'peer' }));
  });
});

test('the classes a diff names come once each, deployed ones first and replacements last', () => {
  const diff: StateDiff = {
    ...NO_CHANGES,
    deployedContracts: [
      { address: felt(1), classHash: felt(11) },
      { address: felt(2), classHash: felt(11) },
    ],
    replacedClasses: [{ address: felt(1), classHash: felt(14) }],
    oldDeclaredContracts: [felt(12), felt(11)],
    declaredClasses: [{ classHash: felt(13), compiledClassHash: felt(1) }],
  };
  expect(classesNamedBy(diff).map(feltToHex)).toEqual(['0xb', '0xc', '0xd', '0xe']);
});
