// Writes the Keccak-f[1600] permutation as straight-line code: each of the 25 state words is a local of its own, and
// one round is the body of a loop. Two rounds in a turn were a tenth slower, more of them slower still.
// @see FIPS 202, section 3 (the permutation); https://keccak.team/keccak_specs_summary.html (the same, by word).

/** Rounds of Keccak-f[1600]. */
const ROUNDS = 24;
const LANES = Array.from({ length: 25 }, (_, i) => i);
const ROW = [0, 1, 2, 3, 4];

/** The word at column x of row y. */
const at = (x, y) => x + 5 * y;

/** One permutation at a time, on 64-bit integers: the state is 25 words of 8 bytes. */
const single = {
  type: 'u64',
  load: (lane) => `load<u64>(state, ${8 * lane})`,
  store: (lane, value) => `store<u64>(state, ${value}, ${8 * lane});`,
  xor: (a, b) => `${a} ^ ${b}`,
  rotate: (a, bits) => `rotl<u64>(${a}, ${bits})`,
  // a without the bits of b.
  without: (a, b) => `(${a} & ~${b})`,
  constant: 'load<u64>(ROUND_CONSTANTS + round)',
};

/** Two at a time, one in each half of a vector: 25 vectors of 16 bytes, word i of both states beside each other. */
const pair = {
  type: 'v128',
  load: (lane) => `v128.load(state, ${16 * lane})`,
  store: (lane, value) => `v128.store(state, ${value}, ${16 * lane});`,
  xor: (a, b) => `v128.xor(${a}, ${b})`,
  rotate: (a, bits) => (bits % 8 === 0 ? rotateBytes(a, bits / 8) : rotateBits(a, bits)),
  without: (a, b) => `v128.andnot(${a}, ${b})`,
  constant: 'v128.load64_splat(ROUND_CONSTANTS + round)',
};

/** The whole generated file. */
export function permutationSource() {
  return `/** What the last step of each round adds to word 0. */
const ROUND_CONSTANTS: usize = memory.data<u64>([
${roundConstants()
  .map((value) => `  0x${value.toString(16).padStart(16, '0')},\n`)
  .join('')}]);

${define('permute', 'Keccak-f[1600] in place on 25 words of 8 bytes at `state`.', single)}
${define('permutePair', 'The same on two states at once: at `state`, word i of the one, word i of the other.', pair)}`;
}

function define(name, summary, words) {
  const lines = [];
  let names = 0;
  const local = (expression) => {
    const name = `t${names++}`;
    lines.push(`    const ${name}: ${words.type} = ${expression};`);
    return name;
  };
  const next = round(words, local);
  return `/** ${summary} */
export function ${name}(state: usize): void {
${LANES.map((i) => `  let a${i}: ${words.type} = ${words.load(i)};\n`).join('')}\
  for (let round: usize = 0; round < ${8 * ROUNDS}; round += 8) {
${lines.join('\n')}
${LANES.map((i) => `    a${i} = ${next[i]};\n`).join('')}\
  }
${LANES.map((i) => `  ${words.store(i, `a${i}`)}\n`).join('')}}
`;
}

/** Emits one round on the words a0..a24; returns the names of the new ones. */
function round(words, local) {
  const { xor, rotate, without } = words;
  const state = LANES.map((i) => `a${i}`);
  // Theta: to each word the parities of two columns beside it.
  const parity = ROW.map((x) => local(ROW.map((y) => state[at(x, y)]).reduce(xor)));
  const effect = ROW.map((x) => local(xor(parity[(x + 4) % 5], local(rotate(parity[(x + 1) % 5], 1)))));
  const next = [];
  for (const y of ROW) {
    // Rho and pi: row y is gathered from five columns, each word rotated by its own offset.
    const row = ROW.map((x) => {
      const from = (x + 3 * y) % 5;
      const word = local(xor(state[at(from, x)], effect[from]));
      const bits = ROTATIONS[at(from, x)];
      return bits === 0 ? word : local(rotate(word, bits));
    });
    // Chi: the only step that is not linear.
    for (const x of ROW) next[at(x, y)] = local(xor(row[x], without(row[(x + 2) % 5], row[(x + 1) % 5])));
  }
  // Iota.
  next[0] = local(xor(next[0], words.constant));
  return next;
}

/** Rotation offsets of rho by word: t-th on the walk (x, y) to (y, 2x + 3y) stands the t-th triangular number. */
const ROTATIONS = (() => {
  const offsets = [0];
  let [x, y] = [1, 0];
  for (let t = 1; t <= ROUNDS; t++) {
    offsets[at(x, y)] = ((t * (t + 1)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return offsets;
})();

/** The constants of iota: bits 2^j - 1 come from a shift register of eight bits (FIPS 202, algorithm 5). */
function roundConstants() {
  let register = 1;
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) {
      if (register & 1) constant |= 1n << (2n ** BigInt(j) - 1n);
      register = (register << 1) ^ ((register >> 7) * 0x171);
    }
    return constant;
  });
}

/** Vectors have no rotation; by whole bytes it is a shuffle, one instruction instead of three. */
function rotateBytes(a, bytes) {
  const from = [0, 8].flatMap((half) => Array.from({ length: 8 }, (_, i) => half + ((i + 8 - bytes) % 8)));
  return `v128.shuffle<u8>(${a}, ${a}, ${from.join(', ')})`;
}

function rotateBits(a, bits) {
  return `v128.or(i64x2.shl(${a}, ${bits}), i64x2.shr_u(${a}, ${64 - bits}))`;
}
