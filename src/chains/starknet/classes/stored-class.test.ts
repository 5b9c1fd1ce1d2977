import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeight } from '../../../engine/index.ts';
import { compareBytes, concatBytes } from '../../../lib/index.ts';
import { feltFromBigint, feltFromNumber } from '../felt.ts';
import { CLASS_BYTES_MAX } from './limits.ts';
import {
  classKey,
  compiledClassKey,
  compiledClassRange,
  decodeClassRecord,
  decodeCompiledClassRecord,
  decodeCompiledHashes,
  encodeClassRecord,
  encodeCompiledClassRecord,
} from './stored-class.ts';

const height = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map(parseHeight);
const bytes = fc.uint8Array({ maxLength: 2_000 });
const felt = fc.bigInt({ min: 0n, max: 2n ** 251n }).map(feltFromBigint);
const corrupt = { code: 'STORED_CORRUPT', fault: 'local' };

describe('a stored class', () => {
  it('comes back as it was received, byte for byte', () => {
    fc.assert(
      fc.property(fc.constantFrom('sierra' as const, 'cairo0' as const), height, bytes, (kind, at, content) => {
        const record = { kind, height: at, bytes: content };
        expect(decodeClassRecord(encodeClassRecord(record))).toStrictEqual(record);
      }),
    );
    fc.assert(
      fc.property(height, felt, felt, bytes, (at, poseidon, blake2s, content) => {
        const record = { height: at, hashes: { poseidon, blake2s }, bytes: content };
        const encoded = encodeCompiledClassRecord(record);
        expect(decodeCompiledClassRecord(encoded)).toEqual(record);
        expect(decodeCompiledHashes(encoded)).toEqual(record.hashes);
      }),
    );
  });

  const kept = {
    kind: 'cairo0' as const,
    height: parseHeight(7),
    bytes: Buffer.from('{"program":"0x1234"}'.repeat(40)),
  };
  const hashes = { poseidon: feltFromNumber(5), blake2s: feltFromNumber(6) };
  const kinds = [
    ['class', encodeClassRecord(kept), decodeClassRecord],
    ['compiled class', encodeCompiledClassRecord({ ...kept, hashes }), decodeCompiledClassRecord],
  ] as const;

  it.each(kinds)('(%s) that is damaged is told, or has the same text', (_, record, decode) => {
    for (let at = 0; at < record.length; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const damaged = record.slice();
        damaged[at] = (damaged[at] as number) ^ mask;
        try {
          expect(Buffer.from(decode(damaged).bytes).equals(kept.bytes), `byte ${at}`).toBe(true);
        } catch (error) {
          expect(error).toMatchObject(corrupt);
        }
      }
    }
  });

  it.each(kinds)('(%s) that is cut short anywhere is told', (_, record, decode) => {
    for (let end = 0; end < record.length; end++) {
      expect(() => decode(record.subarray(0, end))).toThrow(expect.objectContaining(corrupt));
    }
  });

  it('names the source that it came from, where that was written down', () => {
    fc.assert(
      fc.property(height, bytes, fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }), (at, content, from) => {
        const record = { kind: 'sierra' as const, height: at, bytes: content, from };
        expect(decodeClassRecord(encodeClassRecord(record))).toStrictEqual(record);
        const compiled = { height: at, hashes, bytes: content, from };
        const encoded = encodeCompiledClassRecord(compiled);
        expect(decodeCompiledClassRecord(encoded)).toStrictEqual(compiled);
        expect(decodeCompiledHashes(encoded)).toEqual(hashes);
      }),
    );
    const tooLong = decodeClassRecord(encodeClassRecord({ ...kept, from: 'x'.repeat(8_193) }));
    expect(tooLong).not.toHaveProperty('from');
  });

  it('is cut short only where an older record would end when the source is lost', () => {
    const older = encodeClassRecord(kept);
    const record = encodeClassRecord({ ...kept, from: 'gateway:127.0.0.1:5050/feeder_gateway' });
    expect(Buffer.from(record.subarray(0, older.length)).equals(older)).toBe(true);
    for (let end = 0; end < record.length; end++) {
      if (end === older.length) continue;
      expect(() => decodeClassRecord(record.subarray(0, end))).toThrow(expect.objectContaining(corrupt));
    }
    for (const more of [Uint8Array.of(0), deflateSync('b')]) {
      expect(() => decodeClassRecord(concatBytes(record, more))).toThrow(expect.objectContaining(corrupt));
    }
    const bomb = deflateSync(new Uint8Array(2 ** 20));
    expect(() => decodeClassRecord(concatBytes(older, bomb))).toThrow(expect.objectContaining(corrupt));
  });

  it('is not taken for the other kind', () => {
    expect(() => decodeClassRecord(kinds[1][1])).toThrow(expect.objectContaining(corrupt));
    expect(() => decodeCompiledClassRecord(kinds[0][1])).toThrow(expect.objectContaining(corrupt));
    expect(() => decodeCompiledHashes(kinds[0][1])).toThrow(expect.objectContaining(corrupt));
  });

  it('never inflates to more than its head says, nor to more than a class may have', () => {
    const bomb = deflateSync(new Uint8Array(CLASS_BYTES_MAX + 1));
    const headOf = (byteCount: number) => {
      const head = encodeClassRecord({ ...kept, bytes: new Uint8Array(0) }).slice(0, 14);
      new DataView(head.buffer).setUint32(10, byteCount);
      return head;
    };
    for (const byteCount of [0, 1, 1_000, CLASS_BYTES_MAX + 1, 2 ** 32 - 1]) {
      const before = process.memoryUsage().arrayBuffers;
      expect(() => decodeClassRecord(concatBytes(headOf(byteCount), bomb))).toThrow(expect.objectContaining(corrupt));
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    }
  });

  it('larger than a class may be is not stored', () => {
    const record = { ...kept, bytes: new Uint8Array(CLASS_BYTES_MAX + 1) };
    expect(() => encodeClassRecord(record)).toThrow(expect.objectContaining({ code: 'CLASS_TOO_LARGE', fault: 'bug' }));
  });
});

describe('keys of stored classes', () => {
  it('are text, with hashes in canonical hex', () => {
    expect(Buffer.from(classKey(feltFromNumber(0xa1))).toString()).toBe('class\0' + '0xa1');
    const key = compiledClassKey(feltFromNumber(0xa1), { compiledClassHash: feltFromNumber(0) });
    expect(Buffer.from(key).toString()).toBe('compiledClass\0' + '0xa1/0x0');
  });

  it('of one class lie in its range, and those of another do not', () => {
    fc.assert(
      fc.property(felt, felt, felt, (classHash, other, compiledClassHash) => {
        const { start, end } = compiledClassRange(classHash);
        const isInside = (key: Uint8Array) => compareBytes(start, key) <= 0 && compareBytes(key, end) < 0;
        expect(isInside(compiledClassKey(classHash, { compiledClassHash }))).toBe(true);
        expect(isInside(compiledClassKey(other, { compiledClassHash }))).toBe(compareBytes(classHash, other) === 0);
      }),
    );
    const near = [0xa, 0xa0, 0xa1].map(feltFromNumber);
    for (const one of near) {
      const { start, end } = compiledClassRange(one);
      const inside = near.filter((other) => {
        const key = compiledClassKey(other, { compiledClassHash: one });
        return compareBytes(start, key) <= 0 && compareBytes(key, end) < 0;
      });
      expect(inside).toEqual([one]);
    }
  });
});
