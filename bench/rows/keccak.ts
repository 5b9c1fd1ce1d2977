import { createKeccak } from 'hash-wasm';
import { createKeccakHasher } from '../../src/crypto/index.ts';
import { concatBytes } from '../../src/lib/index.ts';
import type { Bench, BenchContext, RowResult } from '../harness/bench.ts';
import { compete, WARM_UP_ROUNDS } from '../harness/compete.ts';
import { createRandom } from '../harness/random.ts';
import { requireEqual } from '../harness/require-equal.ts';
import type { Goal } from '../harness/row.ts';

/** Keccak-256 of many messages of one length: an account key, and a full branch node of the keccak trie. */
export const keccak: Bench = {
  rows: ['keccak-32', 'keccak-532'],
  async *run(context) {
    if (context.wants('keccak-32')) {
      yield await keccakRow(context, { length: 32, count: 100_000, goal: { figure: 'ratio', atLeast: 1.3 } });
    }
    if (context.wants('keccak-532')) yield await keccakRow(context, { length: 532, count: 25_000 });
  },
};

interface KeccakRow {
  readonly length: number;
  readonly count: number;
  readonly goal?: Goal;
}

async function keccakRow({ rounds, quick }: BenchContext, row: KeccakRow): Promise<RowResult> {
  const { length, goal } = row;
  const count = quick ? row.count / 10 : row.count;
  const bench = `keccak-${length}`;
  const hasher = createKeccakHasher();
  const hashWasm = await createKeccak(256);
  const byHashWasm = (message: Uint8Array): Uint8Array => hashWasm.init().update(message).digest('binary');
  const makeInput = (round: number | string): readonly Uint8Array[] => {
    const random = createRandom(`${bench} ${round}`);
    return Array.from({ length: count }, () => random.bytes(length));
  };
  const check = makeInput('check');
  const expected = concatBytes(...check.map(byHashWasm));
  requireEqual(bench, expected, hasher.hashMany(check));
  requireEqual(bench, expected, concatBytes(...check.map(hasher.hash)));

  const oneByOne = (hash: (message: Uint8Array) => Uint8Array) => ({
    run(messages: readonly Uint8Array[]) {
      for (const message of messages) hash(message);
      return messages.length;
    },
  });
  const race = {
    rounds,
    warmUpRounds: WARM_UP_ROUNDS,
    makeInput,
    baseline: oneByOne(byHashWasm),
    by: 'cpu',
    figure: 'rate',
  } as const;
  const figures = await compete({
    ...race,
    ours: {
      run(messages) {
        hasher.hashMany(messages);
        return messages.length;
      },
    },
  });
  const single = await compete({ ...race, ours: oneByOne(hasher.hash) });
  return {
    bench,
    workload: `${count} messages of ${length} bytes in JavaScript memory, one batch`,
    unit: 'hashes/s',
    baselineName: 'hash-wasm, one by one',
    checked: true,
    figures,
    ...(goal === undefined ? {} : { goal }),
    detail: {
      usPerHash: figures.ours === null ? null : 1e6 / figures.ours,
      ratioOneByOne: single.ratio,
      variant: hasher.variant,
    },
    warmUpRounds: WARM_UP_ROUNDS,
  };
}
