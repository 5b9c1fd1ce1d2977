import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { poseidonHash, poseidonHashMany } from '@scure/starknet';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../test/vectors/locate.ts';
import { createFeltHasher } from '../../crypto/index.ts';
import { createStarknetDevnet } from '../../devnet/starknet/index.ts';
import type { RpcService } from '../../engine/index.ts';
import { FELT_PRIME, FELT_ZERO, feltToHex, parseFelt } from './felt.ts';
import { proveState } from './prove-state.ts';
import { createStarknetRpc } from './rpc/index.ts';
import { resultOf } from './rpc/methods/testing.ts';
import { commitCaptures, createChainFixture } from './rpc/testing.ts';
import { networkOf } from './rules/testing.ts';
import { type ProvenState, type StorageProofQuery, verifyStorageProof } from './verify-storage-proof.ts';

const ABSENT = '0x1234567';
const invalid = expect.objectContaining({ code: 'PROOF_INVALID', fault: 'peer' });
const malformed = expect.objectContaining({ code: 'GATEWAY_MALFORMED', fault: 'peer' });
const fromPeer = expect.objectContaining({ fault: 'peer' });
const ascii = (text: string) => BigInt(`0x${Buffer.from(text).toString('hex')}`);
const hex = (value: bigint) => `0x${value.toString(16)}`;

interface Node {
  readonly node_hash: string;
  readonly node: unknown;
}

interface Answer {
  readonly classes_proof: readonly Node[];
  readonly contracts_proof: {
    readonly nodes: readonly Node[];
    readonly contract_leaves_data: readonly ({ readonly storage_root?: string; readonly class_hash: string } | null)[];
  };
  readonly contracts_storage_proofs: readonly (readonly Node[])[];
  readonly global_roots: { readonly contracts_tree_root: string; readonly classes_tree_root: string };
}

type Asked = StorageProofQuery & { readonly contractAddress: string; readonly storageKeys: readonly string[] };

function asHex({ contract, values, classLeaves }: ProvenState) {
  return {
    contract:
      contract &&
      Object.fromEntries(Object.entries(contract).map(([name, felt]: [string, Uint8Array]) => [name, feltToHex(felt)])),
    values: values.map(feltToHex),
    classLeaves: classLeaves.map(feltToHex),
  };
}

async function ask(service: RpcService, { contractAddress, storageKeys, classHashes }: Asked): Promise<Answer> {
  const answer = await resultOf(service, 'starknet_getStorageProof', {
    block_id: 'latest',
    class_hashes: classHashes,
    contract_addresses: [contractAddress],
    contracts_storage_keys: [{ contract_address: contractAddress, storage_keys: storageKeys }],
  });
  return JSON.parse(JSON.stringify(answer)) as Answer;
}

describe('an answer of our own methods', () => {
  const devnet = createStarknetDevnet({ seed: 4, blocks: 9, emptyShare: 0 });
  let services: readonly RpcService[];
  let service: RpcService;
  let query: Asked;
  let answer: Answer;
  let proven: ProvenState;

  beforeAll(async () => {
    const fixture = await createChainFixture(devnet.network);
    for (let height = 0; height < 9; height++) {
      const bundle = new Uint8Array(gunzipSync(devnet.shelvedAt(height)?.bundle ?? new Uint8Array()));
      await fixture.commit(height, { bundle });
    }
    services = createStarknetRpc(fixture.environment, devnet.network);
    service = services[0] as RpcService;
    const diffs = Array.from({ length: 9 }, (_none, height) => devnet.blockAt(height)?.stateUpdate.stateDiff).filter(
      (diff) => diff != null,
    );
    const largest = diffs
      .flatMap(({ storageDiffs }) => storageDiffs)
      .sort((a, b) => b.entries.length - a.entries.length);
    const { address, entries } = largest[0] as (typeof largest)[0];
    const classes = diffs
      .flatMap(({ declaredClasses }) => declaredClasses)
      .map(({ classHash }) => feltToHex(classHash));
    const { new_root: stateRoot } = (await resultOf(service, 'starknet_getBlockWithTxHashes', {
      block_id: 'latest',
    })) as { new_root: string };
    query = {
      stateRoot,
      contractAddress: feltToHex(address),
      storageKeys: [...entries.slice(0, 4).map(({ key }) => feltToHex(key)), ABSENT],
      classHashes: [...classes.slice(0, 2), ABSENT],
    };
    answer = await ask(service, query);
    proven = proveState(answer, query);
  });

  it('is verified by the function that programs call as well', async () => {
    expect(await verifyStorageProof(answer, query)).toEqual(proven);
    await expect(verifyStorageProof(answer, { ...query, stateRoot: '0x1' })).rejects.toMatchObject(
      expect.objectContaining({ code: 'PROOF_INVALID' }),
    );
  });

  it('proves what the other methods say, in all versions', async () => {
    expect(query.storageKeys.length).toBeGreaterThan(2);
    expect(query.classHashes?.length).toBeGreaterThan(1);
    for (const one of services) {
      const got = asHex(proveState(await ask(one, query), query));
      const at = { block_id: 'latest', contract_address: query.contractAddress };
      const values = query.storageKeys.map((key) => resultOf(one, 'starknet_getStorageAt', { ...at, key }));
      expect(got.values).toEqual(await Promise.all(values));
      expect(got.contract).toMatchObject({
        classHash: await resultOf(one, 'starknet_getClassHashAt', at),
        nonce: await resultOf(one, 'starknet_getNonce', at),
      });
    }
  });

  it('proves the absence of a key, and that a class is declared or not', () => {
    expect(proven.values[0]).not.toEqual(FELT_ZERO);
    expect(proven.values.at(-1)).toEqual(FELT_ZERO);
    const declared = Array.from({ length: 9 }, (_none, height) => devnet.blockAt(height)).flatMap(
      (block) => block?.stateUpdate.stateDiff?.declaredClasses ?? [],
    );
    const leaves = query.classHashes?.map((asked) => {
      const compiled = declared.find(({ classHash }) => feltToHex(classHash) === asked)?.compiledClassHash;
      if (compiled === undefined) return '0x0';
      return hex(poseidonHash(ascii('CONTRACT_CLASS_LEAF_V0'), BigInt(feltToHex(compiled))));
    });
    expect(asHex(proven).classLeaves).toEqual(leaves);
    expect(leaves?.[0]).not.toBe('0x0');
  });

  it('proves that a contract does not exist, however its leaf is written', async () => {
    const absent = { ...query, contractAddress: ABSENT };
    const got = await ask(service, absent);
    const nothing = {
      contract: null,
      values: query.storageKeys.map(() => '0x0'),
      classLeaves: asHex(proven).classLeaves,
    };
    for (const contract_leaves_data of [got.contracts_proof.contract_leaves_data, [null], []]) {
      const written = { ...got, contracts_proof: { ...got.contracts_proof, contract_leaves_data } };
      expect(asHex(proveState(written, absent))).toEqual(nothing);
    }
    expect(() => proveState(got, query)).toThrow(invalid);
    expect(() => proveState(answer, absent)).toThrow(invalid);
  });

  it('may come in its envelope, and the query as bytes, with a hasher of the caller', () => {
    const bytes = {
      stateRoot: parseFelt(query.stateRoot),
      contractAddress: parseFelt(query.contractAddress),
      storageKeys: query.storageKeys.map(parseFelt),
      classHashes: (query.classHashes ?? []).map(parseFelt),
    };
    const response = { jsonrpc: '2.0', id: 1, result: answer };
    expect(proveState(response, bytes, createFeltHasher())).toEqual(proven);
  });

  it('may have its nodes in any order, repeated, with others among them, and in a list for each key', () => {
    const [storage = []] = answer.contracts_storage_proofs;
    fc.assert(
      fc.property(fc.shuffledSubarray([...storage], { minLength: storage.length }), (shuffled) => {
        const nodes = [...answer.contracts_proof.nodes].reverse();
        const wild = {
          ...answer,
          classes_proof: [...answer.classes_proof, ...shuffled],
          contracts_proof: { ...answer.contracts_proof, nodes: [...nodes, ...shuffled, ...nodes] },
          contracts_storage_proofs: [shuffled.slice(0, 2), shuffled.slice(1), [], shuffled],
        };
        expect(proveState(wild, query)).toEqual(proven);
      }),
      { numRuns: 20 },
    );
  });

  it('proves the storage root also where the optional field is left out', () => {
    const contract_leaves_data = answer.contracts_proof.contract_leaves_data.map((leaf) => ({
      ...leaf,
      storage_root: undefined,
    }));
    const without = { ...answer, contracts_proof: { ...answer.contracts_proof, contract_leaves_data } };
    expect(proveState(without, query)).toEqual(proven);
    expect(() => proveState({ ...without, contracts_storage_proofs: [] }, query)).toThrow(invalid);
  });

  it('is refused once any digit or length of it is changed', () => {
    const places = placesIn(answer).filter(({ path }) => path.at(-1) !== 'block_hash');
    const texts = places.filter(({ value }) => typeof value === 'string');
    expect(texts.length).toBeGreaterThan(50);
    for (const { path, value } of texts) {
      const digits = (value as string).length - 2;
      fc.assert(
        fc.property(fc.nat(digits - 1), fc.integer({ min: 1, max: 15 }), (at, flip) => {
          const digit = Number.parseInt((value as string).charAt(at + 2), 16) ^ flip;
          const changed = `${(value as string).slice(0, at + 2)}${digit.toString(16)}${(value as string).slice(at + 3)}`;
          expect(() => proveState(replaced(answer, path, changed), query), path.join('.')).toThrow(fromPeer);
        }),
        { numRuns: 4 },
      );
    }
    const numbers = places.filter(({ value }) => typeof value === 'number');
    expect(numbers.length).toBeGreaterThan(0);
    for (const { path, value } of numbers) {
      for (const changed of [(value as number) - 1, (value as number) + 1, 0, 251, 256, -1, 1.5]) {
        if (changed === value) continue;
        expect(() => proveState(replaced(answer, path, changed), query), path.join('.')).toThrow(fromPeer);
      }
    }
  });

  it('is refused without any one of its nodes, or with the parts of two nodes exchanged', () => {
    const nodes = placesIn(answer).filter(({ value }) => isObject(value) && 'node_hash' in value);
    expect(nodes.length).toBeGreaterThan(20);
    for (const [index, { path, value }] of nodes.entries()) {
      expect(() => proveState(removed(answer, path), query)).toThrow(invalid);
      const next = nodes[(index + 1) % nodes.length]?.value as Node;
      const exchanged = { ...(value as Node), node: next.node };
      expect(() => proveState(replaced(answer, path, exchanged), query)).toThrow(invalid);
    }
  });

  it('is refused, or proves the same, when any part of it is something else', () => {
    const places = placesIn(answer);
    const junk = fc.oneof(fc.jsonValue(), fc.constantFrom('0x0', '0x1', hex(FELT_PRIME), [], {}, null, 2 ** 53));
    fc.assert(
      fc.property(fc.nat(places.length - 1), fc.option(junk, { nil: undefined }), (index, value) => {
        const { path } = places[index] as Place;
        const changed = value === undefined ? removed(answer, path) : replaced(answer, path, value);
        let got: ProvenState;
        try {
          got = proveState(changed, query);
        } catch (error) {
          expect(error).toEqual(fromPeer);
          return;
        }
        expect(got).toEqual(proven);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused under another state root, with the expected and the found one', () => {
    for (const stateRoot of ['0x0', '0x1', answer.global_roots.contracts_tree_root]) {
      expect(() => proveState(answer, { ...query, stateRoot })).toThrow(
        expect.objectContaining({
          code: 'PROOF_INVALID',
          data: expect.objectContaining({ expected: stateRoot, got: query.stateRoot }),
        }),
      );
    }
  });

  it('is refused without what was asked for, and needs nothing else', () => {
    expect(() => proveState({ ...answer, contracts_storage_proofs: [] }, query)).toThrow(invalid);
    expect(() => proveState({ ...answer, classes_proof: [] }, query)).toThrow(invalid);
    const contractOnly = { stateRoot: query.stateRoot, contractAddress: query.contractAddress };
    const short = { ...answer, classes_proof: [], contracts_storage_proofs: [] };
    expect(proveState(short, contractOnly)).toEqual({ contract: proven.contract, values: [], classLeaves: [] });
  });

  it('is refused at once when it is huge, endless or no answer at all', () => {
    const [node] = answer.contracts_proof.nodes;
    const storage = (contracts_storage_proofs: unknown) => ({ ...answer, contracts_storage_proofs });
    const huge = [
      { ...answer, classes_proof: new Array(1e7).fill(node) },
      { ...answer, contracts_proof: { ...answer.contracts_proof, nodes: new Array(252).fill(node) } },
      { ...answer, contracts_proof: { ...answer.contracts_proof, contract_leaves_data: [null, null] } },
      storage([new Array(1e7).fill(node)]),
      storage(new Array(query.storageKeys.length).fill(new Array(252).fill(node))),
      storage(new Array(query.storageKeys.length + 1).fill([])),
      storage([[{ node_hash: `0x${'1'.repeat(1e7)}`, node: { left: '0x1', right: '0x1' } }]]),
    ];
    for (const wrong of huge) {
      const start = performance.now();
      expect(() => proveState(wrong, query)).toThrow(malformed);
      expect(performance.now() - start).toBeLessThan(2_000);
    }
    // Nodes that name themselves.
    const hash = answer.contracts_proof.contract_leaves_data[0]?.storage_root ?? '';
    for (const own of [
      { left: hash, right: hash },
      { path: '0x0', length: 1, child: hash },
    ]) {
      expect(() => proveState(storage([[{ node_hash: hash, node: own }]]), query)).toThrow(invalid);
    }
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(() => proveState(json, query)).toThrow(malformed);
      }),
    );
    expect(() => proveState({ jsonrpc: '2.0', id: 1, error: { code: 42 } }, query)).toThrow(malformed);
  });

  it('is looked at only for a query that makes sense', () => {
    const wrong: Partial<Record<keyof StorageProofQuery, unknown>>[] = [
      { stateRoot: 'latest' },
      { stateRoot: hex(FELT_PRIME) },
      { stateRoot: undefined },
      { contractAddress: hex(2n ** 251n) },
      { contractAddress: new Uint8Array(31) },
      { storageKeys: [hex(2n ** 251n)] },
      { storageKeys: ['1'] },
      { storageKeys: '0x1' },
      { storageKeys: null },
      { classHashes: new Array(1_001).fill('0x1') },
    ];
    for (const part of wrong) {
      expect(() => proveState(answer, { ...query, ...part } as StorageProofQuery)).toThrow(
        expect.objectContaining({ code: 'PROOF_QUERY_INVALID', fault: 'caller' }),
      );
    }
  });
});

it('the empty state has nothing in it', () => {
  const roots = { contracts_tree_root: '0x0', classes_tree_root: '0x0', block_hash: '0x0' };
  const contracts_proof = { nodes: [], contract_leaves_data: [] };
  const empty = { classes_proof: [], contracts_proof, contracts_storage_proofs: [[]], global_roots: roots };
  const query = { stateRoot: '0x0', contractAddress: ABSENT, storageKeys: ['0x1'] };
  expect(asHex(proveState(empty, query))).toEqual({ contract: null, values: ['0x0'], classLeaves: [] });
  expect(() => proveState(empty, { ...query, stateRoot: '0x1' })).toThrow(invalid);
  const leaf = { nonce: '0x0', class_hash: '0x1', storage_root: '0x0' };
  const claimed = { ...empty, contracts_proof: { nodes: [], contract_leaves_data: [leaf] } };
  expect(() => proveState(claimed, query)).toThrow(invalid);
});

const vectors = vectorsDir();

describe.skipIf(vectors === null)('real state', () => {
  const read = (...path: string[]) => readFileSync(join(vectors ?? '', 'starknet', ...path));

  it('of mainnet 9 is proven by a state root that is the contracts root alone, or combined with no classes', async () => {
    const fixture = await createChainFixture(networkOf('mainnet'));
    await commitCaptures(fixture, (file) => read('mainnet', file), 9);
    const [service] = createStarknetRpc(fixture.environment, networkOf('mainnet')) as [RpcService];
    const update = JSON.parse(read('mainnet', 'state_update', '9.json').toString()) as {
      new_root: string;
      state_diff: { storage_diffs: Record<string, { key: string; value: string }[]> };
    };
    const [[contractAddress, entries]] = Object.entries(update.state_diff.storage_diffs) as [
      [string, { key: string; value: string }[]],
    ];
    const query = { contractAddress, storageKeys: entries.map(({ key }) => key) };
    const alone = hex(BigInt(`0x${update.new_root.replace('0x', '')}`));
    const combined = hex(poseidonHashMany([ascii('STARKNET_STATE_V0'), BigInt(alone), 0n]));
    const answer = await ask(service, { ...query, stateRoot: alone });
    for (const stateRoot of [alone, combined]) {
      const { values } = asHex(proveState(answer, { ...query, stateRoot }));
      expect(values.map(BigInt)).toEqual(entries.map(({ value }) => BigInt(value)));
    }
  });

  // Two contracts were asked for and the storage of both in the other order.
  it('of Sepolia: name and symbol of STRK and ETH; the false storage roots of that answer are refused', () => {
    const capture = JSON.parse(read('proofs', 'sepolia_storage_proof.json').toString()) as { result: Answer };
    const { result } = capture;
    const { contracts_tree_root, classes_tree_root } = result.global_roots;
    const stateRoot = hex(
      poseidonHashMany([ascii('STARKNET_STATE_V0'), BigInt(contracts_tree_root), BigInt(classes_tree_root)]),
    );
    const storageKeys = [
      '0x341c1bdfd89f69748aa00b5742b03adbffd79b8e80cab5c50d91cd8c2a79be1', // ERC20_name
      '0xb6ce5410fca59d078ee9b2a4371a9d684c530d697c64fbef0ae6d5e8f0ac72', // ERC20_symbol
    ];
    const contracts = [
      ['0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d', 'Starknet Token', 'STRK'],
      ['0x49d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7', 'Ether', 'ETH'],
    ] as const;
    for (const [index, [contractAddress, ...texts]] of contracts.entries()) {
      const { class_hash: classHash } = result.contracts_proof.contract_leaves_data[index] as { class_hash: string };
      const query = { stateRoot, contractAddress, storageKeys, classHashes: [classHash] };
      const leaf = result.contracts_proof.contract_leaves_data[index];
      const storage = result.contracts_storage_proofs[1 - index];
      const answerWith = (contract_leaves_data: readonly unknown[]) => ({
        ...result,
        contracts_proof: { ...result.contracts_proof, contract_leaves_data },
        contracts_storage_proofs: [storage],
      });
      expect(() => proveState(answerWith([leaf]), query)).toThrow(invalid);
      const { contract, values, classLeaves } = asHex(proveState(answerWith([{ ...leaf, storage_root: null }]), query));
      expect(contract).toEqual({ classHash, nonce: '0x0', storageRoot: storage?.[0]?.node_hash });
      expect(values.map(BigInt)).toEqual(texts.map(ascii));
      expect(classLeaves).not.toContain('0x0');
    }
  });

  it('of block 1309254 by Pathfinder: contract 0x2 with a list of nodes for each of 20 keys', () => {
    const capture = JSON.parse(read('proofs', 'pathfinder_proof_1309254.json').toString()) as PathfinderProof;
    const { state_commitment: stateRoot, contract_data } = capture;
    const answer = {
      classes_proof: null,
      contracts_proof: {
        nodes: capture.contract_proof.map(fromPathfinder),
        contract_leaves_data: [{ nonce: '0x0', class_hash: '0x0', storage_root: contract_data.root }],
      },
      contracts_storage_proofs: contract_data.storage_proofs.map((nodes) => nodes.map(fromPathfinder)),
      global_roots: { contracts_tree_root: capture.contract_commitment, classes_tree_root: capture.class_commitment },
    };
    const known = { '0x228': '0x72ae', '0x229': '0x4141', '0x0': '0x12ee5d8' };
    const long = '0x352057331d5ad77465315d30b98135ddb815b86aa485d659dfeef59a904f88d';
    const storageKeys = [...Object.keys(known), long, ...new Array<string>(16).fill('0x0')];
    const query = { stateRoot, contractAddress: '0x2', storageKeys };
    const { contract, values } = asHex(proveState(answer, query));
    expect(contract).toEqual({ classHash: '0x0', nonce: '0x0', storageRoot: contract_data.root });
    expect(values.slice(0, 4)).toEqual([...Object.values(known), '0x123f1cd']);
    expect(() => proveState(answer, { ...query, contractAddress: '0x1' })).toThrow(invalid);
  });
});

interface PathfinderProof {
  readonly state_commitment: string;
  readonly contract_commitment: string;
  readonly class_commitment: string;
  readonly contract_proof: readonly PathfinderNode[];
  readonly contract_data: { readonly root: string; readonly storage_proofs: readonly (readonly PathfinderNode[])[] };
}

type PathfinderNode =
  | { readonly binary: { readonly left: string; readonly right: string; readonly node_hash: string } }
  | {
      readonly edge: {
        readonly child: string;
        readonly path: { value: string; len: number };
        readonly node_hash: string;
      };
    };

/** `pathfinder_getProof` came before the specification: the same nodes in another shape. */
function fromPathfinder(item: PathfinderNode): Node {
  if ('binary' in item) {
    const { node_hash, left, right } = item.binary;
    return { node_hash, node: { left, right } };
  }
  const { node_hash, child, path } = item.edge;
  return { node_hash, node: { child, path: path.value, length: path.len } };
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** Every value inside a JSON value. */
function placesIn(json: unknown, path: readonly (string | number)[] = []): Place[] {
  if (!isObject(json)) return [];
  return Object.entries(json).flatMap(([name, value]: [string, unknown]) => {
    const own = [...path, Array.isArray(json) ? Number(name) : name];
    return [{ path: own, value }, ...placesIn(value, own)];
  });
}

function replaced(json: unknown, path: readonly (string | number)[], value: unknown): unknown {
  return edited(json, path, (parent, last) => {
    parent[last] = value;
  });
}

function removed(json: unknown, path: readonly (string | number)[]): unknown {
  return edited(json, path, (parent, last) => {
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete parent[last];
  });
}

function edited(
  json: unknown,
  path: readonly (string | number)[],
  edit: (parent: Record<string | number, unknown>, last: string | number) => void,
): unknown {
  const copy = structuredClone(json);
  const parent = path.slice(0, -1).reduce((at, step) => (at as Record<string | number, unknown>)[step], copy);
  edit(parent as Record<string | number, unknown>, path.at(-1) as string | number);
  return copy;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
