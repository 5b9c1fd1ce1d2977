import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createStarknetRules } from '../../src/chains/starknet/rules/index.ts';
import { decodeStateDiff } from '../../src/chains/starknet/stored/index.ts';
import type { FeltHasher } from '../../src/crypto/index.ts';
import { createStarknetDevnet, type StarknetDevnet } from '../../src/devnet/index.ts';
import {
  type ApplyHost,
  createApplyHost,
  type Height,
  parseHeight,
  readBlock,
  type SealedBlock,
  type Verified,
} from '../../src/engine/index.ts';
import { openLmdb } from '../../src/store/index.ts';
import type { Bench } from '../harness/bench.ts';
import { figuresOf, measure, type RoundSamples } from '../harness/compete.ts';
import { progress } from '../harness/progress.ts';
import { requireEqual } from '../harness/require-equal.ts';
import { createTempFolder } from '../harness/temp-folder.ts';

const BENCH = 'catch-up';

/**
 * Applying verified blocks of a devnet far behind its tip: one by one, merged, and flat with the tries built at the end.
 * Each round is the next piece of the chain, which every contender appends to its own store; the build, which is not
 * shared out over rounds, is timed once and told among the details.
 */
export const catchUp: Bench = {
  rows: [BENCH],
  async *run({ rounds, quick, hasher: fastest }) {
    const hasher = fastest();
    // A devnet's genesis gives every contract one storage entry: a leaf in the contracts trie and one of its own.
    const size = quick
      ? { contracts: 2_000, blocks: 96, updates: 50 }
      : { contracts: 50_000, blocks: 2_000, updates: 50 };
    await using folder = await createTempFolder();
    const chain = makeChain(hasher, size, rounds);
    await using single = await openContender(join(folder.path, '1'), { hasher, chain, mode: 1 });
    await using merged = await openContender(join(folder.path, '16'), { hasher, chain, mode: 16 });
    await using rebuilt = await openContender(join(folder.path, 'rebuild'), { hasher, chain, mode: 'rebuild' });

    const samples: RoundSamples[] = [];
    let flatMs = 0;
    for (const [round, blocks] of chain.rounds.entries()) {
      progress(`round ${round + 1} of ${chain.rounds.length}, ${blocks.length} blocks`);
      const takeTurn = (contender: Contender) => measure(() => contender.append(blocks));
      const early = round % 2 === 0 ? null : await takeTurn(single);
      const ours = await takeTurn(merged);
      samples.push({ ours, baseline: early ?? (await takeTurn(single)) });
      flatMs += (await takeTurn(rebuilt)).wallMs;
      requireEqual(BENCH, single.stateRoot(), merged.stateRoot());
    }
    progress('building the tries');
    const build = await measure(() => rebuilt.finish());
    requireEqual(BENCH, single.stateRoot(), rebuilt.stateRoot());
    const figures = figuresOf(samples, { by: 'wall', figure: 'rate' });
    yield {
      bench: BENCH,
      workload:
        `${size.blocks} devnet blocks of ${size.updates} storage updates on ${2 * size.contracts} leaves, merged 16 ` +
        'at a time, verified before; state, history, undo, tries, one LMDB commit per batch; by the clock',
      unit: 'blocks/s',
      baselineName: 'one at a time',
      checked: true,
      figures,
      detail: {
        hashesPerUpdate: merged.hashes() / chain.updates,
        hashesPerUpdateSingle: single.hashes() / chain.updates,
        hashesPerUpdateRebuild: rebuilt.hashes() / chain.updates,
        rebuildBlocksPerS: (1000 * size.blocks) / (flatMs + build.wallMs),
        rebuildFlatBlocksPerS: (1000 * size.blocks) / flatMs,
        rebuildBuildS: build.wallMs / 1000,
        diskBytesPerBlock: Math.round(merged.grownBytes() / size.blocks),
        diskBytesPerBlockRebuild: Math.round(rebuilt.grownBytes() / size.blocks),
        diskBytesPerBlockSingle: Math.round(single.grownBytes() / size.blocks),
      },
    };
  },
};

interface DevnetChain {
  readonly devnet: StarknetDevnet;
  /** Genesis and some blocks to warm up on. */
  readonly before: readonly Verified<SealedBlock>[];
  readonly rounds: readonly (readonly Verified<SealedBlock>[])[];
  /** Storage entries that the blocks of the rounds set. */
  readonly updates: number;
}

function makeChain(
  hasher: FeltHasher,
  size: { readonly contracts: number; readonly blocks: number; readonly updates: number },
  rounds: number,
): DevnetChain {
  progress(`making ${size.blocks} blocks on ${2 * size.contracts} leaves`);
  const devnet = createStarknetDevnet({
    seed: 1,
    blocks: 1 + WARM_UP_BLOCKS + size.blocks,
    contracts: size.contracts,
    transactionsPerBlock: 2,
    storageUpdatesPerBlock: size.updates,
  });
  progress('verifying them');
  const rules = createStarknetRules({ network: devnet.network, hasher });
  const sealed: Verified<SealedBlock>[] = [];
  for (let height = 0; height <= devnet.head.height; height++) {
    const bytes = gunzipSync(devnet.shelvedAt(height)?.bundle ?? new Uint8Array(0));
    const input = { height: height as Height, candidates: [{ part: 'bundle', bytes, from: 'bench' }], absent: [] };
    const examination = rules.examine(input);
    if (examination.type !== 'sealed') throw new Error(`block ${height} was not sealed`);
    sealed.push(examination.block);
  }
  const timed = sealed.slice(1 + WARM_UP_BLOCKS);
  const perRound = Math.ceil(timed.length / rounds);
  return {
    devnet,
    before: sealed.slice(0, 1 + WARM_UP_BLOCKS),
    rounds: Array.from({ length: Math.ceil(timed.length / perRound) }, (_, i) =>
      timed.slice(i * perRound, (i + 1) * perRound),
    ),
    updates: timed.reduce((sum, block) => sum + storageUpdatesOf(block), 0),
  };
}

const WARM_UP_BLOCKS = 64;
/** As the node commits them. */
const FLAT_BLOCKS = 64;

function storageUpdatesOf({ parts }: SealedBlock): number {
  const diff = decodeStateDiff(parts.stateDiff ?? new Uint8Array(0));
  return diff.storageDiffs.reduce((sum, { entries }) => sum + entries.length, 0);
}

interface Contender extends AsyncDisposable {
  /** Applies and commits the next blocks; returns how many. */
  append(blocks: readonly Verified<SealedBlock>[]): Promise<number>;
  /** Builds what is still to be built; returns the number of hashes. */
  finish(): Promise<number>;
  /** State root of the newest block. */
  stateRoot(): Uint8Array;
  /** Hashes and bytes of the store since it was opened and warmed up. */
  hashes(): number;
  grownBytes(): number;
}

async function openContender(
  path: string,
  {
    hasher,
    chain,
    mode,
  }: {
    readonly hasher: FeltHasher;
    readonly chain: DevnetChain;
    /** Blocks merged, or the state built once at the end. */
    readonly mode: number | 'rebuild';
  },
): Promise<Contender> {
  await mkdir(path);
  const store = openLmdb({ path });
  const rules = createStarknetRules({ network: chain.devnet.network, hasher });
  const host: ApplyHost = createApplyHost({ rules, store, tips: { confirmed: 'acceptedOnL2' }, identity: BENCH });
  await host.recover();
  let hashes = 0;
  let height = 0;
  const append = async (blocks: readonly Verified<SealedBlock>[]): Promise<number> => {
    const size = mode === 'rebuild' ? FLAT_BLOCKS : mode;
    for (let at = 0; at < blocks.length; at += size) {
      const batch = blocks.slice(at, at + size);
      const report = await (mode === 'rebuild' ? host.commitFlat(batch) : host.commit(batch));
      if (report.failure !== null) throw new Error(report.failure.error.message);
      hashes += report.hashes;
    }
    height = blocks.at(-1)?.ref.height ?? height;
    return blocks.length;
  };
  const [genesis, ...warmUp] = chain.before;
  if (genesis === undefined) throw new Error('a chain has a genesis');
  await append([genesis]);
  await append(warmUp);
  hashes = 0;
  const startBytes = store.sizeBytes();
  return {
    append,
    async finish() {
      for (;;) {
        const report = await host.rebuild();
        if (report.type === 'working') continue;
        if (report.type === 'false') throw new Error(`block ${report.culprit.ref.height} is false`);
        hashes += report.hashes;
        return report.hashes;
      }
    },
    stateRoot() {
      using view = store.view();
      return readBlock(view, parseHeight(height))?.stateRoot ?? new Uint8Array(0);
    },
    hashes: () => hashes,
    grownBytes: () => store.sizeBytes() - startBytes,
    [Symbol.asyncDispose]: () => host.close(),
  };
}
