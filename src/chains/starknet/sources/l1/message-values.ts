import { FELT_PRIME, feltAt } from '../../felt.ts';
import type { Felt, Felts, MessageToL2 } from '../../types.ts';
import { isObject } from './json-rpc.ts';
import { bad, integerOf, parseHash, parseQuantity, text } from './l1-values.ts';

/** What was asked for. */
export interface MessagesAsked {
  /** Hash of the transaction, `0x` and 64 lower-case digits. */
  readonly transaction: string;
  /** The core contract, `0x` and 40 digits. */
  readonly contract: string;
}

/**
 * Parses the receipt of a transaction of L1, as `eth_getTransactionReceipt` answers, down to the messages to L2 that
 * the core contract logged, in the order of its logs. Logs of other contracts and of other events are passed over.
 *
 * A message with a number that is no felt is left out: the contract takes any, and L2 never can.
 *
 * @throws {SynclineError} `SOURCE_BAD_ANSWER`, also for more messages than a block of L1 has room for.
 */
export function parseSentMessages(value: unknown, asked: MessagesAsked): readonly MessageToL2[] {
  if (!isObject(value)) throw bad('answer is no receipt', { got: text(value) });
  const transaction = parseHash(value.transactionHash, 'transaction of a receipt');
  if (transaction !== asked.transaction) {
    throw bad('a receipt is of another transaction', { expected: asked.transaction, got: transaction });
  }
  if (!Array.isArray(value.logs)) throw bad('a receipt has no list of logs', { got: text(value.logs) });
  const messages: MessageToL2[] = [];
  let lastIndex = -1;
  let words = 0;
  for (const log of value.logs as readonly unknown[]) {
    if (!isObject(log)) throw bad('a log is no object', { got: text(log) });
    const index = parseQuantity(log.logIndex, 'index of a log');
    if (index <= lastIndex) throw bad('logs are not in their order', { expected: `above ${lastIndex}`, got: index });
    lastIndex = index;
    const event = messageEventOf(log, asked.contract);
    if (event === null) continue;
    requireOwn(log, transaction);
    words += wordCount(log.data) + MESSAGE_TOPICS;
    if (words > MESSAGE_WORDS_MAX) {
      throw bad('a transaction has too many messages', { limit: 'messageWordsMax', limitValue: MESSAGE_WORDS_MAX });
    }
    const message = parseMessage(log, event);
    if (message !== null) messages.push(message);
  }
  return messages;
}

/** How a form of the event lays out its data: words before the payload, the payload's offset and the nonce first. */
interface MessageEvent {
  readonly headWords: number;
}

/**
 * By topic: keccak256 of `LogMessageToL2(address,uint256,uint256,uint256[],uint256,uint256)`, where sender, contract and
 * selector are indexed and the data are payload, nonce and fee; and of the form without the fee, before Cairo 0.10.
 * @see starkware-libs/cairo-lang, `src/starkware/starknet/solidity/IStarknetMessagingEvents.sol`; v0.9.0 for the older
 */
const MESSAGE_EVENTS: Readonly<Record<string, MessageEvent>> = {
  '0xdb80dd488acf86d17c747445b0eabb5d57c541d3bd7b6b87af987858e5066b2b': { headWords: 3 },
  '0x7d3450d4f5138e54dcb21a322312d50846ead7856426fb38778f8ef33aeccc01': { headWords: 2 },
};

function messageEventOf({ address, topics }: Log, contract: string): MessageEvent | null {
  if (typeof address !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(address)) {
    throw bad('a log is of no contract', { got: text(address) });
  }
  if (address.toLowerCase() !== contract.toLowerCase()) return null;
  if (!Array.isArray(topics)) throw bad('a log has no list of topics', { got: text(topics) });
  const topic = String(topics[0]).toLowerCase();
  return Object.hasOwn(MESSAGE_EVENTS, topic) ? (MESSAGE_EVENTS[topic] ?? null) : null;
}

type Log = Readonly<Record<string, unknown>>;

function requireOwn({ transactionHash, removed }: Log, transaction: string): void {
  const got = parseHash(transactionHash, 'transaction of a log');
  if (got !== transaction) throw bad('a log is of another transaction', { expected: transaction, got });
  if (removed !== undefined && removed !== false) throw bad('a receipt has a log that was removed', { transaction });
}

/** Null where a number is no felt. */
function parseMessage({ topics, data }: Log, { headWords }: MessageEvent): MessageToL2 | null {
  const [, ...indexed] = (topics as readonly unknown[]).map((topic) => parseHash(topic, 'topic of a message'));
  if (indexed.length !== MESSAGE_TOPICS - 1) {
    throw bad('a message has not its topics', { expected: MESSAGE_TOPICS, got: indexed.length + 1 });
  }
  const [fromAddress, toAddress, selector] = indexed.map(bytesOf) as [Felt, Felt, Felt]; // felts as checked below
  if (integerOf(fromAddress) >= 2n ** 160n) throw bad('a sender is no address', { got: indexed[0] ?? '' });
  const words = bytesOf(String(data)) as Felts; // likewise; `wordCount` has read the text
  const payloadWords = words.length / WORD_BYTES - headWords - 1;
  // The payload is the one thing of variable length: its length and its words come last.
  requireWord('offset of a payload', feltAt(words, 0), headWords * WORD_BYTES);
  requireWord('length of a payload', feltAt(words, headWords), payloadWords);
  const nonce = feltAt(words, 1);
  const payload = words.slice((headWords + 1) * WORD_BYTES) as Felts; // as above
  const payloadFelts = Array.from({ length: payloadWords }, (_, index) => feltAt(payload, index));
  const areFelts = [toAddress, selector, nonce, ...payloadFelts].every((word) => integerOf(word) < FELT_PRIME);
  return areFelts ? { fromAddress, toAddress, selector, payload, nonce: nonce.slice() as Felt } : null;
}

function requireWord(what: string, word: Uint8Array, expected: number): void {
  if (word.length === WORD_BYTES && integerOf(word) === BigInt(expected)) return;
  throw bad(`${what} does not fit the data`, { expected, got: `0x${Buffer.from(word).toString('hex')}` });
}

function wordCount(data: unknown): number {
  if (typeof data === 'string' && data.length % (2 * WORD_BYTES) === 2 && /^0x[0-9a-fA-F]*$/.test(data)) {
    return (data.length - 2) / (2 * WORD_BYTES);
  }
  throw bad('data is not whole words', { expected: 'words of 32 bytes as hex', got: text(data) });
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.slice(2), 'hex'));
}

const WORD_BYTES = 32;
/** The event, then what is indexed: sender, contract, selector. */
const MESSAGE_TOPICS = 4;
/**
 * Of the messages of one transaction, topics and data. Chosen: an honest message has about ten, and what is hashed of
 * this many takes a fraction of a second.
 */
export const MESSAGE_WORDS_MAX = 16_384;
