import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blankCredentials, listenAddressType, sourceUrlType, splitUrls } from './address-types.ts';
import { booleanType, choiceType, durationType, integerType, sizeType, textType } from './value-types.ts';

const duration = durationType({ min: 10, max: 86_400_000 });
const size = sizeType({ min: 1024, max: 2 ** 40 });

describe('a value in text', () => {
  it.each([
    ['500ms', 500],
    ['5s', 5_000],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['2min', 120_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s is a duration of %i ms', (text, ms) => {
    expect(duration.parse(text)).toEqual({ value: ms });
  });

  it.each(['5', '5 parsecs', '-5s', '', '9ms', '25h', '0.0001s', '1e3s'])('%j is no duration', (text) => {
    expect(duration.parse(text)).toHaveProperty('expected');
  });

  it.each([
    ['64MiB', 64 * 2 ** 20],
    ['64 mib', 64 * 2 ** 20],
    ['2GB', 2e9],
    ['4096', 4096],
    ['4096B', 4096],
    ['0.5GiB', 2 ** 29],
  ])('%s is a size of %i bytes', (text, bytes) => {
    expect(size.parse(text)).toEqual({ value: bytes });
  });

  it.each(['64 megs', '1023', '2TiB', 'MiB', '1,5GiB'])('%j is no size', (text) => {
    expect(size.parse(text)).toHaveProperty('expected');
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 86_400_000 }), fc.integer({ min: 1024, max: 2 ** 40 }), (ms, bytes) => {
        expect(duration.parse(duration.format(ms))).toEqual({ value: ms });
        expect(size.parse(size.format(bytes))).toEqual({ value: bytes });
      }),
    );
  });

  it('is a whole number only within its bounds, and only in decimal', () => {
    const type = integerType({ placeholder: 'N', min: 2, max: 9 });
    expect(type.parse('2')).toEqual({ value: 2 });
    for (const text of ['1', '10', '2.5', '0x5', ' 5', '', '99999999999999999']) {
      expect(type.parse(text)).toEqual({ expected: 'a whole number from 2 to 9' });
    }
  });

  it('is a boolean in the words people use', () => {
    for (const text of ['true', 'YES', 'on', '1']) expect(booleanType.parse(text)).toEqual({ value: true });
    for (const text of ['false', 'no', 'Off', '0']) expect(booleanType.parse(text)).toEqual({ value: false });
    expect(booleanType.parse('maybe')).toEqual({ expected: 'true or false' });
  });

  it('is one of its choices, or names them', () => {
    expect(choiceType(['a', 'b']).parse('b')).toEqual({ value: 'b' });
    expect(choiceType(['a', 'b']).parse('c')).toEqual({ expected: 'one of a, b' });
    expect(textType('X').parse('')).toEqual({ expected: 'some text' });
  });
});

describe('an address', () => {
  it.each([
    ['127.0.0.1:9545', { host: '127.0.0.1', port: 9545 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:80', { host: '::1', port: 80 }],
  ])('%s is read and written alike', (text, value) => {
    expect(listenAddressType.parse(text)).toEqual({ value });
    expect(listenAddressType.format(value)).toBe(text);
  });

  it.each(['9545', ':9545', '::1:9545', 'host:65536', 'host:', 'a b:1'])('%j is refused', (text) => {
    expect(listenAddressType.parse(text)).toHaveProperty('expected');
  });
});

describe('the URL of a source', () => {
  it('may be written as a path', () => {
    expect(sourceUrlType.parse('/captures/mainnet')).toEqual({ value: 'file:///captures/mainnet' });
    expect(sourceUrlType.parse('./captures')).toEqual({ value: `file://${process.cwd()}/captures` });
    expect(sourceUrlType.parse('captures')).toHaveProperty('expected');
  });

  it('is shown without credentials', () => {
    expect(blankCredentials('https://me:secret@host/path?apikey=secret')).toBe('https://***:***@host/path?apikey=***');
    expect(blankCredentials('file:///a/b')).toBe('file:///a/b');
    expect(blankCredentials('l1+https://host/v3/secret')).toBe('l1+https://host/***');
    expect(blankCredentials('l1+ws://host:8546')).toBe('l1+ws://host:8546');
  });

  it('may hold a comma, which separates two only where another begins', () => {
    expect(splitUrls('https://a/x,y,https://b/, file:///c,./d')).toEqual([
      'https://a/x,y',
      'https://b/, file:///c',
      './d',
    ]);
    expect(splitUrls('https://a,https://b')).toEqual(['https://a', 'https://b']);
  });
});
