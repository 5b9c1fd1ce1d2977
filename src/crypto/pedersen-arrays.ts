import { countFelts, FELT_BYTES, writeCount } from './felt-bytes.ts';

/**
 * Pedersen array hashes, `h(...h(h(0, x1), x2)..., n)` for each list, over any batched pair hash. Step j of every
 * list that is still running forms one batch, so many lists cost little more than their longest.
 *
 * @param lists         Each a whole number of canonical felts, 32 bytes big-endian; may be empty.
 * @param pedersenPairs Batched pair hash: n felts and n felts to n felts.
 * @returns One felt per list, in the order of `lists`.
 * @throws {SynclineError} `FELT_LENGTH`, `FELT_OUT_OF_RANGE`.
 * @see https://docs.starknet.io, "Hash functions", array hashing.
 */
export function hashPedersenArrays(
  lists: readonly Uint8Array[],
  pedersenPairs: (left: Uint8Array, right: Uint8Array) => Uint8Array,
): Uint8Array {
  const jobs = lists.map((list, slot): Job => ({ list, slot, count: countFelts(list) }));
  // Longest first: the lists still running are always a prefix, and so are their accumulators.
  jobs.sort((a, b) => b.count - a.count);

  const out = new Uint8Array(lists.length * FELT_BYTES);
  const right = new Uint8Array(lists.length * FELT_BYTES);
  let accumulators: Uint8Array = new Uint8Array(lists.length * FELT_BYTES);
  let active = jobs.length;
  for (let step = 0; active > 0; step++) {
    for (let i = 0; i < active; i++) writeOperand(right, i * FELT_BYTES, jobs[i] as Job, step); // i < jobs.length
    const length = active * FELT_BYTES;
    accumulators = pedersenPairs(accumulators.subarray(0, length), right.subarray(0, length));
    while (active > 0) {
      const job = jobs[active - 1] as Job; // 0 < active <= jobs.length
      if (job.count > step) break;
      active--;
      out.set(accumulators.subarray(active * FELT_BYTES, (active + 1) * FELT_BYTES), job.slot * FELT_BYTES);
    }
  }
  return out;
}

interface Job {
  readonly list: Uint8Array;
  /** Position in the caller's order. */
  readonly slot: number;
  readonly count: number;
}

/** The right operand of a list's step: its next element, and after the last one its length. */
function writeOperand(right: Uint8Array, offset: number, job: Job, step: number): void {
  if (step < job.count) {
    right.set(job.list.subarray(step * FELT_BYTES, (step + 1) * FELT_BYTES), offset);
  } else {
    right.fill(0, offset, offset + FELT_BYTES);
    writeCount(right, offset, job.count);
  }
}
