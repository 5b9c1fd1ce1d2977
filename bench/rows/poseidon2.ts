import { createPoseidon2Hasher } from '../../src/crypto/index.ts';
import { type BarretenbergSync, loadBarretenberg, nameOfBaseline } from '../harness/baselines.ts';
import type { Bench } from '../harness/bench.ts';
import { compete, WARM_UP_ROUNDS } from '../harness/compete.ts';
import { createRandom } from '../harness/random.ts';
import { requireEqual } from '../harness/require-equal.ts';

const BENCH = 'poseidon2-batch';

interface Pairs {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

/** Pair hashes of Poseidon2 over BN254, the nodes of a rollup's trees. */
export const poseidon2: Bench = {
  rows: [BENCH],
  async *run({ rounds, quick }) {
    const hasher = createPoseidon2Hasher();
    const vendor = await loadBarretenberg();
    const count = quick ? 2_048 : 16_384;
    // Values below 2^251 are below the modulus too.
    const makeInput = (round: number | string): Pairs => {
      const random = createRandom(`${BENCH} ${round}`);
      return { left: random.felts(count), right: random.felts(count) };
    };
    const check = makeInput('check');
    if (vendor !== null) {
      requireEqual(BENCH, pairsByVendor(vendor, check), hasher.hashPairs(check.left, check.right));
      requireEqual(`${BENCH}, list`, listByVendor(vendor, check), hasher.hashMany([listOf(check)]));
    }
    const race = {
      rounds,
      warmUpRounds: WARM_UP_ROUNDS,
      makeInput,
      ours: {
        run({ left, right }: Pairs) {
          hasher.hashPairs(left, right);
          return count;
        },
      },
      by: 'cpu',
      figure: 'rate',
    } as const;
    const pairwise = (by: BarretenbergSync) => ({
      run(pairs: Pairs) {
        pairsByVendor(by, pairs);
        return count;
      },
    });
    const inOneCall = (by: BarretenbergSync) => ({
      run(pairs: Pairs) {
        listByVendor(by, pairs);
        return Math.ceil((2 * count) / 3); // the sponge takes three fields at a time
      },
    });
    const figures = await compete({ ...race, baseline: vendor && pairwise(vendor) });
    const permutations = await compete({ ...race, baseline: vendor && inOneCall(vendor) });
    yield {
      bench: BENCH,
      workload: `one batch of ${count} pairs; the baseline takes a call for each`,
      unit: 'hashes/s',
      baselineName: `${nameOfBaseline('@aztec/bb.js')}, synchronous WASM`,
      checked: vendor !== null,
      figures,
      goal: { figure: 'ratio', atLeast: 1.3 },
      detail: {
        usPerHash: figures.ours === null ? null : 1e6 / figures.ours,
        // The baseline without the cost of its calls: one list of all fields, counted in permutations.
        ratioPerPermutation: permutations.ratio,
        variant: hasher.variant,
      },
      warmUpRounds: WARM_UP_ROUNDS,
    };
  },
};

function pairsByVendor(vendor: BarretenbergSync, { left, right }: Pairs): Uint8Array {
  const out = new Uint8Array(left.length);
  for (let at = 0; at < left.length; at += 32) {
    const inputs = [left.subarray(at, at + 32), right.subarray(at, at + 32)];
    out.set(vendor.poseidon2Hash({ inputs }).hash, at);
  }
  return out;
}

function listByVendor(vendor: BarretenbergSync, pairs: Pairs): Uint8Array {
  const list = listOf(pairs);
  const inputs = Array.from({ length: list.length / 32 }, (_, i) => list.subarray(i * 32, (i + 1) * 32));
  return vendor.poseidon2Hash({ inputs }).hash;
}

function listOf({ left, right }: Pairs): Uint8Array {
  const list = new Uint8Array(left.length + right.length);
  list.set(left);
  list.set(right, left.length);
  return list;
}
