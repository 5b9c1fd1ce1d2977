/**
 * Against the outside: feeder-gateway state updates of mainnet, whose `new_root` the sequencer computed, and storage
 * proofs other nodes served. Origins and licences are in the vectors' manifest.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../test/vectors/locate.ts';
import { createFeltHasher } from '../crypto/index.ts';
import { concatBytes, toHex } from '../lib/index.ts';
import { readRoot, updateTries } from './binary-trie.ts';
import { rootFromSorted } from './build.ts';
import { zeroFelt } from './felts.ts';
import { type ProofNode, proveKey, verifyProof } from './proof.ts';
import { felt, MemoryPages, toNumber } from './testing.ts';

const vectors = vectorsDir();
const { pedersen, poseidon } = createFeltHasher();
const HEIGHT = 251;
const readJson = (...path: string[]) => JSON.parse(readFileSync(join(vectors ?? '', 'starknet', ...path), 'utf8'));
const hexFelt = (text: string) => felt(BigInt(text.startsWith('0x') ? text : `0x${text}`));

interface StateUpdate {
  readonly new_root: string;
  readonly state_diff: {
    readonly storage_diffs: Readonly<Record<string, readonly { readonly key: string; readonly value: string }[]>>;
    readonly nonces?: Readonly<Record<string, string>>;
    readonly deployed_contracts: readonly {
      readonly address: string;
      readonly class_hash?: string;
      readonly contract_hash?: string;
    }[];
  };
}

/** A chain before 0.11: the state root is the root of the contracts trie. */
class Contracts {
  readonly store = new MemoryPages();
  private readonly classes = new Map<string, Uint8Array>();
  private readonly nonces = new Map<string, Uint8Array>();

  /** Applies one block's diff; returns the new state root. */
  apply({ state_diff: diff }: StateUpdate): Uint8Array {
    for (const { address, class_hash, contract_hash } of diff.deployed_contracts) {
      this.classes.set(toHex(hexFelt(address)), hexFelt(class_hash ?? contract_hash ?? ''));
    }
    for (const [address, nonce] of Object.entries(diff.nonces ?? {})) {
      this.nonces.set(toHex(hexFelt(address)), hexFelt(nonce));
    }
    const updates = Object.entries(diff.storage_diffs).map(([address, changes]) => ({
      prefix: concatBytes(Uint8Array.of(2), hexFelt(address)),
      height: HEIGHT,
      entries: changes.map(({ key, value }) => ({ key: hexFelt(key), value: hexFelt(value) })),
    }));
    this.store.apply(updateTries(this.store, pedersen, updates).writes);

    const addresses = [...new Set([...this.classes.keys()])].map(hexFelt);
    const column = (of: (address: Uint8Array) => Uint8Array) => concatBytes(...addresses.map(of));
    const classes = column((address) => this.classes.get(toHex(address)) ?? zeroFelt());
    const roots = column((address) => readRoot(this.store, concatBytes(Uint8Array.of(2), address)));
    const nonces = column((address) => this.nonces.get(toHex(address)) ?? zeroFelt());
    const states = pedersen(pedersen(pedersen(classes, roots), nonces), new Uint8Array(classes.length));
    const entries = addresses.map((key, i) => ({ key, value: states.subarray(32 * i, 32 * i + 32) }));
    const update = { prefix: Uint8Array.of(1), height: HEIGHT, entries };
    const { roots: stateRoots, writes } = updateTries(this.store, pedersen, [update]);
    this.store.apply(writes);
    return stateRoots[0] as Uint8Array;
  }
}

describe.skipIf(vectors === null)('real state', () => {
  it('mainnet blocks 0 to 9 give the state roots the sequencer gave', () => {
    const contracts = new Contracts();
    for (let block = 0; block < 10; block++) {
      const update = readJson('mainnet', 'state_update', `${block}.json`) as StateUpdate;
      expect({ block, root: toHex(contracts.apply(update)) }).toEqual({ block, root: toHex(hexFelt(update.new_root)) });
    }
  });

  it('the captures with a block give the same roots', () => {
    const contracts = new Contracts();
    for (let block = 0; block < 3; block++) {
      const { state_update: update } = readJson('mainnet', 'state_update_with_block', `${block}.json`);
      expect(toHex(contracts.apply(update))).toBe(toHex(hexFelt(update.new_root)));
    }
  });

  it('a key of mainnet state is proven with its value, and its neighbour as absent', () => {
    const contracts = new Contracts();
    const update = readJson('mainnet', 'state_update', '0.json') as StateUpdate;
    contracts.apply(update);
    for (const [address, changes] of Object.entries(update.state_diff.storage_diffs)) {
      const prefix = concatBytes(Uint8Array.of(2), hexFelt(address));
      const root = readRoot(contracts.store, prefix);
      const written = new Map(changes.map(({ key, value }) => [BigInt(key), BigInt(value)]));
      for (const key of [...written.keys()].flatMap((present) => [present, present ^ 2n])) {
        const nodes = proveKey(contracts.store, prefix, HEIGHT, felt(key));
        const value = verifyProof({ hash: pedersen, root, height: HEIGHT, key: felt(key), nodes });
        expect(toNumber(value)).toBe(written.get(key) ?? 0n);
      }
    }
  });
});

describe('with the real hashes', () => {
  it('a trie grown and cut by batches has the root of a rebuild', () => {
    for (const hash of [pedersen, poseidon]) {
      const store = new MemoryPages();
      const prefix = Uint8Array.of(1);
      const content = new Map<bigint, bigint>();
      for (let batch = 1n; batch <= 6n; batch++) {
        const entries = Array.from({ length: 40 }, (_, i) => {
          const key = (BigInt(i) * batch * 0x1d3f5b7n) ** 8n % 2n ** 251n;
          return [key, BigInt(i) % 3n === batch % 3n ? 0n : batch] as const;
        });
        for (const [key, value] of entries) value === 0n ? content.delete(key) : content.set(key, value);
        const update = { prefix, height: HEIGHT, entries: entries.map(([k, v]) => ({ key: felt(k), value: felt(v) })) };
        store.apply(updateTries(store, hash, [update]).writes);
        const sorted = [...content].sort(([a], [b]) => (a < b ? -1 : 1));
        const keys = concatBytes(...sorted.map(([key]) => felt(key)));
        const values = concatBytes(...sorted.map(([, value]) => felt(value)));
        expect(toHex(readRoot(store, prefix))).toBe(toHex(rootFromSorted(hash, HEIGHT, keys, values)));
      }
    }
  });
});

interface Path {
  readonly key: bigint;
  readonly nodes: readonly ProofNode[];
  readonly value: bigint;
}

/**
 * What a set of nodes proves: all ways from `root` down to a leaf, and those to an edge whose child is not shown,
 * which is how a proof of absence ends; of the keys beside such an edge, one.
 */
function pathsFrom(nodes: ReadonlyMap<bigint, ProofNode>, root: bigint): Path[] {
  const walk = (hash: bigint, depth: number, key: bigint): Path[] => {
    if (depth === HEIGHT) return [{ key, nodes: [], value: hash }];
    const node = nodes.get(hash);
    if (node === undefined) return [];
    const end = node.type === 'edge' ? depth + node.length : depth + 1;
    let below: Path[];
    if (node.type === 'binary') {
      below = [...walk(toNumber(node.left), end, key << 1n), ...walk(toNumber(node.right), end, (key << 1n) | 1n)];
    } else {
      const way = (key << BigInt(node.length)) | toNumber(node.path);
      below = walk(toNumber(node.child), end, way);
      if (below.length === 0) below = [{ key: (way ^ 1n) << BigInt(HEIGHT - end), nodes: [], value: 0n }];
    }
    return below.map((path) => ({ ...path, nodes: [node, ...path.nodes] }));
  };
  return walk(root, 0, 0n);
}

/** Verifies each path as a proof of its key, and that the same nodes show the absence of a key beside the leaf. */
function verifyPaths(hash: typeof pedersen, root: bigint, paths: readonly Path[]): void {
  for (const { key, nodes, value } of paths) {
    const proof = { hash, root: felt(root), height: HEIGHT, nodes };
    expect(toNumber(verifyProof({ ...proof, key: felt(key) }))).toBe(value);
    // A last edge commits to every bit below it: another key there is absent.
    if (value !== 0n && nodes.at(-1)?.type === 'edge')
      expect(verifyProof({ ...proof, key: felt(key ^ 1n) })).toEqual(zeroFelt());
  }
}

interface RpcNode {
  readonly node_hash: string;
  readonly node: { left: string; right: string } | { child: string; path: string; length: number };
}

function fromRpc(nodes: readonly RpcNode[]): Map<bigint, ProofNode> {
  return new Map(
    nodes.map(({ node_hash, node }) => [
      BigInt(node_hash),
      'left' in node
        ? { type: 'binary', left: hexFelt(node.left), right: hexFelt(node.right) }
        : { type: 'edge', child: hexFelt(node.child), path: hexFelt(node.path), length: node.length },
    ]),
  );
}

interface PathfinderNode {
  readonly binary?: { readonly left: string; readonly right: string; readonly node_hash: string };
  readonly edge?: {
    readonly child: string;
    readonly path: { readonly value: string; readonly len: number };
    readonly node_hash: string;
  };
}

function fromPathfinder(nodes: readonly PathfinderNode[]): Map<bigint, ProofNode> {
  const out = new Map<bigint, ProofNode>();
  for (const { binary, edge } of nodes) {
    if (binary !== undefined) {
      const { left, right, node_hash } = binary;
      out.set(BigInt(node_hash), { type: 'binary', left: hexFelt(left), right: hexFelt(right) });
    }
    if (edge !== undefined) {
      const { child, path, node_hash } = edge;
      const node = { type: 'edge', child: hexFelt(child), path: hexFelt(path.value), length: path.len } as const;
      out.set(BigInt(node_hash), node);
    }
  }
  return out;
}

describe.skipIf(vectors === null)('proofs other nodes served', () => {
  it('a Sepolia getStorageProof: classes with Poseidon', () => {
    const { classes_proof, contracts_proof, global_roots } = readJson('proofs', 'sepolia_storage_proof.json').result;
    const root = BigInt(global_roots.classes_tree_root);
    const paths = pathsFrom(fromRpc(classes_proof), root);
    expect(paths.length).toBe(2);
    verifyPaths(poseidon, root, paths);
    const asked = contracts_proof.contract_leaves_data.map((leaf: { class_hash: string }) => BigInt(leaf.class_hash));
    expect(paths.map(({ key }) => key).sort()).toEqual(asked.sort());
  });

  it('a Sepolia getStorageProof: contracts and storage with Pedersen', () => {
    const { contracts_proof, contracts_storage_proofs, global_roots } = readJson(
      'proofs',
      'sepolia_storage_proof.json',
    ).result;
    const root = BigInt(global_roots.contracts_tree_root);
    const contracts = pathsFrom(fromRpc(contracts_proof.nodes), root);
    expect(contracts.length).toBe(2);
    verifyPaths(pedersen, root, contracts);
    for (const list of contracts_storage_proofs as RpcNode[][]) {
      // The first node is the root; the leaf data of this capture names a wrong one.
      const storageRoot = BigInt(list[0]?.node_hash ?? 0);
      const paths = pathsFrom(fromRpc(list), storageRoot);
      expect(paths.length).toBeGreaterThan(0);
      verifyPaths(pedersen, storageRoot, paths);
    }
  });

  it('a Pathfinder proof of block 1309254: a contract and its storage', () => {
    const proof = readJson('proofs', 'pathfinder_proof_1309254.json');
    const contracts = pathsFrom(fromPathfinder(proof.contract_proof), BigInt(proof.contract_commitment));
    expect(contracts.length).toBe(1);
    verifyPaths(pedersen, BigInt(proof.contract_commitment), contracts);
    const storageRoot = BigInt(proof.contract_data.root);
    for (const list of proof.contract_data.storage_proofs as PathfinderNode[][]) {
      const paths = pathsFrom(fromPathfinder(list), storageRoot);
      expect(paths.length).toBeGreaterThan(0);
      verifyPaths(pedersen, storageRoot, paths);
    }
  });
});
