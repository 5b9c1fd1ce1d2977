import { pedersen, poseidonHash } from '@scure/starknet';
import { createWasm9x29 } from '../../src/crypto/create-felt-hasher.ts';
import type { FeltHasher } from '../../src/crypto/index.ts';
import type { Bench, BenchContext, RowResult } from '../harness/bench.ts';
import { compete, WARM_UP_ROUNDS } from '../harness/compete.ts';
import { createRandom } from '../harness/random.ts';
import { requireEqual } from '../harness/require-equal.ts';
import { type Goal, noFigures } from '../harness/row.ts';

/** Batches of Pedersen and Poseidon pairs against the plain JavaScript of @scure/starknet. */
export const feltHashes = benchOf(against, [
  { bench: 'pedersen-batch-1024', hash: 'pedersen', pairs: 1024, goal: { figure: 'ratio', atLeast: 60 } },
  { bench: 'pedersen-batch-256', hash: 'pedersen', pairs: 256 },
  { bench: 'poseidon', hash: 'poseidon', pairs: 1024, goal: { figure: 'ratio', atLeast: 20 } },
]);

/** The vector kernel against the scalar one, where this Node runs it. */
export const kernelVariants = benchOf(betweenVariants, [
  { bench: 'pedersen-variants', hash: 'pedersen', pairs: 2048, goal: { figure: 'ratio', atLeast: 1.4 } },
  { bench: 'poseidon-variants', hash: 'poseidon', pairs: 1024, goal: { figure: 'ratio', atLeast: 1.6 } },
]);

interface HashRow {
  readonly bench: string;
  readonly hash: 'pedersen' | 'poseidon';
  /** In a batch. */
  readonly pairs: number;
  readonly goal?: Goal;
}

function benchOf(
  measure: (context: BenchContext, row: HashRow) => Promise<RowResult>,
  rows: readonly HashRow[],
): Bench {
  return {
    rows: rows.map(({ bench }) => bench),
    async *run(context) {
      for (const row of rows) if (context.wants(row.bench)) yield await measure(context, row);
    },
  };
}

interface Pairs {
  /** Each with `pairs` pairs. */
  readonly batches: readonly Batch[];
}

interface Batch {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

async function against(context: BenchContext, row: HashRow): Promise<RowResult> {
  const hasher = context.hasher();
  const single = row.hash === 'pedersen' ? pedersenByScure : poseidonByScure;
  const batches = batchesFor(context, row);
  // As many single hashes as take about as long as our batches do.
  const singles = Math.min(row.pairs, context.quick ? 16 : row.hash === 'pedersen' ? 128 : 512);
  const makeInput = inputsOf(row, batches);
  const [first] = makeInput('check').batches as [Batch];
  const compared = context.quick ? singles : row.pairs;
  requireEqual(
    row.bench,
    single(first, compared),
    hasher[row.hash](first.left, first.right).subarray(0, compared * 32),
  );
  const figures = await compete<Pairs>({
    rounds: context.rounds,
    warmUpRounds: WARM_UP_ROUNDS,
    makeInput,
    ours: { run: (input) => hashBatches(hasher, row, input) },
    baseline: {
      run(input) {
        single((input.batches as [Batch])[0], singles); // there is always one
        return singles;
      },
    },
    by: 'cpu',
    figure: 'rate',
  });
  return {
    bench: row.bench,
    workload: `${batches} batches of ${row.pairs} pairs; the baseline hashes ${singles} of the pairs`,
    unit: 'hashes/s',
    baselineName: '@scure/starknet',
    checked: true,
    figures,
    ...(row.goal === undefined ? {} : { goal: row.goal }),
    detail: { usPerHash: figures.ours === null ? null : 1e6 / figures.ours },
    warmUpRounds: WARM_UP_ROUNDS,
  };
}

async function betweenVariants(context: BenchContext, row: HashRow): Promise<RowResult> {
  const hasher = context.hasher();
  const scalar = createWasm9x29();
  const batches = batchesFor(context, row);
  const { goal } = row;
  const frame = {
    bench: row.bench,
    workload: `${batches} batches of ${row.pairs} pairs, ${hasher.variant}`,
    unit: 'hashes/s' as const,
    baselineName: scalar?.variant ?? null,
    ...(goal === undefined ? {} : { goal }),
  };
  if (scalar === null || hasher.variant === scalar.variant) {
    const skipped = `this Node runs one kernel only, ${hasher.variant}`;
    return { ...frame, checked: false, figures: noFigures, skipped };
  }
  const makeInput = inputsOf(row, batches);
  const [first] = makeInput('check').batches as [Batch];
  const hashed = (by: FeltHasher) => by[row.hash](first.left, first.right);
  requireEqual(row.bench, hashed(scalar), hashed(hasher));
  const figures = await compete<Pairs>({
    rounds: context.rounds,
    warmUpRounds: WARM_UP_ROUNDS,
    makeInput,
    ours: { run: (input) => hashBatches(hasher, row, input) },
    baseline: { run: (input) => hashBatches(scalar, row, input) },
    by: 'cpu',
    figure: 'rate',
  });
  return { ...frame, checked: true, figures, warmUpRounds: WARM_UP_ROUNDS };
}

/** Enough batches for about 0.15 s. */
function batchesFor({ quick }: BenchContext, { hash, pairs }: HashRow): number {
  const hashes = hash === 'pedersen' ? 16_384 : 32_768;
  return Math.max(1, Math.floor((quick ? hashes / 8 : hashes) / pairs));
}

function inputsOf({ bench, pairs }: HashRow, batches: number) {
  return (round: number | string): Pairs => {
    const random = createRandom(`${bench} ${round}`);
    return {
      batches: Array.from({ length: batches }, () => ({ left: random.felts(pairs), right: random.felts(pairs) })),
    };
  };
}

function hashBatches(hasher: FeltHasher, { hash, pairs }: HashRow, { batches }: Pairs): number {
  for (const { left, right } of batches) hasher[hash](left, right);
  return batches.length * pairs;
}

function pedersenByScure({ left, right }: Batch, count: number): Uint8Array {
  const out = new Uint8Array(count * 32);
  for (let at = 0; at < out.length; at += 32) {
    writeFelt(out, at, BigInt(pedersen(left.subarray(at, at + 32), right.subarray(at, at + 32))));
  }
  return out;
}

function poseidonByScure({ left, right }: Batch, count: number): Uint8Array {
  const out = new Uint8Array(count * 32);
  for (let at = 0; at < out.length; at += 32) writeFelt(out, at, poseidonHash(readFelt(left, at), readFelt(right, at)));
  return out;
}

function readFelt(felts: Uint8Array, at: number): bigint {
  return BigInt(`0x${Buffer.from(felts.buffer, felts.byteOffset + at, 32).toString('hex')}`);
}

function writeFelt(out: Uint8Array, at: number, value: bigint): void {
  out.set(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'), at);
}
