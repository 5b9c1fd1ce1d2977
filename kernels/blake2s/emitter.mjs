// Writes the compression function of BLAKE2s as straight-line code: the 16 working words are locals, all ten rounds
// stand one after the other, since which message word goes where differs in each.
// @see RFC 7693, sections 2.6, 2.7, 3.1 and 3.2.

/** Message schedule (RFC 7693, section 2.7): the words of the block by round, two for each mixing. */
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/** The words that are mixed with each other: four columns, then four diagonals. */
const MIXINGS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** The initial words: the first 32 bits behind the point of the square roots of the first eight primes. */
const INITIAL = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n].map((prime) => squareRoot(prime << 64n) & 0xffffffffn);

/** The whole generated file. */
export function compressionSource() {
  const words = INITIAL.map((word) => `0x${word.toString(16).padStart(8, '0')}`);
  return `/** The initial words. */
const INITIAL: usize = memory.data<u32>([${words.join(', ')}]);

/** Begins a hash: 32 bytes of digest, no key, default parameters. */
export function initialise(state: usize): void {
${words.map((word, i) => `  store<u32>(state, ${i === 0 ? `${word} ^ 0x01010020` : word}, ${4 * i});\n`).join('')}}

/**
 * Takes the 64 bytes at \`block\` into the eight words at \`state\`.
 * @param bytes Bytes taken in so far, with those of this block that belong to the message.
 * @param last  All bits set for the last block, else none.
 */
export function compress(state: usize, block: usize, bytes: u64, last: u32): void {
${Array.from({ length: 16 }, (_, i) => `  let v${i}: u32 = ${workingWord(i)};\n`).join('')}\
${SIGMA.map((schedule, round) => `  // Round ${round}.\n${roundLines(schedule)}`).join('')}\
${INITIAL.map((_, i) => `  store<u32>(state, load<u32>(state, ${4 * i}) ^ v${i} ^ v${i + 8}, ${4 * i});\n`).join('')}}
`;
}

function workingWord(i) {
  if (i < 8) return `load<u32>(state, ${4 * i})`;
  const initial = `load<u32>(INITIAL, ${4 * (i - 8)})`;
  return (
    { 12: `${initial} ^ <u32>bytes`, 13: `${initial} ^ <u32>(bytes >> 32)`, 14: `${initial} ^ last` }[i] ?? initial
  );
}

function roundLines(schedule) {
  return MIXINGS.map(([a, b, c, d], i) => {
    const word = (at) => `load<u32>(block, ${4 * schedule[at]})`;
    return `  v${a} = v${a} + v${b} + ${word(2 * i)};
  v${d} = rotr<u32>(v${d} ^ v${a}, 16);
  v${c} = v${c} + v${d};
  v${b} = rotr<u32>(v${b} ^ v${c}, 12);
  v${a} = v${a} + v${b} + ${word(2 * i + 1)};
  v${d} = rotr<u32>(v${d} ^ v${a}, 8);
  v${c} = v${c} + v${d};
  v${b} = rotr<u32>(v${b} ^ v${c}, 7);
`;
  }).join('');
}

/** The whole part of the root of `value`. */
function squareRoot(value) {
  let root = value;
  for (let next = (value + 1n) / 2n; next < root; next = (root + value / root) / 2n) root = next;
  return root;
}
