import { createKeccakHasher } from '../../src/crypto/index.ts';
import { compareBytes } from '../../src/lib/index.ts';
import { createStackTrie } from '../../src/trie/hexary/index.ts';
import { type EthereumTries, loadEthereumTries, nameOfBaseline } from '../harness/baselines.ts';
import type { Bench } from '../harness/bench.ts';
import { compete, WARM_UP_ROUNDS } from '../harness/compete.ts';
import { createRandom } from '../harness/random.ts';
import { requireEqual } from '../harness/require-equal.ts';

export interface Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Leaves as a storage or account trie has them: random keys in order, values of about the size of an account. */
export function sortedLeaves(label: string, count: number): readonly Leaf[] {
  const random = createRandom(label);
  const leaves = Array.from({ length: count }, () => ({ key: random.bytes(32), value: random.bytes(70) }));
  return leaves.sort((a, b) => compareBytes(a.key, b.key));
}

/** Options that let the tries of this thread encode and hash within the kernel's memory. One user at a time. */
export function inKernel() {
  const { hash: keccak, hashInto: keccakInto, scratch } = hasher;
  return { keccak, keccakInto, scratch };
}

const hasher = createKeccakHasher();

/** The root of a keccak trie from its sorted leaves. */
export const stackTrie: Bench = {
  rows: ['stack-trie-20k'],
  async *run({ rounds, quick }) {
    const bench = 'stack-trie-20k';
    const tries = await loadEthereumTries();
    const count = quick ? 1_000 : 20_000;
    const makeInput = (round: number | string) => sortedLeaves(`${bench} ${round}`, count);
    const check = makeInput('check');
    if (tries !== null) requireEqual(bench, await rootByMpt(tries, check), rootByStackTrie(check));
    const figures = await compete({
      rounds,
      warmUpRounds: WARM_UP_ROUNDS,
      makeInput,
      ours: {
        run(leaves) {
          for (let i = 0; i < REPEATS; i++) rootByStackTrie(leaves);
          return REPEATS * leaves.length;
        },
      },
      baseline:
        tries === null
          ? null
          : {
              async run(leaves) {
                await rootByMpt(tries, leaves);
                return leaves.length;
              },
            },
      by: 'cpu',
      figure: 'rate',
    });
    yield {
      bench,
      workload: `root of ${count} sorted leaves, keys of 32 bytes, values of 70; ours ${REPEATS} times`,
      unit: 'leaves/s',
      baselineName: nameOfBaseline('@ethereumjs/mpt'),
      checked: tries !== null,
      figures,
      goal: { figure: 'ratio', atLeast: 40 },
      detail: { absoluteGoalLeavesPerS: 500_000 },
      warmUpRounds: WARM_UP_ROUNDS,
    };
  },
};

/** One round of ours would be too short to time. */
const REPEATS = 5;

function rootByStackTrie(leaves: readonly Leaf[]): Uint8Array {
  const trie = createStackTrie({ ...inKernel(), keyLength: 32 });
  for (const { key, value } of leaves) trie.add(key, value);
  return trie.root();
}

async function rootByMpt(tries: EthereumTries, leaves: readonly Leaf[]): Promise<Uint8Array> {
  const trie = await tries.createMPT();
  for (const { key, value } of leaves) await trie.put(key, value);
  return trie.root();
}
