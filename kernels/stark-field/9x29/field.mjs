// The straight-line functions of variant A: what each computes, in terms of the emitter's few operations.
import { PARTIAL_ROUNDS } from '../constants.mjs';
import { ELEMENT_BYTES, Emitter } from './emitter.mjs';

/** The whole generated field file of the kernel. */
export function fieldSource() {
  return [
    define(
      'multiply',
      ['out', 'a', 'b'],
      'out = a·b. The first factor may be an un-normalised sum or difference.',
      (e) => {
        e.store('out', e.multiply(e.load('a'), e.loadNormalised('b')));
      },
    ),
    define('square', ['out', 'a'], 'out = a² for a normalised.', (e) => {
      e.store('out', e.carry(e.reduce(e.square(e.loadNormalised('a')))));
    }),
    define('add', ['out', 'a', 'b'], 'out = a + b, normalised.', (e) => {
      e.store('out', e.fold(e.combine((a, b) => `${a} + ${b}`, e.load('a'), e.load('b'))));
    }),
    define('subtract', ['out', 'a', 'b'], 'out = a - b, normalised.', (e) => {
      e.store('out', e.fold(e.combine(difference, e.load('a'), e.load('b'))));
    }),
    define('chordStart', CHORD_START_PARAMETERS, CHORD_START, chordStart),
    define('chordEnd', CHORD_END_PARAMETERS, CHORD_END, chordEnd),
    define('readCanonical', ['out', 'bytes'], 'Limbs of a canonical value, 32 bytes big-endian.', readCanonical),
    define('writeCanonical', ['bytes', 'a'], 'a in Montgomery form to 32 canonical bytes, big-endian.', writeCanonical),
    define(
      'fullRound',
      ['state', 'constants'],
      'One full Hades round on three elements, with its three constants.',
      fullRound,
    ),
    partialRounds(),
  ].join('\n');
}

function define(name, parameters, summary, body) {
  const emitter = new Emitter();
  body(emitter);
  const list = parameters.map((parameter) => (parameter.includes(':') ? parameter : `${parameter}: usize`)).join(', ');
  return `/** ${summary} */\nexport function ${name}(${list}): void {\n${emitter.text()}}\n`;
}

const difference = (a, b) => `${a} - ${b}`;

// --- Affine addition, split where the shared inversion stands ------------------------------------------------------

const CHORD_START_PARAMETERS = ['productOut', 'differenceOut', 'productIn', 'a', 'b'];
const CHORD_START = 'difference = x(b) - x(a), left un-normalised; productOut = productIn·difference.';

function chordStart(e) {
  const dx = e.combine(difference, e.loadNormalised('b'), e.loadNormalised('a'));
  e.store('differenceOut', dx);
  e.store('productOut', e.multiply(dx, e.loadNormalised('productIn')));
}

const CHORD_END_PARAMETERS = ['out', 'inverse', 'a', 'b', 'flip: i64'];
const CHORD_END = 'out = a ± b, given the inverse of x(b) - x(a); flip is 0 to add b and -1 to subtract it.';

function chordEnd(e) {
  const y = ELEMENT_BYTES;
  const inverse = e.loadNormalised('inverse');
  const xa = e.loadNormalised('a');
  const xb = e.loadNormalised('b');
  const ya = e.loadNormalised(`a + ${y}`);
  const rise = e.combine((a, b) => `(${b} ^ flip) - flip - ${a}`, ya, e.loadNormalised(`b + ${y}`));
  const slope = e.multiply(inverse, rise);
  const squared = e.reduce(e.square(slope));
  const x = e.fold(e.combine((s, a, b) => `${s} - ${a} - ${b}`, squared, xa, xb));
  const run = e.combine(difference, xa, x);
  const product = e.reduce(e.product(slope, run));
  e.store('out', x);
  e.store(`out + ${y}`, e.fold(e.combine(difference, product, ya)));
}

// --- Canonical bytes -----------------------------------------------------------------------------------------------

function readCanonical(e) {
  const words = [24, 16, 8, 0].map((at) => e.local(`bswap<i64>(load<i64>(bytes, ${at}))`));
  const out = Array.from({ length: 9 }, (_, i) => {
    const [word, shift] = [Math.floor((29 * i) / 64), (29 * i) % 64];
    const low = `(${words[word]} >>> ${shift})`;
    const high = shift > 64 - 29 && word < 3 ? ` | (${words[word + 1]} << ${64 - shift})` : '';
    return e.local(`(${low}${high}) & 0x1fffffff`);
  });
  e.store('out', out);
}

/**
 * Multiplying by 1 leaves Montgomery form, with a value in [-P, 0] as |a| < 2^256: reduce takes the columns of a
 * itself. Then P is added if it is negative.
 */
function writeCanonical(e) {
  const columns = e.carry(e.reduce(e.load('a')));
  const negative = e.local(`${columns[8]} >> 63`);
  columns[0] = e.local(`${columns[0]} + (${negative} & 1)`);
  columns[6] = e.local(`${columns[6]} + (${negative} & ${17 << 18})`);
  columns[8] = e.local(`${columns[8]} + (${negative} & ${1 << 19})`);
  const limbs = e.carry(columns);
  [24, 16, 8, 0].forEach((at, word) => {
    const parts = [];
    limbs.forEach((limb, i) => {
      const shift = 29 * i - 64 * word;
      if (shift > -29 && shift < 64) parts.push(shift >= 0 ? `(${limb} << ${shift})` : `(${limb} >> ${-shift})`);
    });
    e.line(`store<i64>(bytes, bswap<i64>(${parts.join(' | ')}), ${at});`);
  });
}

// --- Hades rounds --------------------------------------------------------------------------------------------------

/** The columns of x³ before their carries, for x a normalised element plus a balanced constant. */
function cubeColumns(e, x) {
  return e.reduce(e.product(e.carry(e.reduce(e.square(x))), x));
}

const sum = (a, b) => `${a} + ${b}`;
const lane = (base, index) => `${base} + ${index * ELEMENT_BYTES}`;

function fullRound(e) {
  const cubes = [0, 1, 2].map((i) => {
    const x = e.combine(sum, e.loadNormalised(lane('state', i)), e.load(lane('constants', i)));
    return e.carry(cubeColumns(e, x));
  });
  mix(e, 'state', cubes);
}

/** Stores the Hades mix of three elements: with t = a + b + c the results are t + 2a, t - 2b and t - 3c. */
function mix(e, state, [a, b, c]) {
  e.store(lane(state, 0), e.fold(e.combine((x, y, z) => `${x} * 3 + ${y} + ${z}`, a, b, c)));
  e.store(lane(state, 1), e.fold(e.combine((x, y, z) => `${x} - ${y} + ${z}`, a, b, c)));
  e.store(lane(state, 2), e.fold(e.combine((x, y, z) => `${x} + ${y} - (${z} << 1)`, a, b, c)));
}

/**
 * The columns of the cube go into the mix before their carries are taken: with |x| limbs below 0.75·2^30 they are
 * below 2^61.7, so twice that still fits.
 */
function partialRounds() {
  const e = new Emitter();
  const a = e.loadNormalised('state');
  const b = e.loadNormalised(lane('state', 1));
  const c = e.combine(sum, e.loadNormalised(lane('state', 2)), e.load('constant'));
  mix(e, 'state', [a, b, cubeColumns(e, c)]);
  return `/** All partial Hades rounds on three elements; \`constants\` holds one constant for each. */
export function partialRounds(state: usize, constants: usize): void {
  const end = constants + ${PARTIAL_ROUNDS * ELEMENT_BYTES};
  for (let constant = constants; constant < end; constant += ${ELEMENT_BYTES}) {
${e.text('    ')}  }
}
`;
}
