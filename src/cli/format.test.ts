import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatPercent,
  formatRate,
  formatSeconds,
  shortHash,
} from './format.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_204_113, '1,204,113'],
  ])('%i is %s', (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [0, '0s'],
    [59.4, '59s'],
    [60, '1m'],
    [200, '3m20s'],
    [5_460, '1h31m'],
    [187_200, '2d4h'],
    [86_400 * 1_500, '1,500d'],
  ])('%d seconds are %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

  it.each([
    [0, '0 B'],
    [1_536, '1.5 KiB'],
    [64 * 2 ** 20, '64 MiB'],
    [123.4 * 2 ** 20, '123 MiB'],
    [84_509_970_432, '78.7 GiB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('a share is 100 % only when all is done', () => {
    expect(formatPercent(999_999, 1_000_000)).toBe('99.9%');
    expect(formatPercent(1_000_000, 1_000_000)).toBe('100.0%');
    expect(formatPercent(0, 0)).toBe('0%');
  });

  it.each([
    [9_999, '9,999'],
    [10_000, '10k'],
    [123_456, '123k'],
    [1_204_113, '1.2M'],
    [99_999_999, '99M'],
    [34e9, '34G'],
  ])('%i is %s in a narrow column', (count, text) => expect(formatCompact(count)).toBe(text));

  it('rates keep what is worth reading', () => {
    expect([0, 0.047, 3.14, 312.4, 12_345].map(formatRate)).toEqual(['0', '0.05', '3.1', '312', '12,345']);
  });

  it('hashes are shortened only when they are long', () => {
    expect(shortHash('0x1234')).toBe('0x1234');
    expect(shortHash(`0x${'ab'.repeat(32)}`)).toBe('0xababab…ababab');
  });
});
