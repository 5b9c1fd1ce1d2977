import { createClassHashers } from '../../chains/starknet/classes/index.ts';
import { devnetParams, FELT_ZERO, type Felt, feltToHex, type NetworkParams } from '../../chains/starknet/index.ts';
import { createFeltHasher } from '../../crypto/index.ts';
import type { BlockRef, Height } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import { BlockShelf, decodeBundle, type ShelvedBlock } from './block-shelf.ts';
import { type DevnetClassFiles, writeClass } from './devnet-class.ts';
import { createDevnetState } from './devnet-state.ts';
import { type DraftSite, noChanges } from './draft.ts';
import { draftBlock, draftGenesis } from './draft-block.ts';
import { declaredForm } from './draft-class.ts';
import { drawGasPrices } from './gas-prices.ts';
import { readGivenClasses } from './given-class.ts';
import { parseDevnetOptions, type StarknetDevnetOptions } from './options.ts';
import { createDevnetRandom } from './random.ts';
import { type DevnetBlock, sealBlock, signedBlock } from './seal-block.ts';
import { createSigningKey } from './signing-key.ts';
import { type DevnetClass, DevnetWorld } from './world.ts';

/**
 * A Starknet chain made on demand from a seed. Its blocks are valid: transaction hashes,
 * commitments, block hashes, state roots, signatures, classes. What a height holds follows from the options, the branch and
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
  /** Classes that blocks of the current branch have named, in the order of their making. */
  readonly classes: readonly DevnetClass[];
  /** A class of the current branch by its hash, 32 bytes. */
  classOf(classHash: Uint8Array): DevnetClass | null;
  /** What a gateway serves of a class. Written anew each time. */
  classFiles(named: DevnetClass): DevnetClassFiles;
  /** The block with another state root, but hashed and signed as if it were true: only execution can tell. */
  forgeRoot(block: DevnetBlock, stateRoot: Felt): DevnetBlock;
  /** Every record of the flat state after the newest block; keys as the chain's rules make them. */
  stateRecords(): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
}

/** @throws {SynclineError} `DEVNET_OPTION_INVALID` (fault `caller`), also for given classes that are not what they should be. */
export function createStarknetDevnet(given: StarknetDevnetOptions = {}): StarknetDevnet {
  const options = parseDevnetOptions(given);
  const { seed, protocolVersion, upgradeHeight } = options;
  const versionAt = (height: number) => (height < upgradeHeight ? VERSION_BEFORE_UPGRADE : protocolVersion);
  const hasher = createFeltHasher();
  const classHashers = createClassHashers(hasher);
  const givenClasses = readGivenClasses(classHashers, options.classes, (height) => declaredForm(versionAt(height)));
  const key = createSigningKey(seed);
  const params = devnetParams({ chainIds: [options.chainId], publicKey: key.publicKey });
  const sequencerAddress = createDevnetRandom(`seed ${seed} sequencer`).felt();
  const sealing = { hasher, network: params, key, sequencerAddress };
  const world = new DevnetWorld();
  const state = createDevnetState({ hasher, versionAt });
  const shelf = new BlockShelf();
  let branch = 0;

  const makeNext = () => {
    const height = shelf.length;
    const parent = shelf.last;
    const version = versionAt(height);
    const label = `seed ${seed} branch ${branch} block ${height}`;
    const random = createDevnetRandom(label);
    const prices = drawGasPrices(random);
    const active = Array.from({ length: Math.ceil(options.transactionsPerBlock / 3) }, () =>
      random.pick(world.accounts),
    );
    const changes = noChanges();
    const declaring = { given: givenClasses.filter((one) => one.height === height) };
    const common = { hasher, classHashers, label, height, version, random, world };
    const site: DraftSite = { ...common, ...declaring, prices, changes, active };
    world.beginBlock();
    const draft = parent === null ? draftGenesis(site, options) : draftBlock(site, nextOptions(site, height));
    const stateRoot = state.advance(draft.stateDiff);
    const parentHash = (parent?.ref.hash ?? FELT_ZERO) as Uint8Array as Felt; // block hashes are felts
    const parentRoot = parent?.stateRoot ?? FELT_ZERO;
    const timestampS = options.timestampS + height * options.intervalS;
    const sealed = sealBlock(
      sealing,
      { height, version, parentHash, parentRoot, stateRoot, timestampS, prices },
      draft,
    );
    shelf.push(sealed);
  };
  const nextOptions = ({ random, given: classes }: DraftSite, height: number) => {
    const isEmpty = random.chance(options.emptyShare) && classes.length === 0;
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
    get classes() {
      return world.classes;
    },
    classOf: (classHash) => world.classOf(classHash),
    classFiles: (named) => writeClass(named.seed),
    forgeRoot({ block, stateUpdate }, stateRoot) {
      const { oldRoot, stateDiff } = stateUpdate;
      const header = { ...block.header, stateRoot };
      return signedBlock(sealing, { block: { ...block, header }, oldRoot, stateDiff });
    },
    stateRecords: () => state.records(),
  };
}

/** The newest version that declares Poseidon hashes of compiled classes and that the devnet makes. */
const VERSION_BEFORE_UPGRADE = '0.13.1';
/** Contract 0x1 learns the hash of the block this many before. @see Starknet documentation, "Block hashes" */
const HASH_STORE_DELAY = 10;
