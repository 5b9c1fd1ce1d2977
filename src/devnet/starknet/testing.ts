import { gunzipSync } from 'node:zlib';
import { FELT_ZERO, feltFromAscii } from '../../chains/starknet/index.ts';
import {
  createStarknetRules,
  parseStateKey,
  STATE_TRIE_HEIGHT,
  type StateKey,
} from '../../chains/starknet/rules/index.ts';
import { createFeltHasher } from '../../crypto/index.ts';
import type { SealedBlock, StateView, Verified } from '../../engine/index.ts';
import { concatBytes, toHex } from '../../lib/index.ts';
import { rootFromSorted } from '../../trie/index.ts';
import type { StarknetDevnet } from './starknet-devnet.ts';

/** A node's rules with a state of their own, fed with what the devnet serves. */
export function createFollower(devnet: StarknetDevnet) {
  const rules = createStarknetRules({ network: devnet.network });
  const tables = { state: new Map<string, Uint8Array>(), trie: new Map<string, Uint8Array>() };
  const view: StateView = {
    get: (table, key) => (table === 'state' || table === 'trie' ? tables[table].get(toHex(key)) : undefined),
    range: () => [],
    [Symbol.dispose]() {},
  };
  const examine = (height: number, bytes: Uint8Array) => {
    const ref = devnet.shelvedAt(height)?.ref;
    if (ref === undefined) throw new Error(`no block ${height}`);
    return rules.examine({
      height: ref.height,
      candidates: [{ part: 'bundle', bytes, from: 'devnet' }],
      absent: [],
    });
  };

  return {
    rules,
    /** Verifies the served bytes of a height; throws what the rules throw. */
    examine,
    /** Verifies the devnet's block at a height. */
    sealed(height: number): Verified<SealedBlock> {
      const bundle = devnet.shelvedAt(height)?.bundle ?? new Uint8Array();
      const examination = examine(height, gunzipSync(bundle));
      if (examination.type !== 'sealed') throw new Error(`block ${height} is not sealed`);
      return examination.block;
    },
    /** Executes a block and returns the state root after it. */
    async apply(block: Verified<SealedBlock>): Promise<Uint8Array> {
      const changed = new Map<string, Uint8Array>();
      await rules.execute(
        {
          get: (key) => tables.state.get(toHex(key)),
          set(key, value) {
            changed.set(toHex(key), key);
            if (value === null) tables.state.delete(toHex(key));
            else tables.state.set(toHex(key), value);
          },
        },
        block,
      );
      const keys = [...changed.keys()].sort().map((id) => changed.get(id) as Uint8Array); // its own keys
      const { ref, protocolVersion } = block;
      const commitment = rules.commitState(view, keys, { height: ref.height, protocolVersion });
      for (const { table, key, value } of commitment.writes) {
        const records = table === 'trie' ? tables.trie : tables.state;
        if (value === null) records.delete(toHex(key));
        else records.set(toHex(key), value);
      }
      return commitment.root;
    },
  };
}

/** The state root of a flat state by its definition, from nothing but its sorted leaves: no rules take part. */
export function rootFromScratch(records: Iterable<readonly [key: Uint8Array, value: Uint8Array]>): Uint8Array {
  const hasher = createFeltHasher();
  const pedersen = (left: Uint8Array, right: Uint8Array) => hasher.pedersen(left, right);
  const poseidon = (left: Uint8Array, right: Uint8Array) => hasher.poseidon(left, right);
  const sorted = [...records]
    .map(([key, value]) => ({ ...parseStateKey(key), value }))
    .filter(({ table }) => table !== 'storageRoot');
  const rootOf = (hash: typeof pedersen, leaves: readonly { key: Uint8Array; value: Uint8Array }[]) => {
    const ascending = [...leaves].sort((a, b) => Buffer.compare(a.key, b.key));
    const keys = concatBytes(...ascending.map(({ key }) => key));
    return rootFromSorted(hash, STATE_TRIE_HEIGHT, keys, concatBytes(...ascending.map(({ value }) => value)));
  };

  const contracts = new Map<string, (StateKey & { value: Uint8Array })[]>();
  for (const record of sorted) {
    if (record.table === 'compiledClassHash') continue;
    contracts.set(toHex(record.id), [...(contracts.get(toHex(record.id)) ?? []), record]);
  }
  const contractLeaves = [...contracts.values()].map((own) => {
    const single = (table: StateKey['table']) => own.find((record) => record.table === table)?.value ?? FELT_ZERO;
    const storage = own.flatMap(({ storageKey, value }) => (storageKey === null ? [] : [{ key: storageKey, value }]));
    const withRoot = pedersen(single('classHash'), rootOf(pedersen, storage));
    const value = pedersen(pedersen(withRoot, single('nonce')), FELT_ZERO);
    return { key: (own[0] as StateKey).id, value }; // every list has a first record
  });
  const leafPrefix = feltFromAscii('CONTRACT_CLASS_LEAF_V0');
  const classLeaves = sorted
    .filter(({ table }) => table === 'compiledClassHash')
    .map(({ id, value }) => ({ key: id, value: poseidon(leafPrefix, value) }));
  const roots = concatBytes(rootOf(pedersen, contractLeaves), rootOf(poseidon, classLeaves));
  return hasher.poseidonArrays([concatBytes(feltFromAscii('STARKNET_STATE_V0'), roots)]);
}
