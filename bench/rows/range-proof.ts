import { toHex } from '../../src/lib/index.ts';
import { createStackTrie, proveHexaryKeys, verifyRangeProof } from '../../src/trie/hexary/index.ts';
import { loadEthereumTries, nameOfBaseline } from '../harness/baselines.ts';
import type { Bench } from '../harness/bench.ts';
import { compete, WARM_UP_ROUNDS } from '../harness/compete.ts';
import { createRandom } from '../harness/random.ts';
import { inKernel, sortedLeaves } from './stack-trie.ts';

interface Range {
  readonly root: Uint8Array;
  readonly keys: Uint8Array[];
  readonly values: Uint8Array[];
  readonly proof: Uint8Array[];
}

/** Verifying that leaves are all there are between the first and the last of them. */
export const rangeProof: Bench = {
  rows: ['range-proof-1000'],
  async *run({ rounds, quick }) {
    const bench = 'range-proof-1000';
    const tries = await loadEthereumTries();
    const prove = createProver(`${bench} trie`, quick ? 20_000 : 200_000);
    const ranges = quick ? 5 : 40;
    const verify = ({ root, keys, values, proof }: Range) =>
      verifyRangeProof({ root, start: keys[0] as Uint8Array, keys, values, proof, ...inKernel() }).more;
    const verifyByMpt =
      tries === null
        ? null
        : ({ root, keys, values, proof }: Range) =>
            tries.verifyMerkleRangeProof(root, keys[0] ?? null, keys.at(-1) ?? null, keys, values, proof);
    await requireSameVerdicts(prove(`${bench} check`), [verify, ...(verifyByMpt === null ? [] : [verifyByMpt])]);

    const figures = await compete<readonly Range[]>({
      rounds,
      warmUpRounds: WARM_UP_ROUNDS,
      makeInput: (round) => Array.from({ length: ranges }, (_, i) => prove(`${bench} ${round} ${i}`)),
      ours: {
        run(all) {
          for (const range of all) verify(range);
          return all.length * LEAVES;
        },
      },
      baseline:
        verifyByMpt === null
          ? null
          : {
              async run([first]) {
                await verifyByMpt(first as Range); // there are several
                return LEAVES;
              },
            },
      by: 'cpu',
      figure: 'rate',
    });
    yield {
      bench,
      workload: `${ranges} ranges of ${LEAVES} leaves, two edges proven; the baseline verifies one of them`,
      unit: 'leaves/s',
      baselineName: nameOfBaseline('@ethereumjs/mpt'),
      checked: tries !== null,
      figures,
      goal: { figure: 'ratio', atLeast: 40 },
      warmUpRounds: WARM_UP_ROUNDS,
    };
  },
};

const LEAVES = 1000;

/** Makes a trie; the result proves a range of it from a label. */
function createProver(label: string, count: number): (label: string) => Range {
  const leaves = sortedLeaves(label, count);
  const nodes = new Map<string, Uint8Array>();
  const idOf = (hash: Uint8Array, path: Uint8Array) => `${toHex(hash)} ${toHex(path)}`;
  const trie = createStackTrie({
    ...inKernel(),
    keyLength: 32,
    onNode: (path, hash, encoding) => nodes.set(idOf(hash, path), encoding.slice()),
  });
  for (const { key, value } of leaves) trie.add(key, value);
  const stored = {
    root: trie.root(),
    reader: { get: (hash: Uint8Array, path: Uint8Array) => nodes.get(idOf(hash, path)) },
  };
  return (which) => {
    const from = createRandom(which).below(count - LEAVES);
    const range = leaves.slice(from, from + LEAVES);
    const keys = range.map(({ key }) => key);
    const values = range.map(({ value }) => value);
    const proof = proveHexaryKeys(stored, [keys[0] as Uint8Array, keys[LEAVES - 1] as Uint8Array]); // LEAVES of each
    return { root: stored.root, keys, values, proof };
  };
}

/** All say of a true range that more follows, and refuse it with a value changed or a leaf left out. */
async function requireSameVerdicts(
  range: Range,
  verifiers: readonly ((range: Range) => boolean | Promise<boolean>)[],
): Promise<void> {
  const values = range.values.with(500, new Uint8Array(70));
  const forgeries = [
    { ...range, values },
    { ...range, keys: range.keys.toSpliced(500, 1), values: range.values.toSpliced(500, 1) },
  ];
  for (const verify of verifiers) {
    if ((await verify(range)) !== true) throw new Error('a true range was thought to be the last');
    for (const forged of forgeries) {
      const isRefused = await Promise.resolve()
        .then(() => verify(forged))
        .then(
          () => false,
          () => true,
        );
      if (!isRefused) throw new Error('a forged range was accepted');
    }
  }
}
