// The straight-line functions of variant B: what each computes, in terms of the emitter's few operations.
import { ConstantPool, Emitter, PAIR_BYTES } from './emitter.mjs';

/** The whole generated field file of the kernel. */
export function fieldSource() {
  const pool = new ConstantPool();
  const define = (name, parameters, summary, body, options) => {
    const emitter = new Emitter(pool, options);
    body(emitter);
    const list = parameters.map((parameter) => (parameter.includes(':') ? parameter : `${parameter}: usize`));
    return `/** ${summary} */\nexport function ${name}(${list.join(', ')}): void {\n${emitter.text()}}\n`;
  };
  const functions = [
    define(
      'multiply',
      ['out', 'a', 'b'],
      'out = a·b. One factor may be a sum or a difference of two elements.',
      (e) => {
        e.store('out', e.multiply(e.load('a'), e.load('b')));
      },
    ),
    define('square', ['out', 'a'], 'out = a² for a normalised.', (e) => {
      e.store('out', e.carry(e.reduce(e.square(e.load('a')))));
    }),
    define('add', ['out', 'a', 'b'], 'out = a + b, normalised.', (e) => {
      e.store('out', e.fold(e.integers(e.add(e.load('a'), e.load('b')))));
    }),
    define('subtract', ['out', 'a', 'b'], 'out = a - b, normalised.', (e) => {
      e.store('out', e.fold(e.integers(e.subtract(e.load('a'), e.load('b')))));
    }),
    define('chordStart', CHORD_START_PARAMETERS, CHORD_START, chordStart),
    define('chordEnd', ['out', 'inverse', 'a', 'b'], 'out = a + b, given the inverse of x(b) - x(a).', chordEnd),
    define('gatherPoint', ['out', 'a', 'b', 'flips: v128'], GATHER_POINT, gatherPoint),
    define('scatterPoint', ['a', 'b', 'pair'], 'Writes the two points of a pair apart.', scatterPoint),
    define('negateY', ['point'], 'Negates the points of a pair.', (e) => {
      const y = `point + ${PAIR_BYTES}`;
      e.store(
        y,
        e.load(y).map((limb) => e.local(`f64x2.neg(${limb})`)),
      );
    }),
    define('leaveMontgomery', ['out', 'a'], LEAVE_MONTGOMERY, (e) => {
      const columns = e.carryIntegers(e.reduce(e.integers(e.load('a'))));
      e.store(
        'out',
        columns.map((column) => column.name),
      );
    }),
    define('enterRounds', ENTER_ROUNDS_PARAMETERS, ENTER_ROUNDS, enterRounds, TWO_WAYS),
    define('fullRound', ['state0', 'state1', 'constants'], FULL_ROUND, fullRound, TWO_WAYS),
    define('enterPartial', ['state0', 'state1', 'half'], ENTER_PARTIAL, enterPartial, TWO_WAYS),
    define('partialRound', ['state0', 'state1', 'constant'], PARTIAL_ROUND, partialRound, TWO_WAYS),
    define('boundPartial', ['state0', 'state1'], BOUND_PARTIAL, boundPartial, TWO_WAYS),
    define('leavePartial', ['state0', 'state1', 'constants'], LEAVE_PARTIAL, leavePartial, TWO_WAYS),
  ];
  const values = pool.values().flatMap((value) => [value, value]);
  return `/** Vector constants of the functions below. */\nconst POOL: usize = memory.data<i64>([${values.join(', ')}], 16);

${functions.join('\n')}`;
}

/** Two chains of two lanes side by side: one alone waits for its own results half of the time. */
const TWO_WAYS = { ways: 2 };

// --- Affine addition, split where the shared inversion stands ------------------------------------------------------

const CHORD_START_PARAMETERS = ['productOut', 'differenceOut', 'productIn', 'a', 'b'];
const CHORD_START = 'difference = x(b) - x(a), not normalised; productOut = productIn·difference.';

function chordStart(e) {
  const dx = e.subtract(e.load('b'), e.load('a'));
  e.store('differenceOut', dx);
  e.store('productOut', e.multiply(e.load('productIn'), dx));
}

function chordEnd(e) {
  const [xa, xb] = [e.load('a'), e.load('b')];
  const ya = e.load(`a + ${PAIR_BYTES}`);
  const rise = e.subtract(e.load(`b + ${PAIR_BYTES}`), ya);
  const slope = e.multiply(e.load('inverse'), rise);
  const squared = e.reduce(e.square(slope));
  const both = e.integers(e.add(xa, xb));
  const x = e.fold(squared.map((column, i) => e.minus(column, both[i])));
  e.store('out', x);
  const product = e.reduce(e.product(slope, e.subtract(xa, x)));
  const y = e.integers(ya);
  e.store(`out + ${PAIR_BYTES}`, e.fold(product.map((column, i) => e.minus(column, y[i]))));
}

const GATHER_POINT =
  'Joins two points that lie apart (ten doubles each); `flips` is the sign bit for each y to negate.';

function gatherPoint(e) {
  for (let i = 0; i < 10; i++) {
    const limb = e.local(`v128.load64_lane(b, v128.load64_zero(a, ${i * 8}), 1, ${i * 8})`);
    e.line(`v128.store(out, ${i < 5 ? limb : `v128.xor(${limb}, flips)`}, ${i * 16});`);
  }
}

function scatterPoint(e) {
  for (let i = 0; i < 10; i++) {
    const limb = e.local(`v128.load(pair, ${i * 16})`);
    e.line(`v128.store64_lane(a, ${limb}, 0, ${i * 8});`);
    e.line(`v128.store64_lane(b, ${limb}, 1, ${i * 8});`);
  }
}

const LEAVE_MONTGOMERY =
  'The value of a in [-P, 0] modulo P, five vectors of integer limbs in [0, 2^51), the last signed.';

// --- Hades rounds --------------------------------------------------------------------------------------------------

/** A state is three elements; each function below takes one for each way. */
const lane = (index) => `state@ + ${index * PAIR_BYTES}`;

/** Constants of a round, integers of 8 bytes, are the same for all states. */
const constantAt = (base, index) => `${base} + ${index * 40}`;

function addConstants(e, columns, pointer) {
  const constants = e.loadShared(pointer);
  return columns.map((column, i) => e.plus(column, constants[i]));
}

const ENTER_ROUNDS_PARAMETERS = ['state0', 'state1', 'constants'];
const ENTER_ROUNDS = 'Adds the constants of the first round to both states.';

function enterRounds(e) {
  for (const i of [0, 1, 2]) {
    e.store(lane(i), e.fold(addConstants(e, e.integers(e.load(lane(i))), constantAt('constants', i))));
  }
}

function cube(e, x) {
  return e.reduce(e.product(e.carry(e.reduce(e.square(x))), x));
}

const FULL_ROUND = 'One full round without its constants, which are in the state already; adds those of the next.';

function fullRound(e) {
  const [a, b, c] = [0, 1, 2].map((i) => cube(e, e.load(lane(i))));
  const rows = [0, 1, 2].map(() => []);
  for (let i = 0; i < 5; i++) {
    const sum = e.plus(e.plus(a[i], b[i]), c[i]);
    rows[0].push(e.plus(sum, e.shifted(a[i], 1)));
    rows[1].push(e.minus(sum, e.shifted(b[i], 1)));
    rows[2].push(e.minus(sum, e.plus(e.shifted(c[i], 1), c[i])));
  }
  rows.forEach((row, i) => {
    e.store(lane(i), e.fold(addConstants(e, row, constantAt('constants', i))));
  });
}

/**
 * With a, b the first two elements and y the cube of the third, a partial round is a' = 3a + b + y, b' = a - b + y
 * and c' = a + b - 2y. Put v = (a + b)/2 and w = a - v: then v' = 2(v + w) + y, w' = 2v and c' = 2(v - y), which
 * needs no carries in v and w for some rounds. Afterwards a = v + w and b = v - w.
 */
const ENTER_PARTIAL = 'Turns the first two elements a, b into v = (a + b)/2 and w = a - v, integer limbs.';

function enterPartial(e) {
  const a = e.load(lane(0));
  const v = e.reduce(e.product(e.load('half'), e.add(a, e.load(lane(1)))));
  const w = e.integers(a).map((column, i) => e.minus(column, v[i]));
  storeIntegers(e, lane(0), v);
  storeIntegers(e, lane(1), w);
}

const PARTIAL_ROUND = 'One partial round on v, w and the third element, whose constant is in already; adds the next.';

function partialRound(e) {
  const y = cube(e, e.load(lane(2)));
  const v = e.loadIntegers(lane(0));
  const w = e.loadIntegers(lane(1));
  const pure = y.map((column) => e.rebase(column, 0n));
  const c = v.map((column, i) => e.shifted(e.minus(column, pure[i]), 1));
  e.store(lane(2), e.fold(addConstants(e, c, 'constant')));
  storeIntegers(
    e,
    lane(0),
    v.map((column, i) => e.plus(e.shifted(e.plus(column, w[i]), 1), pure[i])),
  );
  storeIntegers(
    e,
    lane(1),
    v.map((column) => e.shifted(column, 1)),
  );
}

/**
 * With cubes below 2^54, four rounds take v below 2^60.5 and w below 2^59.5, from carried limbs as well as from the
 * start, where v is a product without carries but v + w an element. The fold takes 2^61.
 */
const BOUND_PARTIAL = 'Carries and folds v and w, as must be done every fourth partial round.';

function boundPartial(e) {
  for (const i of [0, 1]) storeIntegers(e, lane(i), e.carryIntegers(e.folded(e.loadIntegers(lane(i)))));
}

const LEAVE_PARTIAL = 'Turns v and w back into the first two elements, plus their constants of the next round.';

function leavePartial(e) {
  const v = e.loadIntegers(lane(0));
  const w = e.loadIntegers(lane(1));
  const a = v.map((column, i) => e.plus(column, w[i]));
  const b = v.map((column, i) => e.minus(column, w[i]));
  e.store(lane(0), e.fold(addConstants(e, a, constantAt('constants', 0))));
  e.store(lane(1), e.fold(addConstants(e, b, constantAt('constants', 1))));
}

function storeIntegers(e, pointer, columns) {
  e.store(
    pointer,
    columns.map((column) => e.rebase(column, 0n).name),
  );
}
