import type { Hash32 } from '../../../../engine/index.ts';
import { FELT_PRIME } from '../../felt.ts';
import { sourceError } from '../source-error.ts';
import { isObject } from './json-rpc.ts';

/** What the core contract says at some block of L1. */
export interface CoreState {
  /** Height of the last L2 block that was proven, -1 before the first. */
  readonly height: number;
  /** Its hash; null where the contract has none yet. */
  readonly hash: Hash32 | null;
  /** The state root after it. */
  readonly stateRoot: Hash32;
}

/** A `LogStateUpdate` event, and where on L1 it stands. */
export interface StateUpdateLog {
  readonly l1Block: number;
  readonly logIndex: number;
  /** 0x hex, as the transaction. */
  readonly l1BlockHash: string;
  readonly transaction: string;
  readonly state: CoreState;
  /** A reorg of L1 took it back. */
  readonly removed: boolean;
}

export interface L1Block {
  readonly number: number;
  readonly hash: string;
}

/**
 * keccak256 of `LogStateUpdate(uint256,int256,uint256)`: nothing is indexed, the data is three words in that order.
 * @see starkware-libs/cairo-lang, `src/starkware/starknet/solidity/Starknet.sol`
 */
export const STATE_UPDATE_TOPIC = '0xd342ddf7a308dec111745b00315c14b7efb2bdae570a6856e088ed0c65a3576c';

/** Selectors of the views without arguments. @see as above */
export const VIEWS = {
  stateRoot: '0x9588eca2',
  stateBlockNumber: '0x35befa5d',
  stateBlockHash: '0x382d83e3',
} as const;

/** Parses the answers to the three views. @throws {SynclineError} `SOURCE_BAD_ANSWER`. */
export function parseCoreState(views: Readonly<Record<keyof typeof VIEWS, unknown>>): CoreState {
  const words = [views.stateRoot, views.stateBlockNumber, views.stateBlockHash].map((view) => {
    if (view === '0x') throw bad('there is no core contract at its address', { got: '0x' });
    return parseWords(view, 1)[0] as Uint8Array; // parseWords gives as many as it was asked for
  });
  return stateOf(words);
}

/**
 * Parses a log of the core contract. A log of another contract or of another event is refused: it was not asked for.
 * @throws {SynclineError} `SOURCE_BAD_ANSWER`.
 */
export function parseStateUpdateLog(value: unknown, contract: string): StateUpdateLog {
  if (!isObject(value)) throw bad('a log is no object', { got: typeof value });
  const { address, topics, data, removed } = value;
  if (typeof address !== 'string' || address.toLowerCase() !== contract.toLowerCase()) {
    throw bad('a log is of another contract', { expected: contract, got: text(address) });
  }
  const [topic] = Array.isArray(topics) ? topics : [];
  if (!Array.isArray(topics) || topics.length !== 1 || String(topic).toLowerCase() !== STATE_UPDATE_TOPIC) {
    throw bad('a log is of another event', { expected: STATE_UPDATE_TOPIC, got: text(topic) });
  }
  if (removed !== undefined && typeof removed !== 'boolean') {
    throw bad('a log does not say whether it was removed', { got: text(removed) });
  }
  return {
    l1Block: parseQuantity(value.blockNumber, 'block number of a log'),
    logIndex: parseQuantity(value.logIndex, 'index of a log'),
    l1BlockHash: parseHash(value.blockHash, 'block hash of a log'),
    transaction: parseHash(value.transactionHash, 'transaction of a log'),
    state: stateOf(parseWords(data, 3)),
    removed: removed === true,
  };
}

/** Parses the head of a block as `eth_getBlockByNumber` answers. @throws as above. */
export function parseL1Block(value: unknown): L1Block {
  if (!isObject(value)) throw bad('answer is no block', { got: text(value) });
  return { number: parseQuantity(value.number, 'block number'), hash: parseHash(value.hash, 'block hash') };
}

/** Parses hex of a number up to 2^53 - 1. @throws as above. */
export function parseQuantity(value: unknown, what: string): number {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)) {
    const number = BigInt(value);
    if (number <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(number);
  }
  throw bad(`${what} is no number up to 2^53 - 1`, { got: text(value) });
}

export function toQuantity(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Parses 32 bytes of hex, as lower case. @throws as above. */
export function parseHash(value: unknown, what: string): string {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase();
  throw bad(`${what} is no hash`, { got: text(value) });
}

/** ABI words of 32 bytes. */
function parseWords(value: unknown, count: number): readonly Uint8Array[] {
  if (typeof value !== 'string' || value.length !== 2 + 64 * count || !/^0x[0-9a-fA-F]*$/.test(value)) {
    throw bad('data is not whole words', { expected: `${32 * count} bytes of hex`, got: text(value) });
  }
  const bytes = new Uint8Array(Buffer.from(value.slice(2), 'hex'));
  return Array.from({ length: count }, (_, index) => bytes.slice(32 * index, 32 * index + 32));
}

/** @param words State root, block number (signed), block hash. */
function stateOf(words: readonly Uint8Array[]): CoreState {
  const [root, number, hash] = words as [Uint8Array, Uint8Array, Uint8Array]; // both callers parsed three
  const height = BigInt.asIntN(256, integerOf(number));
  if (height < -1n || height > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw bad('L2 block number is out of range', { expected: '-1 to 2^53 - 1', got: height.toString() });
  }
  for (const felt of [root, hash]) {
    if (integerOf(felt) >= FELT_PRIME) {
      throw bad('L2 root or hash is no field element', { got: `0x${Buffer.from(felt).toString('hex')}` });
    }
  }
  // The contract learnt of hashes late: until the first update after that it has none.
  const known = integerOf(hash) !== 0n;
  return { height: Number(height), hash: known ? (hash as Hash32) : null, stateRoot: root as Hash32 }; // 32 bytes each
}

/** A word as an unsigned number, big-endian. */
export function integerOf(word: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(word).toString('hex')}`);
}

/** What came instead, where that is hex; anything else is named by its kind, since it may echo what we sent. */
export function text(value: unknown): string {
  return typeof value === 'string' && /^0x[0-9a-fA-F]*$/.test(value) ? value.slice(0, 80) : typeof value;
}

export function bad(message: string, data: Parameters<typeof sourceError>[2]) {
  return sourceError('SOURCE_BAD_ANSWER', message, data);
}
