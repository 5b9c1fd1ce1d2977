import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, concatBytes, equalBytes, fromHex, isZeroBytes, readU64be, toHex, u64be } from './bytes.ts';

const bytes = fc.uint8Array({ maxLength: 12 });

describe('hex', () => {
  it('is lower case with two digits a byte', () => {
    expect(toHex(Uint8Array.of(0, 0xab, 0x0f))).toBe('0x00ab0f');
    expect(toHex(new Uint8Array())).toBe('0x');
  });

  it('shows only the bytes of a view, not of what it is a view of', () => {
    expect(toHex(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toBe('0x0203');
  });

  it('is read with and without a prefix, in either case', () => {
    expect(fromHex('0xAbCd')).toEqual(Uint8Array.of(0xab, 0xcd));
    expect(fromHex('abcd')).toEqual(Uint8Array.of(0xab, 0xcd));
  });

  it.each(['0x1', 'xyz1', '0x 1', '0x0x', '12g4'])('is not read from %j', (text) => {
    expect(() => fromHex(text)).toThrow(expect.objectContaining({ code: 'HEX_MALFORMED', fault: 'caller' }));
  });

  it('leads back to the bytes it was made of', () => {
    fc.assert(fc.property(bytes, (value) => equalBytes(fromHex(toHex(value)), value)));
  });
});

describe('the order of bytes', () => {
  it('is that of their hex', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const [left, right] = [toHex(a), toHex(b)];
        expect(Math.sign(compareBytes(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0);
      }),
    );
  });

  it('puts a prefix before what it begins', () => {
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0);
  });

  it('agrees with equality', () => {
    fc.assert(fc.property(bytes, bytes, (a, b) => equalBytes(a, b) === (compareBytes(a, b) === 0)));
  });
});

describe('joined bytes', () => {
  it('are the parts one after another, in memory of their own', () => {
    const part = Uint8Array.of(1, 2);
    const joined = concatBytes(part, new Uint8Array(), Uint8Array.of(3));
    part[0] = 9;
    expect(joined).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('zero bytes', () => {
  it('are found out by any other byte', () => {
    expect(isZeroBytes(new Uint8Array(4))).toBe(true);
    expect(isZeroBytes(new Uint8Array())).toBe(true);
    expect(isZeroBytes(Uint8Array.of(0, 0, 1))).toBe(false);
  });
});

describe('a number as eight bytes', () => {
  const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

  it('is read back as it was', () => {
    fc.assert(fc.property(safe, (value) => readU64be(u64be(value)) === value));
  });

  it('sorts as numbers do', () => {
    fc.assert(fc.property(safe, safe, (a, b) => Math.sign(compareBytes(u64be(a), u64be(b))) === Math.sign(a - b)));
  });

  it('is read at an offset of a view', () => {
    const inside = concatBytes(Uint8Array.of(9, 9), u64be(77)).subarray(1);
    expect(readU64be(inside, 1)).toBe(77);
  });

  it('is refused above the safe integers', () => {
    expect(() => readU64be(fromHex('0020000000000000'))).toThrow(expect.objectContaining({ code: 'INTEGER_UNSAFE' }));
  });
});
