import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../../test/vectors/locate.ts';
import { createFeltHasher, keccak256 } from '../../../../crypto/index.ts';
import { isSynclineError } from '../../../../lib/index.ts';
import { FELT_PRIME, feltFromBigint, feltFromNumber, feltToHex, joinFelts, NO_FELTS, parseFelt } from '../../felt.ts';
import { l1HandlerHashes } from '../../rules/index.ts';
import { openVectors } from '../../rules/testing.ts';
import type { Felt, MessageToL2 } from '../../types.ts';
import { MESSAGE_WORDS_MAX, parseSentMessages } from './message-values.ts';
import { CONTRACT, MESSAGE_TOPIC, messageLog, receiptOf, wordOf } from './testing.ts';

const TRANSACTION = `0x${'7e'.repeat(32)}`;
const ASKED = { transaction: TRANSACTION, contract: CONTRACT };
const MESSAGE: MessageToL2 = {
  fromAddress: parseFelt(`0x${'ae'.repeat(20)}`),
  toAddress: feltFromNumber(77),
  selector: feltFromBigint(FELT_PRIME - 1n),
  payload: joinFelts(feltFromNumber(1), feltFromNumber(0), feltFromBigint(FELT_PRIME - 2n)),
  nonce: feltFromNumber(9),
};
const LOG = messageLog(MESSAGE, { transaction: TRANSACTION, index: 3 });
const EMPTY = receiptOf(TRANSACTION, []);
const withLog = (log: object) => ({ ...EMPTY, logs: [log] });
const vectors = vectorsDir();

describe('the messages of a transaction of L1', () => {
  it('are read from the logs of the core contract, in their order, and from no others', () => {
    const other = { ...MESSAGE, payload: NO_FELTS, nonce: feltFromNumber(10) };
    const logs = [
      { ...LOG, address: `0x${'11'.repeat(20)}`, logIndex: '0x1' },
      { ...LOG, topics: [`0x${'22'.repeat(32)}`], data: '0x', logIndex: '0x2' },
      { ...LOG, topics: [], data: '0x', logIndex: '0x3' },
      messageLog(other, { transaction: TRANSACTION, index: 4 }),
      {
        ...messageLog(MESSAGE, { transaction: TRANSACTION, index: 9 }),
        address: CONTRACT.toUpperCase().replace('X', 'x'),
      },
    ];
    expect(parseSentMessages({ ...EMPTY, logs }, ASKED)).toEqual([other, MESSAGE]);
    expect(parseSentMessages(EMPTY, ASKED)).toEqual([]);
  });

  it('are read in the older form of the event, too', () => {
    const older = messageLog(MESSAGE, { transaction: TRANSACTION, index: 3, withoutFee: true });
    expect(older.data.length).toBe(LOG.data.length - 64);
    expect(parseSentMessages(withLog(older), ASKED)).toEqual([MESSAGE]);
  });

  it('are told by topics that are the hashes of the two signatures', () => {
    const topicOf = (signature: string) => `0x${Buffer.from(keccak256(Buffer.from(signature))).toString('hex')}`;
    const indexed = 'LogMessageToL2(address,uint256,uint256,uint256[],uint256';
    expect(topicOf(`${indexed},uint256)`)).toBe(MESSAGE_TOPIC);
    expect(topicOf(`${indexed})`)).toBe(messageLog(MESSAGE, { transaction: '', index: 0, withoutFee: true }).topics[0]);
  });

  it('leave out those that L2 can never take, and none beside them', () => {
    const prime = wordOf(FELT_PRIME);
    const words = LOG.data.slice(2).match(/.{64}/g) ?? [];
    const replaced = (at: number) => `0x${words.map((word, i) => (i === at ? prime : word)).join('')}`;
    const unusable = [
      { ...LOG, topics: LOG.topics.map((topic, i) => (i === 2 ? `0x${prime}` : topic)) },
      { ...LOG, topics: LOG.topics.map((topic, i) => (i === 3 ? `0x${prime}` : topic)) },
      { ...LOG, data: replaced(1) },
      { ...LOG, data: replaced(words.length - 1) },
    ];
    for (const log of unusable) expect(parseSentMessages(withLog(log), ASKED)).toEqual([]);
    const logs = [...unusable, LOG, unusable[0]].map((log, i) => ({ ...log, logIndex: `0x${i}` }));
    expect(parseSentMessages({ ...EMPTY, logs }, ASKED)).toEqual([MESSAGE]);
    // The fee is no felt: any will do.
    expect(parseSentMessages(withLog({ ...LOG, data: replaced(2) }), ASKED)).toEqual([MESSAGE]);
  });

  it.each([
    ['no receipt', 5],
    ['a list', [EMPTY]],
    ['of no transaction', { ...EMPTY, transactionHash: null }],
    ['of another transaction', { ...EMPTY, transactionHash: `0x${'7f'.repeat(32)}` }],
    ['without logs', { ...EMPTY, logs: null }],
    ['with a log that is no object', { ...EMPTY, logs: [LOG, null] }],
    ['with a log of no contract', withLog({ ...LOG, address: null })],
    ['with a log of a contract with a short address', withLog({ ...LOG, address: '0xc04e5' })],
    ['with a log without topics', withLog({ ...LOG, topics: null })],
    ['with a log without index', withLog({ ...LOG, logIndex: undefined })],
    ['with one log twice', { ...EMPTY, logs: [LOG, LOG] }],
    ['with logs in another order', { ...EMPTY, logs: [LOG, { ...LOG, logIndex: '0x2' }] }],
    ['with a log of another transaction', withLog({ ...LOG, transactionHash: `0x${'7f'.repeat(32)}` })],
    ['with a log that was removed', withLog({ ...LOG, removed: true })],
    ['with a log that may have been removed', withLog({ ...LOG, removed: 'no' })],
    ['with a message that lacks a topic', withLog({ ...LOG, topics: LOG.topics.slice(0, 3) })],
    ['with a message that has a topic too many', withLog({ ...LOG, topics: [...LOG.topics, LOG.topics[3]] })],
    ['with a message whose topic is short', withLog({ ...LOG, topics: [...LOG.topics.slice(0, 3), '0x1'] })],
    [
      'with a sender that is no address',
      withLog({ ...LOG, topics: [MESSAGE_TOPIC, `0x1${'0'.repeat(63)}`, ...LOG.topics.slice(2)] }),
    ],
    ['with no data', withLog({ ...LOG, data: null })],
    ['with empty data', withLog({ ...LOG, data: '0x' })],
    ['with data cut short', withLog({ ...LOG, data: LOG.data.slice(0, -2) })],
    ['with a word too few', withLog({ ...LOG, data: LOG.data.slice(0, -64) })],
    ['with a word too many', withLog({ ...LOG, data: `${LOG.data}${wordOf(0)}` })],
    ['with data that ends before the length', withLog({ ...LOG, data: LOG.data.slice(0, 2 + 64 * 3) })],
    ['with data that is no hex', withLog({ ...LOG, data: `0x${'zz'.repeat(32 * 7)}` })],
    [
      'with the data of the older form',
      withLog({ ...messageLog(MESSAGE, { transaction: TRANSACTION, index: 3, withoutFee: true }), topics: LOG.topics }),
    ],
    ['with an offset elsewhere', withLog({ ...LOG, data: `0x${wordOf(128)}${LOG.data.slice(66)}` })],
    [
      'with a length beyond all',
      withLog({
        ...LOG,
        data: `${LOG.data.slice(0, 2 + 64 * 3)}${wordOf(2n ** 256n - 1n)}${LOG.data.slice(2 + 64 * 4)}`,
      }),
    ],
  ])('are not taken from an answer that is %s', (_, receipt) => {
    expect(() => parseSentMessages(receipt, ASKED)).toThrow(
      expect.objectContaining({ code: 'SOURCE_BAD_ANSWER', fault: 'source' }),
    );
  });

  it('are bounded, one by one and together', () => {
    const payload = new Uint8Array(32 * (MESSAGE_WORDS_MAX - 8)) as typeof MESSAGE.payload; // zeros
    expect(parseSentMessages(receiptOf(TRANSACTION, [{ ...MESSAGE, payload }]), ASKED)).toHaveLength(1);
    expect(() => parseSentMessages(receiptOf(TRANSACTION, [{ ...MESSAGE, payload }, MESSAGE]), ASKED)).toThrow(
      /too many messages/,
    );
    const many = Array.from({ length: MESSAGE_WORDS_MAX / 8 }, () => ({ ...MESSAGE, payload: NO_FELTS }));
    expect(parseSentMessages(receiptOf(TRANSACTION, many), ASKED)).toHaveLength(many.length);
    expect(() => parseSentMessages(receiptOf(TRANSACTION, [...many, MESSAGE]), ASKED)).toThrow(/too many messages/);
  });

  it('come back as they were logged, whatever they are', () => {
    const felt = fc.bigInt({ min: 0n, max: FELT_PRIME - 1n }).map(feltFromBigint);
    const message = fc.record({
      fromAddress: fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }).map(feltFromBigint),
      toAddress: felt,
      selector: felt,
      payload: fc.array(felt, { maxLength: 6 }).map((felts) => joinFelts(...felts)),
      nonce: felt as fc.Arbitrary<Felt | null>,
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
        expect(parseSentMessages(receiptOf(TRANSACTION, messages), ASKED)).toEqual(messages);
      }),
    );
  });

  it('of any other answer end with one error, which quotes little of it', () => {
    const member = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(LOG.data, LOG.topics, MESSAGE_TOPIC, TRANSACTION, CONTRACT),
    );
    const log = fc.record({ address: member, topics: member, data: member, logIndex: member, transactionHash: member });
    const changed = log.map((changes) => ({ ...LOG, ...Object.fromEntries(Object.entries(changes).slice(0, 2)) }));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.array(fc.oneof(log, changed)).map((logs) => ({ ...EMPTY, logs })),
        ),
        (answer) => {
          try {
            parseSentMessages(answer, ASKED);
          } catch (error) {
            expect(isSynclineError(error) && error.code).toBe('SOURCE_BAD_ANSWER');
            expect(JSON.stringify((error as { data?: unknown }).data).length).toBeLessThan(400);
          }
        },
      ),
    );
  });
});

describe.skipIf(vectors === null)('real messages', () => {
  it.each([
    // By their receipts on L2; the transactions are on Starknet's mainnet.
    ['mainnet/block/171486.json', 'SN_MAIN', 6],
    ['mainnet/block/65000.json', 'SN_MAIN', 4],
    ['sepolia/block/284801.json', 'SN_SEPOLIA', 1],
  ])('of %s lead from their logs to the transactions that handled them', (file, chainId, count) => {
    const captures = openVectors((path) => readFileSync(join(vectors ?? '', 'starknet', path), 'utf8'));
    const taken = captures
      .block(file)
      .receipts.flatMap(({ consumedMessage, transactionHash }) =>
        consumedMessage === null ? [] : [{ message: consumedMessage, hash: feltToHex(transactionHash) }],
      );
    expect(taken.length).toBe(count);
    const messages = taken.map(({ message }) => message);
    const read = parseSentMessages(receiptOf(TRANSACTION, messages), ASKED);
    expect(read).toEqual(messages);
    const hashes = l1HandlerHashes(createFeltHasher(), read, [chainId]);
    expect(hashes.map(([current]) => feltToHex(current as Felt))).toEqual(taken.map(({ hash }) => hash));
  });
});
