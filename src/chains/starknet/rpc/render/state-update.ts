import { feltToHex } from '../../felt.ts';
import type { Felt, StateDiff } from '../../types.ts';
import type { ApiVersion } from '../api-version.ts';
import type { RenderedObject } from './felts.ts';

/**
 * `STATE_DIFF`. Migrated classes came with 0.10; earlier versions have no place for them.
 * @param of Only changes of these contracts; null for all. Class declarations stay.
 * @see Starknet JSON-RPC specification, `STATE_DIFF`
 */
export function renderStateDiff(
  diff: StateDiff,
  { of, version }: { readonly of: readonly Felt[] | null; readonly version: ApiVersion },
): RenderedObject {
  const wanted = of === null ? null : new Set(of.map(feltToHex));
  const isWanted = ({ address }: { readonly address: Felt }) => wanted === null || wanted.has(feltToHex(address));
  return {
    storage_diffs: diff.storageDiffs.filter(isWanted).map(({ address, entries }) => ({
      address: feltToHex(address),
      storage_entries: entries.map(({ key, value }) => ({ key: feltToHex(key), value: feltToHex(value) })),
    })),
    deprecated_declared_classes: diff.oldDeclaredContracts.map(feltToHex),
    declared_classes: diff.declaredClasses.map(renderDeclared),
    ...(version < 10 ? {} : { migrated_compiled_classes: diff.migratedCompiledClasses.map(renderDeclared) }),
    deployed_contracts: diff.deployedContracts
      .filter(isWanted)
      .map(({ address, classHash }) => ({ address: feltToHex(address), class_hash: feltToHex(classHash) })),
    replaced_classes: diff.replacedClasses
      .filter(isWanted)
      .map(({ address, classHash }) => ({ contract_address: feltToHex(address), class_hash: feltToHex(classHash) })),
    nonces: diff.nonces
      .filter(isWanted)
      .map(({ address, nonce }) => ({ contract_address: feltToHex(address), nonce: feltToHex(nonce) })),
  };
}

function renderDeclared(declared: { readonly classHash: Felt; readonly compiledClassHash: Felt }): RenderedObject {
  return { class_hash: feltToHex(declared.classHash), compiled_class_hash: feltToHex(declared.compiledClassHash) };
}
