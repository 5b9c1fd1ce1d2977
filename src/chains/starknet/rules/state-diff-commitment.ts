import type { FeltHasher } from '../../../crypto/index.ts';
import { FELT_ONE, FELT_ZERO, feltFromAscii, feltFromNumber } from '../felt.ts';
import type { Felt, StateDiff } from '../types.ts';
import { concatFelts, poseidonArray, poseidonArrays } from './hashing.ts';

/**
 * Commitment to a state diff as block headers carry it from 0.13.2 on. Everything is sorted numerically; contracts
 * without a storage change are left out; the system contracts count like any other.
 * @see https://docs.starknet.io/learn/protocol/blocks, "State diff commitment"
 * @see sequencer, `crates/starknet_api/src/block_hash/state_diff_hash.rs`
 */
export function stateDiffCommitment(hasher: FeltHasher, diff: StateDiff): Felt {
  const { updated, declared, old, storage, nonces } = sections(diff, false);
  const list = [STATE_DIFF, ...[updated, declared, old].flat(), FELT_ONE, FELT_ZERO, ...storage, ...nonces];
  return poseidonArray(hasher, concatFelts(list));
}

/**
 * The older form, which only the block signatures of its time cover: sections are hashed one by one, there is no
 * name in front, and contracts without a storage change count.
 * @see Juno, `core/state_update.go`, `StateDiff.Commitment`, before 0.13.2 support
 */
export function olderStateDiffCommitment(hasher: FeltHasher, diff: StateDiff): Felt {
  const { updated, declared, old, storage, nonces } = sections(diff, true);
  const inner = poseidonArrays(hasher, [updated, declared, old, [...storage, ...nonces]].map(concatFelts));
  const [updatedHash, declaredHash, oldHash, storageHash] = inner as [Felt, Felt, Felt, Felt]; // one hash a list
  const list = [FELT_ZERO, updatedHash, declaredHash, oldHash, FELT_ONE, FELT_ZERO, storageHash];
  return poseidonArray(hasher, concatFelts(list));
}

/** How many changes a diff holds, as the header's `state_diff_length` counts them. */
export function stateDiffLength(diff: StateDiff): number {
  const storage = diff.storageDiffs.reduce((count, { entries }) => count + entries.length, 0);
  const contracts = diff.deployedContracts.length + diff.replacedClasses.length;
  const classes = diff.declaredClasses.length + diff.migratedCompiledClasses.length + diff.oldDeclaredContracts.length;
  return storage + diff.nonces.length + contracts + classes;
}

interface Sections {
  readonly updated: readonly Felt[];
  readonly declared: readonly Felt[];
  readonly old: readonly Felt[];
  readonly storage: readonly Felt[];
  readonly nonces: readonly Felt[];
}

/** Each section starts with its count. */
function sections(diff: StateDiff, withEmptyContracts: boolean): Sections {
  const updated = [...diff.deployedContracts, ...diff.replacedClasses];
  const declared = [...diff.declaredClasses, ...diff.migratedCompiledClasses];
  const contracts = diff.storageDiffs.filter(({ entries }) => withEmptyContracts || entries.length > 0);
  const storage = sortedBy(contracts, ({ address }) => address).flatMap(({ address, entries }) => [
    address,
    ...counted(sortedBy(entries, ({ key }) => key).map(({ key, value }) => [key, value])),
  ]);
  return {
    updated: counted(sortedBy(updated, ({ address }) => address).map(({ address, classHash }) => [address, classHash])),
    declared: counted(
      sortedBy(declared, ({ classHash }) => classHash).map(({ classHash, compiledClassHash }) => [
        classHash,
        compiledClassHash,
      ]),
    ),
    old: counted(sortedBy(diff.oldDeclaredContracts, (classHash) => classHash).map((classHash) => [classHash])),
    storage: [feltFromNumber(contracts.length), ...storage],
    nonces: counted(sortedBy(diff.nonces, ({ address }) => address).map(({ address, nonce }) => [address, nonce])),
  };
}

function counted(rows: readonly (readonly Felt[])[]): readonly Felt[] {
  return [feltFromNumber(rows.length), ...rows.flat()];
}

function sortedBy<T>(items: readonly T[], keyOf: (item: T) => Felt): readonly T[] {
  return [...items].sort((a, b) => Buffer.compare(keyOf(a), keyOf(b)));
}

const STATE_DIFF = feltFromAscii('STARKNET_STATE_DIFF0');
