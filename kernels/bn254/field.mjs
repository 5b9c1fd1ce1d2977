// The straight-line functions of the BN254 kernel: what each computes, in terms of the emitter's few operations.
// One function for all of a partial round was twice as slow as several small ones.
//
// Between functions all limbs but the top one are in [0, 2^29), and values in (-1.2·P, 2.2·P); sums of 16 stay below
// what a fold takes.
import { ELEMENT_BYTES, FieldEmitter, LIMBS, MODULUS } from './emitter.mjs';
import { EXTERNAL_MATRIX, WIDTH } from './parameters.mjs';

/** The whole generated field file of the kernel. */
export function fieldSource() {
  return [
    define('multiply', ['out', 'a', 'b'], 'out = a·b.', (e) => {
      e.store('out', e.multiply(e.load('a'), e.load('b')));
    }),
    define('power5', ['out', 'x'], 'out = x^5, the S-box.', (e) => {
      const x = e.load('x');
      const second = e.carry(e.reduce(e.square(x)));
      const fourth = e.carry(e.reduce(e.square(second)));
      e.store('out', e.multiply(fourth, x));
    }),
    define('add', ['out', 'a', 'b'], 'out = a + b.', (e) => {
      e.store('out', e.carry(e.combine((a, b) => `${a} + ${b}`, e.load('a'), e.load('b'))));
    }),
    define('readCanonical', ['out', 'bytes'], 'Limbs of a canonical value, 32 bytes big-endian.', readCanonical),
    define('writeCanonical', ['bytes', 'a'], 'a in Montgomery form to 32 canonical bytes, big-endian.', writeCanonical),
    define('mixExternal', ['state', 'constants'], MIX_EXTERNAL, mixExternal),
    define('sumWords', ['out', 'state', 'constant'], SUM_WORDS, sumWords),
    define('multiplyAdd', ['out', 'a', 'b', 'c'], 'out = a·b + c.', (e) => {
      const product = e.reduce(e.product(e.load('a'), e.load('b')));
      e.store('out', e.carry(e.combine((x, y) => `${x} + ${y}`, product, e.load('c'))));
    }),
  ].join('\n');
}

function define(name, parameters, summary, body) {
  const emitter = new FieldEmitter();
  body(emitter);
  const list = parameters.map((parameter) => `${parameter}: usize`).join(', ');
  return `/** ${summary} */\nexport function ${name}(${list}): void {\n${emitter.text()}}\n`;
}

const lane = (base, index) => `${base} + ${index * ELEMENT_BYTES}`;

const MIX_EXTERNAL = 'Multiplies four elements by the matrix of the full rounds and adds four constants.';

function mixExternal(e) {
  const words = Array.from({ length: WIDTH }, (_, i) => e.load(lane('state', i)));
  EXTERNAL_MATRIX.forEach((row, i) => {
    const sum = e.combine((...limbs) => limbs.map((limb, j) => `${limb} * ${row[j]}`).join(' + '), ...words);
    const constant = e.load(lane('constants', i));
    e.store(lane('state', i), e.carry(e.combine((a, b) => `${a} + ${b}`, e.fold(sum), constant)));
  });
}

const SUM_WORDS = 'The sum of four elements to out and, with a constant added, behind it.';

function sumWords(e) {
  const words = Array.from({ length: WIDTH }, (_, i) => e.load(lane('state', i)));
  const sum = e.carry(e.fold(e.combine((...limbs) => limbs.join(' + '), ...words)));
  e.store('out', sum);
  e.store(
    lane('out', 1),
    e.combine((a, b) => `${a} + ${b}`, sum, e.load('constant')),
  );
}

// --- Canonical bytes -----------------------------------------------------------------------------------------------

function readCanonical(e) {
  const words = [24, 16, 8, 0].map((at) => e.local(`bswap<i64>(load<i64>(bytes, ${at}))`));
  const out = Array.from({ length: LIMBS }, (_, i) => {
    const [word, shift] = [Math.floor((29 * i) / 64), (29 * i) % 64];
    const low = `(${words[word]} >>> ${shift})`;
    const high = shift > 64 - 29 && word < 3 ? ` | (${words[word + 1]} << ${64 - shift})` : '';
    return e.local(`(${low}${high}) & 0x1fffffff`);
  });
  e.store('out', out);
}

/**
 * Multiplying by 1 leaves Montgomery form, with a value in [-P, 0] for |a| < R: reduce takes the columns of a itself.
 * Then P is added if it is negative.
 */
function writeCanonical(e) {
  const value = e.carry(e.reduce(e.load('a')));
  const negative = e.local(`${value[8]} >> 63`);
  const limbs = e.carry(e.combine((limb, i) => `${limb} + (${negative} & ${MODULUS[i]})`, value, [...MODULUS.keys()]));
  [24, 16, 8, 0].forEach((at, word) => {
    const parts = [];
    limbs.forEach((limb, i) => {
      const shift = 29 * i - 64 * word;
      if (shift > -29 && shift < 64) parts.push(shift >= 0 ? `(${limb} << ${shift})` : `(${limb} >> ${-shift})`);
    });
    e.line(`store<i64>(bytes, bswap<i64>(${parts.join(' | ')}), ${at});`);
  });
}
