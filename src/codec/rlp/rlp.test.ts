import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../lib/index.ts';
import { decodeRlp, encodeRlp, encodeRlpInteger, parseRlpInteger, type RlpItem, readRlpSpan } from './index.ts';

/*
 * Published cases: ethereum/tests, `RLPTests/rlptest.json` and `RLPTests/invalidRLPTest.json` (MIT), and the
 * examples of the Ethereum wiki's page on RLP.
 */

const text = (words: string) => new TextEncoder().encode(words);
const hex = (item: RlpItem) => toHex(encodeRlp(item)).slice(2);
const malformed = (reason: string) =>
  expect.objectContaining({ code: 'RLP_MALFORMED', fault: 'peer', data: expect.objectContaining({ reason }) });

const quartet = ['asdf', 'qwer', 'zxcv'].map(text);
const lorem = 'Lorem ipsum dolor sit amet, consectetur adipisicing eli';

const PUBLISHED: readonly (readonly [name: string, item: RlpItem, encoded: string])[] = [
  ['emptystring', text(''), '80'],
  ['bytestring00', Uint8Array.of(0), '00'],
  ['bytestring01', Uint8Array.of(1), '01'],
  ['bytestring7F', Uint8Array.of(0x7f), '7f'],
  ['shortstring', text('dog'), '83646f67'],
  ['shortstring2', text(lorem), `b7${toHex(text(lorem)).slice(2)}`],
  ['longstring', text(`${lorem}t`), `b838${toHex(text(`${lorem}t`)).slice(2)}`],
  ['zero', encodeRlpInteger(0), '80'],
  ['smallint4', encodeRlpInteger(127), '7f'],
  ['mediumint1', encodeRlpInteger(128), '8180'],
  ['mediumint2', encodeRlpInteger(1000), '8203e8'],
  ['mediumint3', encodeRlpInteger(100000), '830186a0'],
  ['mediumint4', encodeRlpInteger(83729609699884896815286331701780722n), '8f102030405060708090a0b0c0d0e0f2'],
  ['bigint', encodeRlpInteger(2n ** 256n), `a101${'00'.repeat(32)}`],
  ['emptylist', [], 'c0'],
  ['stringlist', ['dog', 'god', 'cat'].map(text), 'cc83646f6783676f6483636174'],
  ['multilist', [text('zw'), [encodeRlpInteger(4)], encodeRlpInteger(1)], 'c6827a77c10401'],
  [
    'shortListMax1',
    [...quartet, ...quartet, ...quartet, ...quartet.slice(0, 2)],
    `f7${'84617364668471776572847a786376'.repeat(3)}84617364668471776572`,
  ],
  ['longList1', [quartet, quartet, quartet, quartet], `f840${'cf84617364668471776572847a786376'.repeat(4)}`],
  ['longList2', new Array<RlpItem>(32).fill(quartet), `f90200${'cf84617364668471776572847a786376'.repeat(32)}`],
  ['listsoflists', [[[], []], []], 'c4c2c0c0c0'],
  ['listsoflists2', [[], [[]], [[], [[]]]], 'c7c0c1c0c3c0c1c0'],
];

const INVALID: readonly (readonly [name: string, encoded: string, reason: string])[] = [
  ['int32Overflow', 'bf0f000000000000021111', 'the payload is truncated'],
  ['int32Overflow2', 'ff0f000000000000021111', 'the payload is truncated'],
  ['wrongSizeList', 'f80180', 'a short payload has a long prefix'],
  ['wrongSizeList2', 'f80100', 'a short payload has a long prefix'],
  [
    'incorrectLengthInArray',
    'b9002100dc2b275d0f74e8a53e6f4ec61b27f24278820be3f82ea2110e582081b0565df0',
    'a length begins with zero',
  ],
  [
    'randomRLP',
    'f861f83eb9002100dc2b275d0f74e8a53e6f4ec61b27f24278820be3f82ea2110e582081b0565df027b90015002d5ef8325ae4d034df55d4b58d0dfba64d61ddd17be00000b9001a00dae30907045a2f66fa36f2bb8aa9029cbb0b8a7b3b5c435ab331',
    'a length begins with zero',
  ],
  ['bytesShouldBeSingleByte00', '8100', 'a byte below 0x80 has a prefix'],
  ['bytesShouldBeSingleByte01', '8101', 'a byte below 0x80 has a prefix'],
  ['bytesShouldBeSingleByte7F', '817f', 'a byte below 0x80 has a prefix'],
  ['leadingZerosInLongLengthArray1', `b90040${'00'.repeat(64)}`, 'a length begins with zero'],
  ['leadingZerosInLongLengthArray2', 'b800', 'a length begins with zero'],
  ['leadingZerosInLongLengthList1', `fb00000040${'00'.repeat(64)}`, 'a length begins with zero'],
  ['leadingZerosInLongLengthList2', 'f800', 'a length begins with zero'],
  ['nonOptimalLongLengthArray1', 'b81000112233445566778899aabbccddeeff', 'a short payload has a long prefix'],
  ['nonOptimalLongLengthArray2', 'b801ff', 'a short payload has a long prefix'],
  ['nonOptimalLongLengthList1', 'f810000102030405060708090a0b0c0d0e0f', 'a short payload has a long prefix'],
  ['nonOptimalLongLengthList2', 'f803112233', 'a short payload has a long prefix'],
  ['an empty input', '', 'the input ends before the item'],
  ['a string without its bytes', '83646f', 'the payload is truncated'],
  ['a length without its bytes', 'ba01', 'the length is truncated'],
  ['an item that leaves its list', 'c28364', 'the payload is truncated'],
  ['a byte behind the value', '8000', 'bytes follow the value'],
  ['a length of 2^64 - 1', 'bfffffffffffffffff', 'the payload is truncated'],
];

const item = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.uint8Array({ maxLength: 80 }),
    fc.uint8Array({ minLength: 250, maxLength: 260 }),
    fc.array(tie('item'), { maxLength: 12 }),
  ),
})).item;

describe('rlp', () => {
  it.each(PUBLISHED)('%s encodes and decodes as published', (_name, value, encoded) => {
    expect(hex(value)).toBe(encoded);
    expect(decodeRlp(fromHex(encoded))).toEqual(value);
  });

  it.each(INVALID)('%s is refused', (_name, encoded, reason) => {
    expect(() => decodeRlp(fromHex(encoded))).toThrow(malformed(reason));
  });

  it('a value is read back as it was', () => {
    fc.assert(
      fc.property(item, (value) => {
        expect(decodeRlp(encodeRlp(value))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever decodes was canonical', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.tuple(item, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
        const encoded = encodeRlp(value);
        return encoded.with(at % encoded.length, byte);
      }),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        let value: RlpItem;
        try {
          value = decodeRlp(input);
        } catch (error) {
          expect(error).toMatchObject({ code: 'RLP_MALFORMED', fault: 'peer' });
          return;
        }
        expect(encodeRlp(value)).toEqual(input);
      }),
      { numRuns: 2000 },
    );
  });

  it('lengths of three and four bytes are written in full', () => {
    const encoded = encodeRlp([new Uint8Array(2 ** 24 - 1)]);
    expect(toHex(encoded.subarray(0, 9))).toBe('0xfb01000003baffffff');
    expect(decodeRlp(encoded, { itemsMax: 2 })).toHaveLength(1);
  });

  it('depth and number of items are bounded', () => {
    expect(decodeRlp(encodeRlp(nest(32)))).toEqual(nest(32));
    expect(() => decodeRlp(encodeRlp(nest(33)))).toThrow(malformed('lists are nested too deeply'));
    const flat = encodeRlp(new Array<RlpItem>(10).fill([]));
    expect(decodeRlp(flat, { itemsMax: 11 })).toHaveLength(10);
    expect(() => decodeRlp(flat, { itemsMax: 10 })).toThrow(malformed('too many items'));
    expect(() => decodeRlp(flat, { depthMax: 1 })).toThrow(malformed('lists are nested too deeply'));
  });

  it('a span ends before its own end', () => {
    const bytes = fromHex('00c483646f67');
    expect(readRlpSpan(bytes, 1, 6)).toEqual({ type: 'list', start: 2, end: 6 });
    expect(readRlpSpan(bytes, 2, 6)).toEqual({ type: 'string', start: 3, end: 6 });
    expect(() => readRlpSpan(bytes, 1, 5)).toThrow(malformed('the payload is truncated'));
    expect(() => readRlpSpan(bytes, 6, 6)).toThrow(malformed('the input ends before the item'));
  });

  it('an error names the byte, what was due and what was there', () => {
    expect(() => decodeRlp(fromHex('c6827a77c1040180'))).toThrow(
      expect.objectContaining({
        data: { reason: 'bytes follow the value', offset: 7, expected: 7, got: 8 },
      }),
    );
  });
});

describe('rlp integers', () => {
  it('are read back as they were', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), (value) => {
        expect(parseRlpInteger(encodeRlpInteger(value), 32)).toBe(value);
      }),
    );
  });

  it('with leading zeros, too many bytes, or that are no string are refused', () => {
    expect(() => parseRlpInteger(Uint8Array.of(0), 32)).toThrow(malformed('an integer has a leading zero'));
    expect(() => parseRlpInteger(Uint8Array.of(1, 0), 1)).toThrow(malformed('an integer is too long'));
    expect(() => parseRlpInteger([], 32)).toThrow(malformed('an integer is missing'));
    expect(() => parseRlpInteger(undefined, 32)).toThrow(malformed('an integer is missing'));
  });

  it.each([-1, -1n, 1.5, Number.NaN, 2 ** 53])('%s is not one', (value) => {
    expect(() => encodeRlpInteger(value)).toThrow(expect.objectContaining({ code: 'RLP_ARGUMENT', fault: 'caller' }));
  });
});

function nest(depth: number): RlpItem {
  let value: RlpItem = [];
  for (let i = 1; i < depth; i++) value = [value];
  return value;
}
