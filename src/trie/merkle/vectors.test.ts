/**
 * Trees of a real rollup chain: blocks of Aztec 4.1.2 local networks as their nodes served them, and values from two
 * independent implementations. `rollup/manifest.json` of the vectors tells how they were made, and their licence.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../test/vectors/locate.ts';
import { createPoseidon2Hasher } from '../../crypto/index.ts';
import { compareBytes, concatBytes, fromHex, toHex } from '../../lib/index.ts';
import {
  appendLeaves,
  createAppendOnlyTree,
  createMerkleHasher,
  insertIndexedKeys,
  type MerkleResult,
  proveIndexedKey,
  readSiblingPath,
  verifyIndexedProof,
  verifySiblingPath,
  writeIndexedEntries,
} from './index.ts';
import { element, OrderedRecords } from './testing.ts';

const dir = vectorsDir();
const hash = createPoseidon2Hasher();
const hasher = createMerkleHasher(hash);

/** Prefix and height of each tree. */
const NULLIFIERS = { prefix: Uint8Array.of(0), height: 42 };
const NOTES = { prefix: Uint8Array.of(1), height: 42 };
const PUBLIC_DATA = { prefix: Uint8Array.of(2), height: 40 };
const MESSAGES = { prefix: Uint8Array.of(3), height: 36 };
const ARCHIVE = { prefix: Uint8Array.of(4), height: 30 };

/** Leaves both indexed trees begin with; places a transaction takes in the trees of notes and nullifiers. */
const GENESIS_LEAVES = 128;
const PLACES_PER_TX = 64;
const MESSAGES_PER_CHECKPOINT = 1024;

describe.skipIf(dir === null)('published roots', () => {
  const readPrimitives = (): Primitives => JSON.parse(read('primitives.json'));

  test('of empty trees', () => {
    for (const [name, root] of Object.entries(readPrimitives().emptyRoots)) {
      const height = Number(name.slice('height'.length));
      expect(toHex(hasher.empty.slice(height * 32, height * 32 + 32))).toBe(root);
      expect(toHex(createAppendOnlyTree({ hasher, height }).root())).toBe(root);
    }
  });

  test('of a chain’s beginning', () => {
    const primitives = readPrimitives();
    const genesis = createGenesis(new OrderedRecords(), []);
    expect(genesis.nullifiers).toBe(primitives.genesisNullifierRoot);
    expect(genesis.publicData).toBe(primitives.genesisPublicDataRoot);
    expect(toHex(genesis.headerHash)).toBe(primitives.genesisBlockHeaderHash);
    expect(genesis.archive).toBe(primitives.genesisArchiveRoot);
  });
});

describe.skipIf(dir === null).each(['run-a', 'run-b', 'run-c'])('the blocks of %s', (run) => {
  test('make all five roots after every block, and proofs of what they hold', () => {
    const store = new OrderedRecords();
    const blocks = readLines<Block>(`${run}/l2/blocks.jsonl.gz`);
    const hashes = readLines<{ readonly number: number; readonly hash: string }>(`${run}/l2/block-hashes.jsonl.gz`);
    const { prefilledPublicData, genesisArchiveRoot } = JSON.parse(read(`${run}/l2/genesis.json`)) as GenesisData;
    expect(createGenesis(store, prefilledPublicData).archive).toBe(genesisArchiveRoot);
    const messages = readMessages(run);

    const sizes = { nullifiers: GENESIS_LEAVES, notes: 0, publicData: GENESIS_LEAVES, messages: 0, archive: 1 };
    const apply = (result: MerkleResult): TreeState => {
      store.apply(result.writes);
      return { root: toHex(result.root), nextAvailableLeafIndex: result.size };
    };
    for (const [number, block] of blocks.entries()) {
      const { txEffects } = block.body;
      const due = block.header.state;
      if (block.indexWithinCheckpoint === 0) {
        const leaves = padded([messages.get(block.checkpointNumber) ?? []], MESSAGES_PER_CHECKPOINT);
        const state = apply(appendLeaves(store, hasher, { ...MESSAGES, size: sizes.messages, leaves }));
        expect(state).toEqual(due.l1ToL2MessageTree);
        sizes.messages = state.nextAvailableLeafIndex;
      }
      const notes = padded(
        txEffects.map(({ noteHashes }) => noteHashes),
        PLACES_PER_TX,
      );
      const noteState = apply(appendLeaves(store, hasher, { ...NOTES, size: sizes.notes, leaves: notes }));
      expect(noteState).toEqual(due.partial.noteHashTree);

      const keys = txEffects.flatMap(({ nullifiers }) =>
        Array.from({ length: PLACES_PER_TX }, (_, i) => (nullifiers[i] === undefined ? null : fromHex(nullifiers[i]))),
      );
      const nullifierState = apply(insertIndexedKeys(store, hasher, { ...NULLIFIERS, size: sizes.nullifiers, keys }));
      expect(nullifierState).toEqual(due.partial.nullifierTree);

      const entries = txEffects
        .flatMap(({ publicDataWrites }) => publicDataWrites)
        .map(({ leafSlot, value }) => ({ key: fromHex(leafSlot), value: fromHex(value) }));
      const publicState = apply(
        writeIndexedEntries(store, hasher, { ...PUBLIC_DATA, size: sizes.publicData, entries }),
      );
      expect(publicState).toEqual(due.partial.publicDataTree);

      const blockHash = fromHex(hashes[number]?.hash as string); // as many as blocks
      const archive = apply(appendLeaves(store, hasher, { ...ARCHIVE, size: sizes.archive, leaves: blockHash }));
      expect(archive).toEqual(block.archive);
      sizes.notes = noteState.nextAvailableLeafIndex;
      sizes.nullifiers = nullifierState.nextAvailableLeafIndex;
      sizes.publicData = publicState.nextAvailableLeafIndex;
      sizes.archive = archive.nextAvailableLeafIndex;
    }

    const last = blocks.at(-1) as Block; // Every run has blocks.
    for (const [number, { hash: leaf }] of hashes.entries()) {
      const place = { ...ARCHIVE, index: number + 1 };
      const path = readSiblingPath(store, hasher, place);
      expect(toHex(path.leaf)).toBe(leaf);
      verifySiblingPath(hasher.hashPairs, { root: fromHex(last.archive.root), ...place, ...path });
    }
    const nullifier = blocks.flatMap(({ body }) => body.txEffects).flatMap(({ nullifiers }) => nullifiers)[0] as string;
    const root = fromHex(last.header.state.partial.nullifierTree.root);
    for (const [key, isPresent] of [
      [fromHex(nullifier), true],
      [element(BigInt(nullifier) + 1n), false],
      [element(127), true],
      [element(128), false],
    ] as const) {
      const proof = proveIndexedKey(store, hasher, { ...NULLIFIERS, key });
      if (proof === null) throw new Error('the tree is not empty');
      const claim = { root, height: NULLIFIERS.height, hasValues: false, key, proof };
      expect(verifyIndexedProof(hasher, claim)).toEqual({ isPresent, value: null });
    }
  });
});

/** Fills the trees as they are before block 1: see the network's own genesis. */
function createGenesis(store: OrderedRecords, prefilled: GenesisData['prefilledPublicData']) {
  const small = (count: number) => Array.from({ length: count }, (_, i) => element(i));
  const nullifiers = insertIndexedKeys(store, hasher, { ...NULLIFIERS, size: 0, keys: small(GENESIS_LEAVES) });
  const entries = [
    ...small(GENESIS_LEAVES - prefilled.length).map((key) => ({ key, value: element(0) })),
    ...prefilled.map(({ slot, value }) => ({ key: fromHex(slot), value: fromHex(value) })),
  ].sort((a, b) => compareBytes(a.key, b.key));
  const publicData = writeIndexedEntries(store, hasher, { ...PUBLIC_DATA, size: 0, entries });
  store.apply(nullifiers.writes);
  store.apply(publicData.writes);
  // The header has 22 fields, zero but for roots and sizes, behind a separator.
  const fields = Array.from({ length: 23 }, () => element(0));
  fields[0] = element(4195546849);
  fields[3] = hasher.empty.slice(MESSAGES.height * 32, MESSAGES.height * 32 + 32);
  fields[5] = hasher.empty.slice(NOTES.height * 32, NOTES.height * 32 + 32);
  fields[7] = nullifiers.root;
  fields[8] = element(GENESIS_LEAVES);
  fields[9] = publicData.root;
  fields[10] = element(GENESIS_LEAVES);
  const headerHash = hash.hashMany([concatBytes(...fields)]);
  const archive = appendLeaves(store, hasher, { ...ARCHIVE, size: 0, leaves: headerHash });
  store.apply(archive.writes);
  return {
    nullifiers: toHex(nullifiers.root),
    publicData: toHex(publicData.root),
    headerHash,
    archive: toHex(archive.root),
  };
}

/** Each list followed by zeros up to `places`. */
function padded(lists: readonly (readonly string[])[], places: number): Uint8Array {
  const out = new Uint8Array(lists.length * places * 32);
  for (const [i, list] of lists.entries()) {
    for (const [j, leaf] of list.entries()) out.set(fromHex(leaf), (i * places + j) * 32);
  }
  return out;
}

/** Leaves of the messages for each checkpoint, from the inbox's events. */
function readMessages(run: string): ReadonlyMap<number, readonly string[]> {
  const { inboxAddress } = JSON.parse(read(`${run}/l1/addresses.json`)) as { readonly inboxAddress: string };
  const messages = new Map<number, string[]>();
  const receipts = readLines<readonly { readonly logs: readonly Log[] }[]>(`${run}/l1/receipts.jsonl.gz`).flat();
  for (const { address, topics } of receipts.flatMap(({ logs }) => logs)) {
    const [event, checkpoint, leaf] = topics;
    if (address !== inboxAddress || event !== MESSAGE_SENT || checkpoint === undefined || leaf === undefined) continue;
    const leaves = messages.get(Number(checkpoint)) ?? [];
    messages.set(Number(checkpoint), [...leaves, leaf]);
  }
  return messages;
}

/** `MessageSent(uint256 indexed, uint256, bytes32 indexed, bytes16)`. */
const MESSAGE_SENT = '0xe3afb584bcff3adb9d452d2e1ccbcd4aee164ae2a8cdab637aecf866a53fbb77';

function read(path: string): string {
  return readFileSync(join(dir ?? '', 'rollup', path), 'utf8');
}

function readLines<Line>(path: string): Line[] {
  const text = gunzipSync(readFileSync(join(dir ?? '', 'rollup', path))).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line); // The vectors' own format.
}

interface Primitives {
  readonly emptyRoots: Readonly<Record<string, string>>;
  readonly genesisNullifierRoot: string;
  readonly genesisPublicDataRoot: string;
  readonly genesisBlockHeaderHash: string;
  readonly genesisArchiveRoot: string;
}

interface GenesisData {
  readonly genesisArchiveRoot: string;
  readonly prefilledPublicData: readonly { readonly slot: string; readonly value: string }[];
}

interface TreeState {
  readonly root: string;
  readonly nextAvailableLeafIndex: number;
}

interface Block {
  readonly checkpointNumber: number;
  readonly indexWithinCheckpoint: number;
  readonly archive: TreeState;
  readonly header: {
    readonly state: {
      readonly l1ToL2MessageTree: TreeState;
      readonly partial: {
        readonly noteHashTree: TreeState;
        readonly nullifierTree: TreeState;
        readonly publicDataTree: TreeState;
      };
    };
  };
  readonly body: {
    readonly txEffects: readonly {
      readonly noteHashes: readonly string[];
      readonly nullifiers: readonly string[];
      readonly publicDataWrites: readonly { readonly leafSlot: string; readonly value: string }[];
    }[];
  };
}

interface Log {
  readonly address: string;
  readonly topics: readonly string[];
}
