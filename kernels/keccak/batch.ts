/**
 * Keccak-256 of many messages, two at a time: a permutation of both takes little longer than one of one. A lane that
 * has finished its message takes the next from the table, so lengths may be mixed.
 */
import { permutePair } from './gen/permutation';
import { DIGEST_BYTES, OUT, PADDED, PAIR, RATE, STATE, TABLE } from './layout';
import { absorb, finish, LAST_BIT, lastWord } from './sponge';

const WORDS_BYTES: usize = 25 * 16;
/** The second lane's words, and its padded block, behind those of the first. */
const SECOND_LANE: usize = 8;
const SECOND_PADDED: usize = 256;

/** Hashes the first `count` messages of TABLE to OUT. */
export function hashBatch(count: i32): void {
  clear(i64x2.splat(0));
  let next = 2;
  let slotA = 0;
  let atA: usize = address(0);
  let restA: i32 = length(0);
  let slotB = 1;
  let atB: usize = address(1);
  let restB: i32 = length(1);
  let busyA = count > 0;
  let busyB = count > 1;
  while (busyA && busyB) {
    const lastA = restA < <i32>RATE;
    const lastB = restB < <i32>RATE;
    mixPair(lastA ? pad(PADDED, atA, restA) : atA, lastB ? pad(PADDED + SECOND_PADDED, atB, restB) : atB);
    permutePair(PAIR);
    atA += RATE;
    restA -= <i32>RATE;
    atB += RATE;
    restB -= <i32>RATE;
    if (!lastA && !lastB) continue;
    if (lastA) {
      squeeze(PAIR, slotA);
      busyA = next < count;
      slotA = next++;
      atA = address(slotA);
      restA = length(slotA);
    }
    if (lastB) {
      squeeze(PAIR + SECOND_LANE, slotB);
      busyB = next < count;
      slotB = next++;
      atB = address(slotB);
      restB = length(slotB);
    }
    clear(i64x2.replace_lane(i64x2.splat(lastA ? 0 : -1), 1, lastB ? 0 : -1));
  }
  if (busyA) finishAlone(PAIR, atA, restA, slotA);
  if (busyB) finishAlone(PAIR + SECOND_LANE, atB, restB, slotB);
}

// One entry behind the table is read at times, but not used.
function address(slot: i32): usize {
  return load<u32>(TABLE + ((<usize>slot) << 3));
}

function length(slot: i32): i32 {
  return load<i32>(TABLE + ((<usize>slot) << 3), 4);
}

function digest(slot: i32): usize {
  return OUT + <usize>slot * DIGEST_BYTES;
}

/** Keeps of both states the bits that are set in `mask`. */
function clear(mask: v128): void {
  for (let at = PAIR; at < PAIR + WORDS_BYTES; at += 16) v128.store(at, v128.and(v128.load(at), mask));
}

function mixPair(blockA: usize, blockB: usize): void {
  for (let word: usize = 0; word < RATE; word += 8) {
    const at = PAIR + 2 * word;
    const both = v128.load64_lane(blockB + word, v128.load64_zero(blockA + word), 1);
    v128.store(at, v128.xor(v128.load(at), both));
  }
}

/** Writes the last `rest` bytes of a message and the padding to `block`, which it returns. */
function pad(block: usize, at: usize, rest: usize): usize {
  let word: usize = 0;
  for (; word + 8 <= rest; word += 8) store<u64>(block + word, load<u64>(at + word));
  store<u64>(block + word, lastWord(at + word, rest - word));
  for (word += 8; word < RATE; word += 8) store<u64>(block + word, 0);
  const last = block + RATE - 8;
  store<u64>(last, load<u64>(last) | LAST_BIT);
  return block;
}

function squeeze(lane: usize, slot: i32): void {
  const out = digest(slot);
  for (let word: usize = 0; word < DIGEST_BYTES; word += 8) store<u64>(out + word, load<u64>(lane + 2 * word));
}

/** Goes on with one lane, for which no partner is left. */
function finishAlone(lane: usize, at: usize, rest: usize, slot: i32): void {
  for (let word: usize = 0; word < 200; word += 8) store<u64>(STATE + word, load<u64>(lane + 2 * word));
  const blocks = rest / RATE;
  absorb(at, blocks);
  finish(at + blocks * RATE, rest % RATE, digest(slot));
}
