import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FELT_PRIME } from '../../felt.ts';
import { parseCoreState, parseL1Block, parseQuantity, parseStateUpdateLog, toQuantity } from './l1-values.ts';
import { CONTRACT, wordOf } from './testing.ts';

const TOPIC = '0xd342ddf7a308dec111745b00315c14b7efb2bdae570a6856e088ed0c65a3576c';
/** As an archive node of mainnet answers `eth_getLogs`, with the numbers of our own contract. */
const LOG = {
  address: CONTRACT.toUpperCase().replace('0X', '0x'),
  topics: [TOPIC],
  data: `0x${wordOf(7)}${wordOf(662_703)}${wordOf(9)}`,
  blockNumber: '0x137359e',
  blockHash: `0x${'Ab'.repeat(32)}`,
  transactionHash: `0x${'cd'.repeat(32)}`,
  transactionIndex: '0x1',
  logIndex: '0x2a',
  removed: false,
};

describe('a state update of L1', () => {
  it('is read whole', () => {
    expect(parseStateUpdateLog(LOG, CONTRACT)).toEqual({
      l1Block: 20_395_422,
      logIndex: 42,
      l1BlockHash: `0x${'ab'.repeat(32)}`,
      transaction: LOG.transactionHash,
      state: { height: 662_703, stateRoot: bytesOf(7), hash: bytesOf(9) },
      removed: false,
    });
    expect(parseStateUpdateLog({ ...LOG, removed: true }, CONTRACT).removed).toBe(true);
    const { removed: _removed, ...without } = LOG;
    expect(parseStateUpdateLog(without, CONTRACT).removed).toBe(false);
  });

  it('before the first block has the height -1, and a hash of zero is none', () => {
    const data = `0x${wordOf(7)}${wordOf(-1)}${wordOf(0)}`;
    expect(parseStateUpdateLog({ ...LOG, data }, CONTRACT).state).toMatchObject({ height: -1, hash: null });
  });

  it.each([
    ['no object', null],
    ['a list', [LOG]],
    ['of another contract', { ...LOG, address: `0x${'11'.repeat(20)}` }],
    ['of no contract', { ...LOG, address: 5 }],
    ['of another event', { ...LOG, topics: [TOPIC.replace('d', 'e')] }],
    ['with a second topic', { ...LOG, topics: [TOPIC, TOPIC] }],
    ['without topics', { ...LOG, topics: null }],
    ['with data cut short', { ...LOG, data: LOG.data.slice(0, -2) }],
    ['with too much data', { ...LOG, data: `${LOG.data}00` }],
    ['with data that is no hex', { ...LOG, data: `0x${'zz'.repeat(96)}` }],
    ['with a height below -1', { ...LOG, data: `0x${wordOf(7)}${wordOf(-2)}${wordOf(9)}` }],
    ['with a height above 2^53', { ...LOG, data: `0x${wordOf(7)}${wordOf(2n ** 53n)}${wordOf(9)}` }],
    ['with the lowest height', { ...LOG, data: `0x${wordOf(7)}${wordOf(2n ** 255n)}${wordOf(9)}` }],
    ['with a root that is no felt', { ...LOG, data: `0x${wordOf(FELT_PRIME)}${wordOf(1)}${wordOf(9)}` }],
    ['with a hash that is no felt', { ...LOG, data: `0x${wordOf(7)}${wordOf(1)}${wordOf(2n ** 256n - 1n)}` }],
    ['of a pending block', { ...LOG, blockNumber: null }],
    ['with a negative block number', { ...LOG, blockNumber: '-0x1' }],
    ['with a block number above 2^53', { ...LOG, blockNumber: '0x20000000000000' }],
    ['with a decimal index', { ...LOG, logIndex: 4 }],
    ['without a transaction', { ...LOG, transactionHash: '0x1' }],
    ['that may or may not be removed', { ...LOG, removed: 'maybe' }],
  ])('is refused when it is %s', (_what, log) => {
    const parse = () => parseStateUpdateLog(log, CONTRACT);
    expect(parse).toThrowError(expect.objectContaining({ code: 'SOURCE_BAD_ANSWER', fault: 'source' }));
  });

  it('has the numbers that were written, whatever they are', () => {
    const height = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER });
    const felt = fc.bigInt({ min: 0n, max: FELT_PRIME - 1n });
    fc.assert(
      fc.property(height, felt, felt, fc.maxSafeNat(), fc.maxSafeNat(), (number, root, hash, l1Block, logIndex) => {
        const [first, second, third] = [wordOf(root), wordOf(number), wordOf(hash)];
        const data = `0x${first}${second}${third}`;
        const log = { ...LOG, data, blockNumber: toQuantity(l1Block), logIndex: toQuantity(logIndex) };
        const state = { height: number, stateRoot: bytesOf(root), hash: hash === 0n ? null : bytesOf(hash) };
        expect(parseStateUpdateLog(log, CONTRACT)).toMatchObject({ l1Block, logIndex, state });
        const views = { stateRoot: `0x${first}`, stateBlockNumber: `0x${second}`, stateBlockHash: `0x${third}` };
        expect(parseCoreState(views)).toEqual(state);
      }),
    );
  });
});

describe('what the core contract says', () => {
  it('is refused, with a word about it, where there is no contract', () => {
    const views = { stateRoot: '0x', stateBlockNumber: '0x', stateBlockHash: '0x' };
    expect(() => parseCoreState(views)).toThrowError(/no core contract/);
  });

  it('is refused when a view answers no single word', () => {
    const views = { stateRoot: `0x${wordOf(1)}`, stateBlockNumber: `0x${wordOf(1)}`, stateBlockHash: `0x${wordOf(1)}` };
    for (const bad of [null, 5, '0x1', `0x${wordOf(1)}00`, `${wordOf(1)}00`, {}]) {
      const parse = () => parseCoreState({ ...views, stateRoot: bad });
      expect(parse).toThrowError(expect.objectContaining({ code: 'SOURCE_BAD_ANSWER' }));
    }
  });
});

describe('an answer of L1', () => {
  it('is repeated in an error only where it is hex: it may echo a key', () => {
    for (const value of ['my-api-key', { 'my-api-key': 1 }, ['my-api-key']]) {
      try {
        parseQuantity(value, 'chain id');
        expect.unreachable();
      } catch (error) {
        expect(JSON.stringify(error)).not.toContain('my-api-key');
      }
    }
    expect(() => parseQuantity('0x20000000000000', 'chain id')).toThrowError(
      expect.objectContaining({ data: { got: '0x20000000000000' } }),
    );
  });

  it.each([null, [], {}, { number: '0x1', hash: '0x1' }, { number: -1, hash: `0x${'ab'.repeat(32)}` }])(
    '%j is no block',
    (value) => {
      expect(() => parseL1Block(value)).toThrowError(expect.objectContaining({ code: 'SOURCE_BAD_ANSWER' }));
    },
  );
});

function bytesOf(value: number | bigint): Uint8Array {
  return new Uint8Array(Buffer.from(wordOf(value), 'hex'));
}
