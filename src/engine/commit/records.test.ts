import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hash32, Height, Proofs, Tips } from '../types.ts';
import {
  type BlockRecord,
  contribution,
  decodeBefore,
  decodeBlockRecord,
  decodeOrphan,
  decodeTips,
  decodeUndo,
  encodeBefore,
  encodeBlockRecord,
  encodeJson,
  encodeOrphan,
  encodeTips,
  encodeUndo,
  parseStoredJson,
} from './records.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes as Hash32); // 32 bytes
const height = fc.nat(2 ** 31).map((value) => value as Height);
const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== '__proto__');
const proof = fc.oneof(
  fc.constantFrom('hash' as const, 'signature' as const, 'state-root' as const),
  fc.record({ unverified: fc.string() }),
);
const record: fc.Arbitrary<BlockRecord> = fc.record({
  ref: fc.record({ height, hash }),
  parent: hash,
  stateRoot: hash,
  timestampS: fc.nat(2 ** 40),
  protocolVersion: fc.string(),
  proofs: fc.dictionary(name, proof, { noNullPrototype: true }),
  counts: fc.dictionary(name, fc.nat(), { noNullPrototype: true }),
  from: fc.dictionary(name, fc.string(), { noNullPrototype: true }),
});
const keys = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
const before = fc.option(fc.uint8Array({ maxLength: 300 }));
const indexChanges = fc.array(fc.record({ key: fc.uint8Array({ maxLength: 300 }), before }), { maxLength: 6 });

describe('a block record', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(record, (value) => {
        expect(decodeBlockRecord(value.ref.height, encodeBlockRecord(value))).toEqual(value);
      }),
    );
  });

  it('is refused when it is cut off', () => {
    const bytes = encodeBlockRecord(sample);
    for (const length of [0, 31, 103, 104, bytes.length - 1]) {
      expect(() => decodeBlockRecord(sample.ref.height, bytes.subarray(0, length))).toThrow(corrupt);
    }
  });
});

describe('an orphan', () => {
  it('is read back as it was written', () => {
    const reasons = fc.constantFrom('reorg' as const, 'prune' as const, 'invalid' as const);
    fc.assert(
      fc.property(fc.record({ ref: fc.record({ height, hash }), parent: hash, reason: reasons }), (value) => {
        expect(decodeOrphan(value.ref.hash, encodeOrphan(value))).toEqual(value);
      }),
    );
  });

  it('is refused when it is cut off', () => {
    expect(() => decodeOrphan(sample.ref.hash, new Uint8Array(40))).toThrow(corrupt);
  });
});

describe('an undo list', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(keys, indexChanges, (state, index) => {
        expect(decodeUndo(encodeUndo({ state, index }))).toEqual({ state, index });
      }),
    );
  });

  it('of an earlier version is read: of index keys it says only which', () => {
    const bytes = Uint8Array.of(0, 0, 1, 7, 1, 0, 2, 8, 9, 1, 0, 0);
    const index = [Uint8Array.of(8, 9), new Uint8Array()].map((key) => ({ key, before: null }));
    expect(decodeUndo(bytes)).toEqual({ state: [Uint8Array.of(7)], index });
  });

  it('is refused when it is cut off within a key, or names an unknown table', () => {
    const before = Uint8Array.of(4, 5);
    const bytes = encodeUndo({ state: [Uint8Array.of(1, 2, 3)], index: [{ key: Uint8Array.of(6), before }] });
    for (let length = 1; length < bytes.length; length++) {
      if (length !== 6) expect(() => decodeUndo(bytes.subarray(0, length)), `${length} bytes`).toThrow(corrupt);
    }
    expect(() => decodeUndo(Uint8Array.of(3, 0, 0))).toThrow(corrupt);
    expect(() => decodeUndo(Uint8Array.of(2, 0, 0, 0xff, 0xff, 0xff, 0xff, 1))).toThrow(corrupt);
  });
});

describe('a value before a change', () => {
  it('is told apart from no value, also when it is empty', () => {
    expect(decodeBefore(encodeBefore(undefined))).toBeUndefined();
    expect(decodeBefore(encodeBefore(new Uint8Array()))).toEqual(new Uint8Array());
    expect(decodeBefore(encodeBefore(Uint8Array.of(0)))).toEqual(Uint8Array.of(0));
  });

  it('is refused when it is neither', () => {
    for (const bytes of [[], [0, 1], [2]]) expect(() => decodeBefore(Uint8Array.from(bytes))).toThrow(corrupt);
  });
});

describe('tips', () => {
  it('are read back as they were written, with tips that do not exist and tips without a hash', () => {
    const tip = fc.option(fc.record({ height, hash: fc.option(hash) }));
    fc.assert(
      fc.property(fc.dictionary(name, tip, { noNullPrototype: true }), (value: Tips) => {
        expect(decodeTips(encodeTips(value))).toEqual(value);
      }),
    );
  });

  it('are none in an empty store', () => {
    expect(decodeTips(undefined)).toEqual({});
  });
});

describe('stored JSON', () => {
  it('is refused with the name of its table when it does not parse', () => {
    expect(() => parseStoredJson('reject', Buffer.from('{"a":'))).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT', fault: 'local', message: expect.stringContaining('reject') }),
    );
  });

  it('is read from a view of larger bytes', () => {
    const inside = Buffer.concat([Buffer.from('xx'), encodeJson({ a: 1 }), Buffer.from('yy')]);
    expect(parseStoredJson('meta', inside.subarray(2, -2))).toEqual({ a: 1 });
  });
});

describe('what a block adds to the sums', () => {
  it('is itself, its counts, and the groups that nothing proves', () => {
    const proofs: Proofs = { header: 'hash', receipts: { unverified: 'too old' }, events: 'pending' };
    expect(contribution({ counts: { transactions: 3 }, proofs })).toEqual({
      transactions: 3,
      blocks: 1,
      'unverified.receipts': 1,
    });
  });
});

const corrupt = expect.objectContaining({ code: 'STORE_CORRUPT', fault: 'local' });
const sample: BlockRecord = {
  ref: { height: 7 as Height, hash: new Uint8Array(32).fill(1) as Hash32 },
  parent: new Uint8Array(32).fill(2) as Hash32,
  stateRoot: new Uint8Array(32).fill(3) as Hash32,
  timestampS: 1_700_000_000,
  protocolVersion: '1.2',
  proofs: { header: 'hash' },
  counts: { transactions: 2 },
  from: { header: 'a' },
};
