import type { Height, Write } from '../../../engine/index.ts';
import { SynclineError } from '../../../lib/index.ts';
import type { Felt, Receipt } from '../types.ts';
import { murmur3 } from './murmur3.ts';

/*
 * The event index: which blocks have events of a contract, and which have events with a key. It stands in the engine's
 * table `index`, beside the transaction index (sub-table 1). Integers are big-endian; an era is 65,536 blocks.
 *
 *     sub-table 2 | era 2 | emitter 6              | height in the era 2  →  classes of its events' first keys, bits 4
 *     sub-table 3 | era 2 | key and its position 6 | height in the era 2  →  nothing
 *     sub-table 4 | era 2 | 0 6                    | height in the era 2  →  nothing; a crowded block
 *
 * A block has one entry for each of its emitters and keys, however many of its events have them, and takes its entries
 * along when it is unwound. Entries of one emitter or key lie together within an era, ascending by height: its blocks
 * are found by seeking, without a look at those in between. Eras keep the part of the table that is written to small,
 * whatever has been stored before, and cost one more seek each.
 *
 * Emitters and keys are cut down to fingerprints, first keys in bits even to one of 32 classes: whoever searches reads
 * the events and compares them in full, so that two things with one fingerprint cost time and nothing else. The bits
 * tell a token's rare events from its transfers without an entry of their own.
 */
export const EVENTS_BY_EMITTER = 2;
export const EVENTS_BY_KEY = 3;
export const CROWDED_BLOCKS = 4;

/** Blocks listed under one thing: what an index key says beside the height. */
export interface EventList {
  readonly table: typeof EVENTS_BY_EMITTER | typeof EVENTS_BY_KEY | typeof CROWDED_BLOCKS;
  /** Below 2^48. */
  readonly id: number;
}

/** Blocks with events of a contract. */
export function listOfEmitter(emitter: Felt): EventList {
  return { table: EVENTS_BY_EMITTER, id: fingerprint(emitter, 0, 0) };
}

/** Blocks with events that have `key` at `position`, from 0. */
export function listOfKey(key: Felt, position: number): EventList {
  return { table: EVENTS_BY_KEY, id: fingerprint(key, 0, position) };
}

/** Blocks with more events than are listed: any may be in them. */
export const LIST_OF_CROWDED: EventList = { table: CROWDED_BLOCKS, id: 0 };

/** The bit of a first key, among 32. */
export function firstKeyBit(key: Felt): number {
  return bitOf(key, 0);
}

/** The bits in a value: 0 in lists other than emitters'. */
export function firstKeyBits(value: Uint8Array): number {
  return value.length < 4 ? 0 : new DataView(value.buffer, value.byteOffset).getInt32(0);
}

/** Where a block stands in a list, whether it is there or not. */
export function eventIndexKey({ table, id }: EventList, height: number): Uint8Array {
  const key = new Uint8Array(11);
  const view = new DataView(key.buffer);
  view.setUint8(0, table);
  view.setUint16(1, Math.floor(height / ERA_BLOCKS));
  view.setUint16(3, Math.floor(id / 2 ** 32));
  view.setUint32(5, id % 2 ** 32);
  view.setUint16(9, height % ERA_BLOCKS);
  return key;
}

/** The height in a key of the event index. */
export function eventIndexHeight(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset);
  return view.getUint16(1) * ERA_BLOCKS + view.getUint16(9);
}

/** Within one era, a list is one range of keys. */
export const ERA_BLOCKS = 2 ** 16;

/**
 * What is stored for a block's events, each entry once. A block that would have more than `ENTRIES_MAX` has only the
 * one in the list of crowded blocks.
 */
export function eventIndexWrites(height: Height, receipts: readonly Receipt[]): readonly Write[] {
  if (height >= HEIGHTS_END) {
    throw new SynclineError('EVENT_INDEX_HEIGHT', 'bug', 'the event index cannot hold so high a block', {
      data: { expected: `below ${HEIGHTS_END}`, got: height },
    });
  }
  /** Emitter → bits of first keys. */
  const emitters = new Map<number, number>();
  const keys = new Set<number>();
  for (const { events } of receipts) {
    for (const { fromAddress, keys: own } of events) {
      const emitter = fingerprint(fromAddress, 0, 0);
      emitters.set(emitter, (emitters.get(emitter) ?? 0) | (own.length === 0 ? 0 : bitOf(own, 0)));
      for (let at = 0; at < own.length; at += 32) {
        keys.add(fingerprint(own, at, at / 32));
        if (emitters.size + keys.size > ENTRIES_MAX) return [entry(LIST_OF_CROWDED, height, NOTHING)];
      }
    }
  }
  return [
    ...Array.from(emitters, ([id, bits]) => entry({ table: EVENTS_BY_EMITTER, id }, height, bytesOf(bits))),
    ...Array.from(keys, (id) => entry({ table: EVENTS_BY_KEY, id }, height, NOTHING)),
  ];
}

function entry(list: EventList, height: Height, value: Uint8Array): Write {
  return { table: 'index', key: eventIndexKey(list, height), value };
}

/** 2^16 eras: enough for 136 years of a block a second. */
const HEIGHTS_END = ERA_BLOCKS * 2 ** 16;
/** Chosen: the busiest captured block, with 1,760 events, has 398. */
const ENTRIES_MAX = 16_384;
const NOTHING = new Uint8Array(0);

/** 48 bits, of another function for each position of a key; emitters take those of position 0. */
function fingerprint(felts: Uint8Array, at: number, position: number): number {
  const high = murmur3(felts, at, 32, 2 * position + 1) & 0xffff;
  return high * 2 ** 32 + murmur3(felts, at, 32, 2 * position);
}

function bitOf(keys: Uint8Array, at: number): number {
  return 1 << (murmur3(keys, at, 32, 1) >>> 27);
}

function bytesOf(bits: number): Uint8Array {
  const value = new Uint8Array(4);
  new DataView(value.buffer).setInt32(0, bits);
  return value;
}
