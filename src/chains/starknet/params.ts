import type { PlainData } from '../../engine/index.ts';
import { SynclineError } from '../../lib/index.ts';
import { parseFelt } from './felt.ts';

/**
 * Everything that differs between Starknet networks. Plain data, so that it crosses threads and can be read from a
 * file: hashes, keys and addresses are `0x` hex, heights are numbers, ranges include both ends. (A type and not an
 * interface, because only that is assignable to `PlainData`.)
 */
export type NetworkParams = {
  readonly name: string;
  /**
   * Chain id texts to try, in order, when a transaction hash is recomputed; the first is the network's own.
   * @see https://docs.starknet.io/learn/protocol/transactions, "Chain-Id"
   */
  readonly chainIds: readonly string[];
  /** Feeder gateway base URLs, without a trailing slash; empty for networks that were shut down. */
  readonly gatewayUrls: readonly string[];
  /** EIP-155 chain id of the Ethereum network that holds the core contract, null without one. */
  readonly l1ChainId: number | null;
  /**
   * The core contract on L1, 20 bytes; given together with `l1ChainId`, or neither.
   * @see https://docs.starknet.io/learn/cheatsheets/chain-info, "Important addresses"
   */
  readonly coreContract: string | null;
  /**
   * x-coordinate of the sequencer's key, as `get_public_key` of the network's gateway answers; null where it is
   * not known, and then signatures cannot be verified.
   */
  readonly publicKey: string | null;
  /**
   * The sequencer address of blocks of 0.8, which hash one without stating it.
   * @see Pathfinder, `crates/pathfinder/src/state/block_hash.rs`, `BlockHashMetaInfo`
   */
  readonly fallbackSequencer: string | null;
  /**
   * First height whose hash covers the timestamp and the events (Starknet 0.7), or null where the height is not
   * known: then blocks without a version are tried with both forms.
   * @see Pathfinder, as above, `first_0_7_block`
   */
  readonly firstBlockWith07Hash: number | null;
  /** Heights whose block hash nobody can recompute; a hash that does verify there still counts. */
  readonly unverifiableBlocks: readonly { readonly from: number; readonly to: number }[];
  /** Hash of block 0, null where it is not pinned. */
  readonly genesisHash: string | null;
  /**
   * First height of Starknet 0.13.2, below which receipts, state diff and gas prices are not hashed; null where
   * the network never got there or the height is not known. The rules go by the version; this bounds hash tables.
   * @see Pathfinder, `crates/block-hashes`, which lists recomputed hashes of the blocks below it
   */
  readonly firstBlockOf0132: number | null;
};

/**
 * From here the header is hashed with Poseidon and covers receipts, state diff, gas prices and the version.
 * @see https://docs.starknet.io/learn/protocol/blocks, "Block hash"
 * @see sequencer, `crates/starknet_api/src/block_hash/block_hash_calculator.rs`
 */
export const VERSION_POSEIDON_BLOCK_HASH = '0.13.2';
/** Gas prices are hashed apart, and an empty signature stays empty. @see as above */
export const VERSION_GAS_PRICES_HASH = '0.13.4';
/** From here the transaction commitment covers the signatures of all types. @see Pathfinder, as above */
export const VERSION_ALL_SIGNATURES = '0.11.1';
/**
 * From here the state commitment mixes in the class trie even when that is empty.
 * @see https://docs.starknet.io/learn/protocol/state, "State commitment"
 */
export const VERSION_STATE_ALWAYS_COMBINED = '0.14.0';
/** From here compiled classes are declared with a Blake2s hash. @see SNIP-34 */
export const VERSION_BLAKE_COMPILED_CLASS = '0.14.1';

/** The sequencer of goerli, goerli2 and integration in the 0.8 era. @see `fallbackSequencer` */
const TESTNET_SEQUENCER = '0x46a89ae102987331d369645031b49c27738ed096f2789c24449966da4c6de6b';

const mainnet: NetworkParams = {
  name: 'starknet-mainnet',
  chainIds: ['SN_MAIN'],
  gatewayUrls: ['https://feeder.alpha-mainnet.starknet.io/feeder_gateway'],
  l1ChainId: 1,
  coreContract: '0xc662c410c0ecf747543f5ba90660f6abebd9c8c4',
  publicKey: '0x48253ff2c3bed7af18bde0b611b083b39445959102d4947c51c4db6aa4f4e58',
  fallbackSequencer: '0x21f4b90b0377c82bf330b7b5295820769e72d79d8acd0effa0ebde6e9988bc5',
  firstBlockWith07Hash: 833,
  unverifiableBlocks: [],
  genesisHash: '0x47c3637b57c2b079b93c61539950c17e868a28f46cdef28f88521067f21e943',
  firstBlockOf0132: 671813,
};

const sepolia: NetworkParams = {
  name: 'starknet-sepolia',
  chainIds: ['SN_SEPOLIA'],
  gatewayUrls: ['https://feeder.alpha-sepolia.starknet.io/feeder_gateway'],
  l1ChainId: 11155111,
  coreContract: '0xe2bb56ee936fd6433dc0f6e7e3b8365c906aa057',
  publicKey: '0x1252b6bce1351844c677869c6327e80eae1535755b611c66b8f46e595b40eea',
  fallbackSequencer: null,
  firstBlockWith07Hash: 0,
  unverifiableBlocks: [],
  genesisHash: '0x5c627d4aeb51280058bed93c7889bce78114d63baad1be0f0aeb32496d5f19c',
  firstBlockOf0132: 86311,
};

const sepoliaIntegration: NetworkParams = {
  name: 'starknet-sepolia-integration',
  chainIds: ['SN_INTEGRATION_SEPOLIA'],
  gatewayUrls: ['https://feeder.integration-sepolia.starknet.io/feeder_gateway'],
  l1ChainId: 11155111,
  coreContract: '0x4737c0c1b4d5b1a687b42610ddabee781152359c',
  publicKey: '0x4e4856eb36dbd5f4a7dca29f7bb5232974ef1fb7eb5b597c58077174c294da1',
  fallbackSequencer: null,
  firstBlockWith07Hash: 0,
  unverifiableBlocks: [],
  genesisHash: null,
  firstBlockOf0132: 35748,
};

const goerli: NetworkParams = {
  name: 'starknet-goerli',
  chainIds: ['SN_GOERLI'],
  gatewayUrls: [],
  l1ChainId: 5,
  coreContract: '0xde29d060d45901fb19ed6c6e959eb22d8626708e',
  publicKey: null,
  fallbackSequencer: TESTNET_SEQUENCER,
  firstBlockWith07Hash: 47028,
  // Hashed with a sequencer address that no block states. Pathfinder ends one block earlier, Juno includes the last.
  unverifiableBlocks: [{ from: 119802, to: 148428 }],
  genesisHash: null,
  firstBlockOf0132: null,
};

const goerli2: NetworkParams = {
  name: 'starknet-goerli2',
  // Its first blocks were hashed with goerli's chain id, a bug of the sequencer that was later fixed.
  chainIds: ['SN_GOERLI2', 'SN_GOERLI'],
  gatewayUrls: [],
  l1ChainId: 5,
  coreContract: '0xa4ed3ad27c294565cb0dcc993bddcc75432d498c',
  publicKey: null,
  fallbackSequencer: TESTNET_SEQUENCER,
  firstBlockWith07Hash: 0,
  unverifiableBlocks: [],
  genesisHash: null,
  firstBlockOf0132: null,
};

const integration: NetworkParams = {
  name: 'starknet-integration',
  chainIds: ['SN_GOERLI'],
  gatewayUrls: [],
  l1ChainId: 5,
  coreContract: '0xd5c325d183c592c94998000c5e0eed9e6655c020',
  publicKey: '0x52934be54ce926b1e715f15dc2542849a97ecfdf829cd0b7384c64eeeb2264e',
  fallbackSequencer: TESTNET_SEQUENCER,
  // Other clients skip its blocks below 110511 altogether; every one we have verifies with one of the two forms.
  firstBlockWith07Hash: null,
  unverifiableBlocks: [],
  genesisHash: null,
  firstBlockOf0132: null,
};

/** The networks known by name. */
export const NETWORKS: Readonly<Record<string, NetworkParams>> = Object.fromEntries(
  [mainnet, sepolia, sepoliaIntegration, goerli, goerli2, integration].map((network) => [network.name, network]),
);

/** A network made by ourselves: current rules from block 0, no L1, no key unless given. */
export function devnetParams(overrides: Partial<NetworkParams> = {}): NetworkParams {
  return {
    name: 'starknet-devnet',
    chainIds: ['SN_DEVNET'],
    gatewayUrls: [],
    l1ChainId: null,
    coreContract: null,
    publicKey: null,
    fallbackSequencer: null,
    firstBlockWith07Hash: 0,
    unverifiableBlocks: [],
    genesisHash: null,
    firstBlockOf0132: 0,
    ...overrides,
  };
}

/**
 * Finds a preset by name, or completes an object of `NetworkParams` fields over the devnet's.
 * @throws {SynclineError} `NETWORK_UNKNOWN`, `NETWORK_INVALID` (both fault `caller`).
 */
export function parseNetwork(value: PlainData | undefined): NetworkParams {
  if (typeof value === 'string') {
    if (value === 'starknet-devnet') return devnetParams();
    const preset = Object.hasOwn(NETWORKS, value) ? NETWORKS[value] : undefined;
    if (preset !== undefined) return preset;
    throw new SynclineError('NETWORK_UNKNOWN', 'caller', 'no network of that name', {
      data: { got: value, expected: Object.keys(NETWORKS) },
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('network', value);
  for (const [field, given] of Object.entries(value)) {
    const isValid = FIELDS[field as keyof NetworkParams]; // undefined for a name that is no field
    if (isValid === undefined || !isValid(given)) throw invalid(field, given);
  }
  const params = devnetParams(value as Partial<NetworkParams>); // every field was checked above
  if ((params.l1ChainId === null) !== (params.coreContract === null))
    throw invalid('coreContract', params.coreContract);
  return params;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isHeight = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isHex = (value: unknown): boolean => typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value);
const isList = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isItem);
const orNull = (is: (value: unknown) => boolean) => (value: unknown) => value === null || is(value);
/** At most 31 ASCII characters: a Cairo short string. */
const isChainId = (value: unknown): boolean => typeof value === 'string' && /^[\x20-\x7e]{1,31}$/.test(value);

const FIELDS: Readonly<Record<keyof NetworkParams, (value: unknown) => boolean>> = {
  name: isText,
  chainIds: (value) => isList(value, isChainId) && (value as readonly string[]).length > 0,
  gatewayUrls: (value) => isList(value, isText),
  l1ChainId: orNull(isHeight),
  coreContract: orNull((value) => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value)),
  publicKey: orNull(isFelt),
  fallbackSequencer: orNull(isFelt),
  firstBlockWith07Hash: orNull(isHeight),
  unverifiableBlocks: (value) => isList(value, isHeightRange),
  genesisHash: orNull(isFelt),
  firstBlockOf0132: orNull(isHeight),
};

function isFelt(value: unknown): boolean {
  if (!isHex(value)) return false;
  try {
    parseFelt(value);
    return true;
  } catch {
    return false;
  }
}

function isHeightRange(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const range = value as { from?: unknown; to?: unknown };
  return isHeight(range.from) && isHeight(range.to) && (range.from as number) <= (range.to as number);
}

function invalid(field: string, got: unknown): SynclineError {
  return new SynclineError('NETWORK_INVALID', 'caller', 'a field of the network is unknown or malformed', {
    data: { field, got: JSON.stringify(got)?.slice(0, 200) ?? 'undefined' },
  });
}

/** Whether nobody can recompute the block hash at this height. */
export function isUnverifiable(network: NetworkParams, height: number): boolean {
  return network.unverifiableBlocks.some(({ from, to }) => height >= from && height <= to);
}

/**
 * Orders protocol versions by their dotted numbers; missing parts count as 0 and no version sorts first.
 *
 * @returns Negative, zero or positive.
 * @throws {SynclineError} `VERSION_MALFORMED` (fault `peer`).
 * @see sequencer `crates/starknet_api/src/block.rs`, `StarknetVersion`
 */
export function compareVersions(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether `version` is `from` or later. @throws as `compareVersions`. */
export function isVersionFrom(version: string, from: string): boolean {
  return compareVersions(version, from) >= 0;
}

/** Whether a text can be compared as a version. Headers hash it as a Cairo short string, hence 31 characters. */
export function isVersion(text: string): boolean {
  return text === '' || (text.length <= 31 && /^[0-9]{1,9}(\.[0-9]{1,9})*$/.test(text));
}

function partsOf(version: string): readonly number[] {
  if (version === '') return [];
  if (!isVersion(version)) {
    throw new SynclineError('VERSION_MALFORMED', 'peer', 'protocol version is not dotted numbers', {
      data: { got: version.slice(0, 80) },
    });
  }
  return version.split('.').map(Number);
}
