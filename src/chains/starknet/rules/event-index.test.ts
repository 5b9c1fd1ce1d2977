import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import type { Height, Write } from '../../../engine/index.ts';
import { compareBytes, toHex } from '../../../lib/index.ts';
import { FELT_ZERO, feltAt, feltCount, feltFromNumber, joinFelts, parseFelt } from '../felt.ts';
import type { Event, Felt, Receipt } from '../types.ts';
import {
  type EventList,
  eventIndexHeight,
  eventIndexKey,
  eventIndexWrites,
  firstKeyBit,
  firstKeyBits,
  LIST_OF_CROWDED,
  listOfEmitter,
  listOfKey,
} from './event-index.ts';
import { openVectors } from './testing.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(`${root}/starknet/${file}`, 'utf8'));

const TOKEN = parseFelt('0x49d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7');
const TRANSFER = parseFelt('0x99cd8bde557814842a3121e8ddfd433a539b8c9f14bf31ebf108d12e6196e9');

function receiptOf(events: readonly Event[]): Receipt {
  const nothing = { messagesToL1: [], consumedMessage: null, revertError: null, executionResources: null };
  return { transactionHash: FELT_ZERO, transactionIndex: 0, actualFee: FELT_ZERO, events, ...nothing };
}

function eventOf(fromAddress: Felt, ...keys: readonly Felt[]): Event {
  return { fromAddress, keys: joinFelts(...keys), data: joinFelts() };
}

function linesOf(writes: readonly Write[]): string[] {
  return writes.map(({ table, key, value }) => `${table} ${toHex(key)} ${toHex(value as Uint8Array)}`);
}

// Computed apart, from the description of the index.
test('entries keep their bytes: they are part of the disk format', () => {
  const events = [eventOf(TOKEN, TRANSFER, feltFromNumber(1)), eventOf(TOKEN), eventOf(feltFromNumber(1))];
  expect(linesOf(eventIndexWrites(65_538 as Height, [receiptOf(events)]))).toEqual([
    'index 0x020001bdcb8ee5a7a90002 0x20000000',
    'index 0x020001b336248970af0002 0x00000000',
    'index 0x030001a782f8d107d10002 0x',
    'index 0x0300014a651117b1160002 0x',
  ]);
});

test('a block has one entry for each emitter and key, however many events have them', () => {
  const twice = eventOf(TOKEN, TRANSFER);
  const writes = eventIndexWrites(7 as Height, [receiptOf([twice, twice]), receiptOf([twice])]);
  expect(linesOf(writes)).toHaveLength(2);
});

test('a key is another one at another position', () => {
  expect(listOfKey(TRANSFER, 0)).not.toEqual(listOfKey(TRANSFER, 1));
});

test('the value of an emitter has a bit for each class of first keys', () => {
  const keys = [1, 2, 3].map(feltFromNumber);
  const events = keys.map((key) => eventOf(TOKEN, key, TRANSFER));
  const [entry] = eventIndexWrites(7 as Height, [receiptOf([...events, eventOf(TOKEN)])]);
  const bits = keys.reduce((sum, key) => sum | firstKeyBit(key), 0);
  expect(firstKeyBits(entry?.value as Uint8Array)).toBe(bits);
  const [without] = eventIndexWrites(7 as Height, [receiptOf([eventOf(TOKEN)])]);
  expect(firstKeyBits(without?.value as Uint8Array)).toBe(0);
});

test('each first key has one of 32 bits', () => {
  const seen = new Set(Array.from({ length: 2_000 }, (_, i) => firstKeyBit(feltFromNumber(i))));
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, i) => 1 << i).sort((a, b) => a - b));
});

test('the entries of a list ascend with the height within an era, and give it back', () => {
  const lists: readonly EventList[] = [listOfEmitter(TOKEN), listOfKey(TRANSFER, 3), LIST_OF_CROWDED];
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), fc.nat(2 ** 16 - 1), fc.constantFrom(...lists), (a, below, list) => {
      const b = Math.floor(a / 2 ** 16) * 2 ** 16 + below;
      const [left, right] = [eventIndexKey(list, a), eventIndexKey(list, b)];
      expect(Math.sign(compareBytes(left, right))).toBe(Math.sign(a - b));
      expect([eventIndexHeight(left), eventIndexHeight(right)]).toEqual([a, b]);
    }),
  );
});

test('a block with too many entries has the one of a crowded block', () => {
  const events = (count: number) => Array.from({ length: count }, (_, i) => eventOf(TOKEN, feltFromNumber(i)));
  expect(eventIndexWrites(7 as Height, [receiptOf(events(16_383))])).toHaveLength(16_384);
  const writes = eventIndexWrites(7 as Height, [receiptOf(events(16_384))]);
  expect(writes.map(({ key }) => toHex(key))).toEqual([toHex(eventIndexKey(LIST_OF_CROWDED, 7))]);
});

test('a height that has no room in a key is refused', () => {
  expect(() => eventIndexWrites((2 ** 32) as Height, [])).toThrow(
    expect.objectContaining({ code: 'EVENT_INDEX_HEIGHT', fault: 'bug' }),
  );
  expect(eventIndexWrites((2 ** 32 - 1) as Height, [])).toEqual([]);
});

describe.skipIf(!vectors.areThere)('captured blocks', () => {
  const files = vectors.files.filter(
    ({ kind, file }) => kind === 'block' && !/pending|latest/.test(file) && existsSync(`${root}/starknet/${file}`),
  );

  test('have an entry for each emitter and each key at its position, and no other', () => {
    let events = 0;
    for (const { file } of files) {
      const { header, receipts } = vectors.block(file);
      const lists = new Map<string, EventList>();
      const put = (name: string, list: EventList) => lists.set(name, list);
      for (const { fromAddress, keys } of receipts.flatMap((receipt) => receipt.events)) {
        events++;
        put(`emitter ${toHex(fromAddress)}`, listOfEmitter(fromAddress));
        for (let i = 0; i < feltCount(keys); i++) put(`${i} ${toHex(feltAt(keys, i))}`, listOfKey(feltAt(keys, i), i));
      }
      const expected = [...lists.values()].map((list) => toHex(eventIndexKey(list, header.number)));
      const written = eventIndexWrites(header.number as Height, receipts).map(({ key }) => toHex(key));
      expect(written.sort(), file).toEqual(expected.sort());
    }
    expect(events).toBeGreaterThan(5_000);
  });
});
