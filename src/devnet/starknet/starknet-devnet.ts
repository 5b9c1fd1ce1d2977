import { devnetParams, FELT_ZERO, type Felt, feltToHex, type NetworkParams } from '../../chains/starknet/index.ts';
import { createFeltHasher } from '../../crypto/index.ts';
import type { BlockRef, Height } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import { BlockShelf, decodeBundle, type ShelvedBlock } from './block-shelf.ts';
import { createDevnetState } from './devnet-state.ts';
import { type DraftSite, noChanges } from './draft.ts';
import { draftBlock, draftGenesis } from './draft-block.ts';
import { drawGasPrices } from './gas-prices.ts';
import { parseDevnetOptions, type StarknetDevnetOptions } from './options.ts';
import { createDevnetRandom } from './random.ts';
import { type DevnetBlock, sealBlock, signedBlock } from './seal-block.ts';
import { createSigningKey } from './signing-key.ts';
import { DevnetWorld } from './world.ts';

/**
 * A Starknet chain made on demand from a seed. Its blocks are of version 0.14.2 and valid: transaction hashes,
 * commitments, block hashes, state roots, signatures. What a height holds follows from the options, the branch and
 * the branch's blocks below, however the calls that made it were cut.
 */
export interface StarknetDevnet {
  readonly options: Required<StarknetDevnetOptions>;
  /** What a node must know of this chain: chain id, public key, hash of block 0. */
  readonly network: NetworkParams;
  /** x of the key that signs its blocks, canonical hex. */
  readonly publicKey: string;
  /** The newest block of the current branch; there is always one, genesis. */
  readonly head: BlockRef;
  /** Number of the current branch: 0, and one more with each reorg. */
  readonly branch: number;
  /** Adds blocks to the current branch. Synchronous: some milliseconds a block. */
  produce(count: number): void;
  /**
   * Abandons the newest `depth` blocks, for good, and makes `extend` others in their place (default: as many; 0: a
   * pure roll-back). @throws {SynclineError} `DEVNET_REORG` (fault `caller`) when `depth` would take genesis too.
   */
  reorg(options: { readonly depth: number; readonly extend?: number }): void;
  /** A block of the current branch, null where it has none. Decoded anew each time, the caller's to keep. */
  blockAt(height: number): DevnetBlock | null;
  /** A block of the current branch as it is kept: its hash and its gzipped JSON. */
  shelvedAt(height: number): ShelvedBlock | null;
  /** Height of a block of the current branch by its hash, 32 bytes. */
  heightOf(hash: Uint8Array): Height | null;
  /** The block with another state root, but hashed and signed as if it were true: only execution can tell. */
  forgeRoot(block: DevnetBlock, stateRoot: Felt): DevnetBlock;
  /** Every record of the flat state after the newest block; keys as the chain's rules make them. */
  stateRecords(): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
}

/** @throws {SynclineError} `DEVNET_OPTION_INVALID` (fault `caller`). */
export function createStarknetDevnet(given: StarknetDevnetOptions = {}): StarknetDevnet {
  const options = parseDevnetOptions(given);
  const { seed } = options;
  const hasher = createFeltHasher();
  const key = createSigningKey(seed);
  const params = devnetParams({ chainIds: [options.chainId], publicKey: key.publicKey });
  const sequencerAddress = createDevnetRandom(`seed ${seed} sequencer`).felt();
  const sealing = { hasher, network: params, key, version: VERSION, sequencerAddress };
  const world = new DevnetWorld();
  const state = createDevnetState({ hasher, version: VERSION });
  const shelf = new BlockShelf();
  let branch = 0;

  const makeNext = () => {
    const height = shelf.length;
    const parent = shelf.last;
    const random = createDevnetRandom(`seed ${seed} branch ${branch} block ${height}`);
    const prices = drawGasPrices(random);
    const active = Array.from({ length: Math.ceil(options.transactionsPerBlock / 3) }, () =>
      random.pick(world.accounts),
    );
    const site: DraftSite = { hasher, random, world, prices, changes: noChanges(), active };
    world.beginBlock();
    const draft = parent === null ? draftGenesis(site, options) : draftBlock(site, nextOptions(site, height));
    const stateRoot = state.advance(draft.stateDiff);
    const parentHash = (parent?.ref.hash ?? FELT_ZERO) as Uint8Array as Felt; // block hashes are felts
    const parentRoot = parent?.stateRoot ?? FELT_ZERO;
    const timestampS = options.timestampS + height * options.intervalS;
    shelf.push(sealBlock(sealing, { height, parentHash, parentRoot, stateRoot, timestampS, prices }, draft));
  };
  const nextOptions = ({ random }: DraftSite, height: number) => {
    const isEmpty = random.chance(options.emptyShare);
    const oldHash = shelf.at(height - HASH_STORE_DELAY)?.ref.hash;
    return {
      height,
      isEmpty,
      transactions: isEmpty ? 0 : options.transactionsPerBlock,
      storageUpdates: options.storageUpdatesPerBlock,
      hashToStore:
        oldHash === undefined ? null : { height: height - HASH_STORE_DELAY, hash: oldHash as Uint8Array as Felt }, // as above
    };
  };
  const produce = (count: number) => {
    for (let i = 0; i < count; i++) makeNext();
  };

  produce(options.blocks);
  const genesis = (shelf.at(0) as ShelvedBlock).ref; // `blocks` is at least 1
  return {
    options,
    network: { ...params, genesisHash: feltToHex(genesis.hash) },
    publicKey: key.publicKey,
    get head() {
      return shelf.last?.ref ?? genesis;
    },
    get branch() {
      return branch;
    },
    produce,
    reorg({ depth, extend = depth }) {
      if (!Number.isSafeInteger(depth) || depth < 1 || depth >= shelf.length) {
        throw new SynclineError('DEVNET_REORG', 'caller', 'the chain has not that many blocks above genesis', {
          data: { depth, blocks: shelf.length },
        });
      }
      world.rewind(depth);
      state.rewind(depth);
      shelf.drop(depth);
      branch++;
      produce(extend);
    },
    blockAt(height) {
      const shelved = shelf.at(height);
      return shelved === null ? null : decodeBundle(shelved.bundle);
    },
    shelvedAt: (height) => shelf.at(height),
    heightOf: (hash) => shelf.heightOf(hash),
    forgeRoot({ block, stateUpdate }, stateRoot) {
      const { oldRoot, stateDiff } = stateUpdate;
      const header = { ...block.header, stateRoot };
      return signedBlock(sealing, { block: { ...block, header }, oldRoot, stateDiff });
    },
    stateRecords: () => state.records(),
  };
}

/** Protocol version of all blocks: the newest whose block hash the published vectors prove in full. */
const VERSION = '0.14.2';
/** Contract 0x1 learns the hash of the block this many before. @see Starknet documentation, "Block hashes" */
const HASH_STORE_DELAY = 10;
