import { FELT_BYTES, writeCount } from './felt-bytes.ts';
import type { FeltHasher } from './felt-hasher.ts';
import type { LaneKernel } from './wasm-kernel.ts';

/**
 * Poseidon sponges of many lists, four side by side in the lanes of variant B. A lane takes the next list as soon as
 * it is done with one, longest first, so the lanes end at about the same time.
 *
 * A step of four lanes costs as much as two steps of `scalar`, so a list of more than half the length of all others
 * together goes there: the lanes beside it would be idle for most of its way.
 *
 * @returns A function from checked lists to one felt for each.
 */
export function createLaneSponges(
  kernel: LaneKernel,
  scalar: FeltHasher,
): (lists: readonly Uint8Array[]) => Uint8Array {
  const memory = new Uint8Array(kernel.memory.buffer);
  const chainBytes = (kernel.capacity.value / 2) * FELT_BYTES;
  const stepsMax = chainBytes / STEP_BYTES;

  /** Starts the next list in every idle lane. */
  function fillLanes(lanes: Lane[], queue: Iterator<Job>): void {
    for (let index = 0; index < LANES; index++) {
      if (lanes[index] !== undefined) continue;
      const next = queue.next();
      if (next.done === true) continue;
      kernel.spongeStart(index);
      lanes[index] = { job: next.value, done: 0 };
    }
  }

  /** Runs all lanes as far as the first comes to its end or the buffers to theirs. */
  function advance(lanes: Lane[], out: Uint8Array): void {
    let steps = stepsMax;
    for (const lane of lanes) if (lane !== undefined) steps = Math.min(steps, lane.job.steps - lane.done);
    lanes.forEach((lane, index) => {
      if (lane === undefined) return;
      const at = kernel.left.value + index * chainBytes;
      writeSteps(memory.subarray(at, at + steps * STEP_BYTES), lane);
    });
    kernel.spongeAbsorb(steps);
    lanes.forEach((lane, index) => {
      if (lane === undefined) return;
      lane.done += steps;
      if (lane.done < lane.job.steps) return;
      const at = kernel.out.value + index * FELT_BYTES;
      out.set(memory.subarray(at, at + FELT_BYTES), lane.job.slot * FELT_BYTES);
      lanes[index] = undefined;
    });
  }

  return (lists) => {
    const out = new Uint8Array(lists.length * FELT_BYTES);
    const jobs = lists.map((list, slot): Job => ({ list, slot, steps: Math.floor(list.length / STEP_BYTES) + 1 }));
    jobs.sort((a, b) => b.steps - a.steps);
    let stepsLeft = jobs.reduce((sum, job) => sum + job.steps, 0);

    let first = 0;
    for (; first < jobs.length; first++) {
      const job = jobs[first] as Job; // first < jobs.length
      stepsLeft -= job.steps;
      if (job.steps * 2 <= stepsLeft) break;
      out.set(scalar.poseidonArrays([job.list]), job.slot * FELT_BYTES);
    }

    const queue = jobs.slice(first).values();
    const lanes: Lane[] = new Array<Lane>(LANES).fill(undefined);
    for (;;) {
      fillLanes(lanes, queue);
      if (lanes.every((lane) => lane === undefined)) return out;
      advance(lanes, out);
    }
  };
}

interface Job {
  readonly list: Uint8Array;
  /** Position in the caller's order. */
  readonly slot: number;
  /** Permutations it takes: one for each full pair and one for what is left and the padding. */
  readonly steps: number;
}

type Lane = { readonly job: Job; done: number } | undefined;

/** Writes the padded list from step `done` on: after its last felt a 1, then 0 up to a full pair. */
function writeSteps(target: Uint8Array, { job, done }: NonNullable<Lane>): void {
  const rest = job.list.subarray(done * STEP_BYTES, done * STEP_BYTES + target.length);
  target.set(rest);
  if (rest.length === target.length) return;
  target.fill(0, rest.length);
  writeCount(target, rest.length, 1);
}

const LANES = 4;

/** Bytes a sponge takes in at once: its rate is two felts. */
const STEP_BYTES = 2 * FELT_BYTES;
