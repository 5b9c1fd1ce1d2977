import { below, pick, type Random } from './random.ts';

/** Values of all types, at edges and beyond, for any place in a document. */
export const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  2 ** 53 - 1,
  2 ** 32,
  '',
  '0x',
  '0x0',
  '0xg',
  '00',
  '12345',
  '1'.repeat(78),
  `0x${'f'.repeat(64)}`,
  `0x0800000000000011${'0'.repeat(47)}1`,
  `0x0800000000000011${'0'.repeat(48)}`,
  'PENDING',
  'REVERTED',
  'SUCCEEDED',
  'L1_HANDLER',
  'DECLARE',
  '0x3',
  '0x4',
  '\ud800',
  '\u0000',
  'x'.repeat(10_000),
  [],
  {},
  [[]],
  [null],
  ['0x1'],
  { __proto__: null, constructor: 1 },
  { toString: 1, valueOf: 1, toJSON: 1, length: 3 },
  JSON.parse('{"__proto__":{"length":1}}'),
];

/** Names of no member, and names that an object already has in JavaScript. */
export const ODD_NAMES = [
  '',
  '0',
  '-1',
  'é',
  '\u0000',
  'a'.repeat(5_000),
  '0x1',
  '__proto__',
  'constructor',
  'toString',
];

export const ODD_NUMBERS = [
  '1e999',
  '-1',
  '-0',
  '0.1',
  '1E+2',
  '1e-2',
  '9007199254740991',
  '9007199254740993',
  '1'.repeat(400),
  '00',
  '+1',
  '.5',
  '1.',
  '0x10',
  'NaN',
  'Infinity',
  '1n',
  '1_000',
  '"5"',
];

export const ODD_BYTES: readonly (readonly number[])[] = [
  [0xef, 0xbb, 0xbf],
  [0xff],
  [0x80],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x80, 0xa8],
  [0x00],
  [0x1f, 0x8b, 0x08],
];

export const FOREIGN_BODIES = [
  '',
  ' ',
  'null',
  '[]',
  '{}',
  '"0x1"',
  '0',
  '<html>busy</html>',
  '{"code":"StarknetErrorCode.BLOCK_NOT_FOUND"}',
  '{"code":"StarknetErrorCode.BLOCK_NOT_FOUND","message":"Block number 5 was not found."}',
  '\ufeff{}',
  '[['.repeat(5_000),
  '{"a":'.repeat(5_000),
  `"${'\\'.repeat(5_001)}`,
];

/** Text of which a little is wrong. */
export function spoil(text: string, random: Random): string {
  const at = below(text.length + 1, random);
  return pick(
    [
      text.slice(0, at) + pick(['', 'g', 'F', '-', ' ', '\n', '0x', '\ud83d', 'ü'], random) + text.slice(at + 1),
      text.slice(0, at),
      text.slice(2),
      text.toUpperCase(),
      `${text}0`,
      `0x00${text.slice(2)}`,
      text + text,
      text.repeat(2_000).slice(0, 50_000),
    ],
    random,
  );
}

/** The same number or one at an edge, rightly or wrongly written. */
export function otherFelt(text: string, random: Random): string {
  const digits = text.slice(2);
  const edge = pick(EDGES, random);
  return pick(
    [
      `0x${edge.toString(16)}`,
      `0x${edge.toString(16)}`,
      edge.toString(),
      `0x${edge.toString(16).toUpperCase()}`,
      `0X${digits}`,
      digits,
      `0x${digits.toUpperCase()}`,
      `0x${digits.padStart(64, '0')}`,
      `0x${digits.padStart(65, '0')}`,
      `-0x${digits}`,
      `0x-${digits}`,
      `0x ${digits}`,
      `0x${digits}\n`,
      BigInt(`0x${digits}`).toString(),
    ],
    random,
  );
}

const PRIME = 2n ** 251n + 17n * 2n ** 192n + 1n;
const EDGES = [
  0n,
  1n,
  2n,
  127n,
  128n,
  2n ** 53n,
  2n ** 64n - 1n,
  2n ** 64n,
  2n ** 128n - 1n,
  2n ** 128n,
  2n ** 250n,
  2n ** 251n - 257n,
  2n ** 251n - 256n,
  2n ** 251n - 1n,
  2n ** 251n,
  PRIME - 1n,
  PRIME,
  PRIME + 1n,
  2n ** 252n,
  2n ** 256n - 1n,
];

/** Another number of the same length, except that a leading digit may become zero. */
export function otherDigit(text: string, random: Random): string {
  const at = 2 + below(text.length - 2, random);
  const digit = Number.parseInt(text.charAt(at), 16);
  return text.slice(0, at) + (digit ^ (1 << below(3, random))).toString(16) + text.slice(at + 1);
}

/** Another count, near by or far off. */
export function otherCount(count: number, random: Random): number {
  return pick([count + 1, Math.max(0, count - 1), 0, count * 2 + 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, count ^ 1], random);
}
