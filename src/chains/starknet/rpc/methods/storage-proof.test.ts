import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { pedersen, poseidonHash, poseidonHashMany } from '@scure/starknet';
import { beforeAll, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { createStarknetDevnet } from '../../../../devnet/starknet/index.ts';
import { META, pendingStateWrite, type RpcService } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import { networkOf } from '../../rules/testing.ts';
import { createStarknetRpc } from '../index.ts';
import { type ChainFixture, commitCaptures, createChainFixture } from '../testing.ts';
import { callMethod, resultOf } from './testing.ts';

/*
 * Proofs are verified as their reader would do it, from the text of the specification and with @scure/starknet: none of
 * our tries or hashes takes part.
 */

interface Proof {
  readonly classes_proof: Nodes;
  readonly contracts_proof: {
    readonly nodes: Nodes;
    readonly contract_leaves_data: readonly {
      readonly nonce: string;
      readonly class_hash: string;
      readonly storage_root: string;
    }[];
  };
  readonly contracts_storage_proofs: readonly Nodes[];
  readonly global_roots: {
    readonly contracts_tree_root: string;
    readonly classes_tree_root: string;
    readonly block_hash: string;
  };
}

type Nodes = readonly { readonly node_hash: string; readonly node: MerkleNode }[];
type MerkleNode =
  | { readonly left: string; readonly right: string }
  | { readonly path: string; readonly length: number; readonly child: string };
type Hash = (left: bigint, right: bigint) => bigint;

const P = 2n ** 251n + 17n * 2n ** 192n + 1n;
const H: Hash = (left, right) => BigInt(pedersen(left, right));
const Z: Hash = (left, right) => poseidonHash(left, right);
const text = (ascii: string) => BigInt(`0x${Buffer.from(ascii).toString('hex')}`);

/** The value of a key that the nodes prove, 0 for one that they show to be absent; all nodes on the way are noted. */
function provenValue(
  nodes: Nodes,
  { root, key, hash, used }: { root: string; key: bigint; hash: Hash; used: Set<string> },
) {
  const byHash = new Map(nodes.map(({ node_hash, node }) => [node_hash, node]));
  expect(byHash.size).toBe(nodes.length);
  const bits = key.toString(2).padStart(251, '0');
  let at = root;
  let depth = 0;
  while (depth < 251) {
    if (BigInt(at) === 0n) return 0n;
    const node = byHash.get(at);
    if (node === undefined) throw new Error(`no node ${at} at depth ${depth}`);
    used.add(at);
    if ('left' in node) {
      expect(hash(BigInt(node.left), BigInt(node.right))).toBe(BigInt(at));
      at = bits[depth] === '0' ? node.left : node.right;
      depth++;
      continue;
    }
    expect((hash(BigInt(node.child), BigInt(node.path)) + BigInt(node.length)) % P).toBe(BigInt(at));
    const path = BigInt(node.path).toString(2).padStart(node.length, '0');
    if (bits.slice(depth, depth + node.length) !== path) return 0n;
    at = node.child;
    depth += node.length;
  }
  return BigInt(at);
}

/** As `provenValue` for several keys, of which the nodes hold what is needed and no more. */
function provenValues(nodes: Nodes, { root, keys, hash }: { root: string; keys: readonly string[]; hash: Hash }) {
  const used = new Set<string>();
  const values = keys.map((key) => provenValue(nodes, { root, key: BigInt(key), hash, used }));
  expect(used.size).toBe(nodes.length);
  return values;
}

function contractLeaf({
  class_hash,
  storage_root,
  nonce,
}: Proof['contracts_proof']['contract_leaves_data'][0]): bigint {
  const fields = [class_hash, storage_root, nonce].map(BigInt) as [bigint, bigint, bigint];
  return fields.every((field) => field === 0n) ? 0n : H(H(H(fields[0], fields[1]), fields[2]), 0n);
}

const ABSENT = '0x1234567';

describe('a storage proof of a devnet', () => {
  const devnet = createStarknetDevnet({ seed: 4, blocks: 9 });
  let fixture: ChainFixture;
  let services: readonly RpcService[];
  const diffs = () =>
    Array.from({ length: 9 }, (_none, height) => devnet.blockAt(height)?.stateUpdate.stateDiff).filter(
      (d) => d != null,
    );

  beforeAll(async () => {
    fixture = await createChainFixture(devnet.network);
    for (let height = 0; height < 9; height++) {
      const bundle = new Uint8Array(gunzipSync(devnet.shelvedAt(height)?.bundle ?? new Uint8Array()));
      await fixture.commit(height, { bundle });
    }
    services = createStarknetRpc(fixture.environment, devnet.network);
  });

  it('leads from the state root of the block to every leaf that was asked for, in all versions', async () => {
    const classes = diffs().flatMap(({ declaredClasses }) => declaredClasses);
    const contracts = diffs()
      .flatMap(({ deployedContracts }) => deployedContracts)
      .slice(0, 12);
    const storage = (diffs()[8] ?? diffs()[0])?.storageDiffs.slice(0, 4) ?? [];
    const request = {
      block_id: 'latest',
      class_hashes: [...classes.map(({ classHash }) => feltToHex(classHash)), ABSENT],
      contract_addresses: [...contracts, ...storage].map(({ address }) => feltToHex(address)).concat(ABSENT),
      contracts_storage_keys: storage.map(({ address, entries }) => ({
        contract_address: feltToHex(address),
        storage_keys: [...entries.map(({ key }) => feltToHex(key)), ABSENT],
      })),
    };
    expect(request.class_hashes.length).toBeGreaterThan(1);
    for (const service of services) {
      const proof = (await resultOf(service, 'starknet_getStorageProof', request)) as Proof;
      const { contracts_tree_root: contractsRoot, classes_tree_root: classesRoot, block_hash } = proof.global_roots;
      expect(block_hash).toBe(feltToHex(devnet.head.hash));
      const newRoot = poseidonHashMany([text('STARKNET_STATE_V0'), BigInt(contractsRoot), BigInt(classesRoot)]);
      const header = (await resultOf(service, 'starknet_getBlockWithTxHashes', { block_id: 'latest' })) as {
        new_root: string;
      };
      expect(newRoot).toBe(BigInt(header.new_root));

      const classLeaves = provenValues(proof.classes_proof, { root: classesRoot, keys: request.class_hashes, hash: Z });
      expect(classLeaves).toEqual([
        ...classes.map(({ compiledClassHash }) =>
          Z(text('CONTRACT_CLASS_LEAF_V0'), BigInt(feltToHex(compiledClassHash))),
        ),
        0n,
      ]);
      const { nodes, contract_leaves_data: leaves } = proof.contracts_proof;
      const values = provenValues(nodes, { root: contractsRoot, keys: request.contract_addresses, hash: H });
      expect(values).toEqual(leaves.map(contractLeaf));
      expect(values.at(-1)).toBe(0n);

      for (const [index, { contract_address, storage_keys: keys }] of request.contracts_storage_keys.entries()) {
        const root = leaves[contracts.length + index]?.storage_root as string;
        const entries = provenValues(proof.contracts_storage_proofs[index] ?? [], { root, keys, hash: H });
        const read = keys.map((key) =>
          resultOf(service, 'starknet_getStorageAt', { contract_address, key, block_id: 'latest' }),
        );
        expect(entries.map((entry) => `0x${entry.toString(16)}`)).toEqual(await Promise.all(read));
      }
    }
  });

  it('of nothing has the roots alone', async () => {
    for (const service of services) {
      expect(await resultOf(service, 'starknet_getStorageProof', { block_id: 'latest' })).toMatchObject({
        classes_proof: [],
        contracts_proof: { nodes: [], contract_leaves_data: [] },
        contracts_storage_proofs: [],
      });
    }
  });

  it('of a contract that does not exist shows that its storage is empty', async () => {
    const asked = { block_id: 'latest', contracts_storage_keys: [{ contract_address: ABSENT, storage_keys: ['0x1'] }] };
    const proof = (await resultOf(services[0] as RpcService, 'starknet_getStorageProof', asked)) as Proof;
    expect(proof.contracts_storage_proofs).toEqual([[]]);
  });

  it('exists for the latest block, by whatever name, and for no other', async () => {
    const [service] = services as [RpcService];
    for (const block_id of [{ block_number: 8 }, { block_hash: feltToHex(devnet.head.hash) }]) {
      expect(await callMethod(service, 'starknet_getStorageProof', { block_id })).toMatchObject({ type: 'result' });
    }
    expect(await callMethod(service, 'starknet_getStorageProof', { block_id: { block_number: 7 } })).toMatchObject({
      type: 'fault',
      fault: { code: 42, data: { supported: 'the latest block', latest: 8 } },
    });
  });

  it('does not exist while the tries are behind the flat state', async () => {
    fixture.store.commit([pendingStateWrite({ proven: 5, stage: { type: 'flat' } })]);
    try {
      const outcome = await callMethod(services[0] as RpcService, 'starknet_getStorageProof', { block_id: 'latest' });
      expect(outcome).toMatchObject({ type: 'fault', fault: { code: 42 } });
    } finally {
      fixture.store.commit([{ table: 'meta', key: META.pendingState, value: null }]);
    }
  });
});

const vectors = vectorsDir();

it.skipIf(vectors === null)(
  'a storage proof of mainnet 9 leads from its published state root to all 29 contracts',
  async () => {
    const network = networkOf('mainnet');
    const folder = join(vectors ?? '', 'starknet', 'mainnet');
    const fixture = await createChainFixture(network);
    await commitCaptures(fixture, (file) => readFileSync(join(folder, file)), 9);
    const [service] = createStarknetRpc(fixture.environment, network) as [RpcService];
    const addresses = Array.from({ length: 10 }, (_none, height) => height).flatMap((height) => {
      const update = JSON.parse(readFileSync(join(folder, 'state_update', `${height}.json`), 'utf8')) as {
        state_diff: { deployed_contracts: { address: string }[] };
      };
      return update.state_diff.deployed_contracts.map(({ address }) => address);
    });
    expect(addresses.length).toBe(29);
    const proof = (await resultOf(service, 'starknet_getStorageProof', {
      block_id: 'latest',
      contract_addresses: addresses,
    })) as Proof;
    // Before the first Sierra class the state root is the root of the contracts.
    expect(proof.global_roots).toMatchObject({
      contracts_tree_root: '0x27e6e1b37a9af4fd44b42752be35ec6c6ee43734342002c1151a403cc6e867f',
      classes_tree_root: '0x0',
    });
    const { nodes, contract_leaves_data: leaves } = proof.contracts_proof;
    const root = proof.global_roots.contracts_tree_root;
    expect(provenValues(nodes, { root, keys: addresses, hash: H })).toEqual(leaves.map(contractLeaf));
  },
);
