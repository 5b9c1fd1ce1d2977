import { copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseNetwork, type StateDiff } from '../../src/chains/starknet/index.ts';
import { TRIE } from '../../src/chains/starknet/rules/commit-state.ts';
import { createStarknetRules } from '../../src/chains/starknet/rules/index.ts';
import { encodeStateDiff } from '../../src/chains/starknet/stored/index.ts';
import { parseJsonBytes, parseStateUpdate } from '../../src/chains/starknet/wire/index.ts';
import { createTypescriptHasher, type FeltHasher } from '../../src/crypto/index.ts';
import {
  type ApplyHost,
  type ChainRules,
  createApplyHost,
  type Hash32,
  type Height,
  type SealedBlock,
  type Store,
  type Verified,
  type Write,
  ZERO_HASH,
} from '../../src/engine/index.ts';
import { compareBytes, concatBytes, toHex } from '../../src/lib/index.ts';
import { openLmdb } from '../../src/store/index.ts';
import type { Bench, BenchContext, RowResult } from '../harness/bench.ts';
import { compete } from '../harness/compete.ts';
import { progress } from '../harness/progress.ts';
import { createRandom } from '../harness/random.ts';
import { type Goal, noFigures } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';
import { createStopwatch, type Stopwatch } from '../harness/stopwatch.ts';
import { createTempFolder } from '../harness/temp-folder.ts';
import { NO_VECTORS, readVector } from '../harness/vectors.ts';
import { type GrownState, growState, rootAfter, type StateSize, stateWrites } from './grown-state.ts';
import { fullDepthOf } from './realistic-trie.ts';

const BENCH = 'state-commit-350000';
const GOAL: Goal = { figure: 'ours', atMost: 150 };
/** Protocol version of the block. */
const VERSION = '0.12.2';
/** The first commits in a process run code that is still being compiled. */
const WARM_UP_COMMITS = 4;

/**
 * The real state update 350000 of mainnet, applied and committed by the writer's own code to a state grown to the
 * depths of its time (`realistic-trie.ts`), on LMDB, with all writes of the block.
 */
export const stateCommit: Bench = {
  rows: [BENCH],
  async *run(context) {
    const bytes = readVector('starknet/mainnet/state_update/350000.json');
    yield bytes === null
      ? { ...FRAME, workload: 'state update 350000', checked: false, figures: noFigures, skipped: NO_VECTORS }
      : await commitRow(context, parseStateUpdate(parseJsonBytes(bytes, BENCH)).stateDiff);
  },
};

const FRAME = { bench: BENCH, unit: 'ms CPU', baselineName: null, goal: GOAL } as const;

async function commitRow({ rounds, quick, hasher: fastest }: BenchContext, diff: StateDiff): Promise<RowResult> {
  const hasher = fastest();
  const size: StateSize = quick
    ? { contracts: 4_000, storageLeavesPerChange: 16, classes: 100 }
    : { contracts: 3_000_000, storageLeavesPerChange: 4_096, classes: 10_000 };
  await using folder = await createTempFolder();
  const grown = growState(diff, size, createRandom(BENCH));
  const root = rootAfter(hasher, grown, diff, VERSION) as Hash32; // 32 bytes
  const block = blockOf(diff, root);
  const base = await createBase(join(folder.path, 'base'), { hasher, grown, block });

  const stopwatch = createStopwatch(STAGES);
  const stages: ReturnType<typeof stopwatch.take>[] = [];
  let copies = 0;
  const openCopy = async (by: FeltHasher) => {
    const path = join(folder.path, String(copies++));
    await mkdir(path);
    await copyFile(join(base, DATA_FILE), join(path, DATA_FILE));
    await flush(join(path, DATA_FILE));
    return openHost(path, by, stopwatch);
  };
  let lastHashes = 0;
  const commit = async (host: ApplyHost) => {
    const { failure, hashes } = await host.commit([block]);
    if (failure !== null) throw new Error(`${failure.error.message}: ${JSON.stringify(failure.error.data)}`);
    lastHashes = hashes;
    stages.push(stopwatch.take());
    return 1;
  };
  if (!quick) {
    progress('committing once with the TypeScript twin');
    await using twin = await openCopy(createTypescriptHasher());
    await commit(twin.host);
  }
  await using opened = createLast<Awaited<ReturnType<typeof openCopy>>>();
  const figures = await compete<ApplyHost>({
    rounds,
    warmUpRounds: WARM_UP_COMMITS,
    makeInput: async () => (await opened.replace(await openCopy(hasher))).host,
    ours: { run: commit },
    baseline: null,
    by: 'cpu',
    figure: 'time',
  });
  return {
    ...FRAME,
    workload:
      `state update 350000 of mainnet (716 storage entries, 238 contracts) on ${size.contracts} contracts and ` +
      `${size.storageLeavesPerChange} storage leaves per change; flat state, tries, history, undo: one LMDB commit`,
    checked: true,
    figures,
    detail: {
      hashes: lastHashes,
      ...stageDetails(stages.slice(-rounds), figures.ours),
      checkedBy: quick ? 'rebuild' : 'rebuild, TypeScript twin',
    },
    warmUpRounds: WARM_UP_COMMITS,
  };
}

/** Where the time goes. The stages `hashing` and `tries` are nested. */
function stageDetails(commits: readonly ReturnType<Stages['take']>[], totalMs: number | null) {
  const medianOf = (stage: (typeof STAGES)[number]) => median(commits.map((commit) => commit[stage])) ?? 0;
  const [hashingMs, trieMs, storeMs] = [medianOf('hashing'), medianOf('tries'), medianOf('store')];
  return { hashingMs, triesMs: trieMs - hashingMs, storeMs, flatStateMs: (totalMs ?? 0) - trieMs - storeMs };
}

/** The diff as the first block of a chain, which the applier takes without any other part. */
function blockOf(diff: StateDiff, stateRoot: Hash32): Verified<SealedBlock> {
  const block: SealedBlock = {
    ref: { height: 0 as Height, hash: stateRoot },
    parent: ZERO_HASH,
    stateRoot,
    timestampS: 1_697_000_000,
    protocolVersion: VERSION,
    proofs: { stateDiff: 'state-root' },
    parts: { stateDiff: encodeStateDiff(diff) },
    index: [],
    counts: { transactions: 0 },
    late: [],
    from: { stateUpdate: 'bench' },
  };
  return block as Verified<SealedBlock>; // a bench vouches for its own block
}

/**
 * Writes the base state, spread over LMDB pages as a full store is: those pages are what a commit copies and writes.
 *
 * Where the base holds one leaf in place of a subtree, the record at its top is followed by what it would have more
 * bytes, had the subtree all its leaves. And each record of the flat state and its history that the block changes gets
 * neighbours that fill an LMDB page. No reader asks for any of these keys: they are a byte longer than all others.
 *
 * Commits of the same records, unchanged, come before: as in a store that has been written to for a while, there are
 * pages that earlier commits left free, and the measured one need not make the file longer.
 */
async function createBase(
  path: string,
  {
    hasher,
    grown,
    block,
  }: { readonly hasher: FeltHasher; readonly grown: GrownState; readonly block: Verified<SealedBlock> },
): Promise<string> {
  const writes = stateWrites(hasher, grown);
  await mkdir(path);
  const records = new Map(writes.map((write) => [idOf(write), write]));
  const changed = new Map((await changedRecords(writes, hasher, block)).map((write) => [idOf(write), write]));
  const fill = ({ table, key }: Write, side: number, bytes: number) => {
    const beside: Write = { table, key: concatBytes(key, Uint8Array.of(side)), value: new Uint8Array(bytes) };
    records.set(idOf(beside), beside);
  };
  for (const write of writes) {
    const missing = FULL_PAGE_BYTES - (write.value?.length ?? 0);
    if (missing > 0 && !changed.has(idOf(write)) && isCutShort(grown, write)) fill(write, 0, missing);
  }
  for (const write of changed.values()) {
    if (write.table !== 'trie') for (const side of [0, 1]) fill(write, side, NEIGHBOUR_BYTES);
  }
  const ordered = [...records.values()].sort((a, b) =>
    a.table === b.table ? compareBytes(a.key, b.key) : a.table < b.table ? -1 : 1,
  );
  const store = openLmdb({ path });
  for (let at = 0; at < ordered.length; at += 10_000) store.commit(ordered.slice(at, at + 10_000));
  const again = ordered.filter((write) => changed.has(idOf(write)));
  for (let i = 0; i < COMMITS_BEFORE; i++) store.commit(again);
  await store[Symbol.asyncDispose]();
  return path;
}

/** Whether it is a page at a depth where the whole trie is full, so that there the base has one leaf for many. */
function isCutShort({ leafCounts }: GrownState, { table, key }: Write): boolean {
  if (table !== 'trie') return false;
  // A storage trie's prefix is a byte and the address; the others' are a byte; the depth of the page follows.
  const prefixLength = key[0] === TRIE.storage ? 33 : 1;
  const leafCount = leafCounts.get(toHex(key.subarray(0, prefixLength))) ?? 0;
  return (key[prefixLength] ?? 0) <= fullDepthOf(leafCount);
}

/** What a commit leaves free, LMDB uses again in the one after the next. */
const COMMITS_BEFORE = 3;

/** A trie page with 15 binary nodes. */
const FULL_PAGE_BYTES = 2 + 15 * 65;
/** Two of these fill most of an LMDB page of 4 KiB. */
const NEIGHBOUR_BYTES = 1_900;

function idOf({ table, key }: Write): string {
  return `${table} ${toHex(key)}`;
}

/** The state, trie and history records that the block's commit writes, by committing it to a store in memory. */
async function changedRecords(
  writes: readonly Write[],
  hasher: FeltHasher,
  block: Verified<SealedBlock>,
): Promise<readonly Write[]> {
  const stored = new Map(writes.map((write) => [idOf(write), write.value]));
  const seen: Write[] = [];
  const store: Store = {
    view: () => ({
      get: (table, key) => stored.get(idOf({ table, key, value: null })) ?? undefined,
      range: () => [],
      [Symbol.dispose]() {},
    }),
    commit: (committed) => {
      seen.push(...committed);
    },
    sizeBytes: () => 0,
    [Symbol.asyncDispose]: async () => {},
  };
  await createApplyHost({ ...hostOptions(hasher, createStopwatch(STAGES)), store }).commit([block]);
  return seen.filter(({ table }) => table === 'state' || table === 'trie' || table === 'history');
}

interface OpenHost extends AsyncDisposable {
  readonly host: ApplyHost;
}

async function openHost(path: string, hasher: FeltHasher, stopwatch: Stages): Promise<OpenHost> {
  const store = openLmdb({ path });
  const timed: Store = { ...store, commit: (writes) => stopwatch.during('store', () => store.commit(writes)) };
  const host = createApplyHost({ ...hostOptions(timedHasher(hasher, stopwatch), stopwatch), store: timed });
  await host.recover();
  return { host, [Symbol.asyncDispose]: () => host.close() };
}

const STAGES = ['hashing', 'tries', 'store'] as const;

type Stages = Stopwatch<(typeof STAGES)[number]>;

function timedHasher(hasher: FeltHasher, stopwatch: Stages): FeltHasher {
  return {
    ...hasher,
    pedersen: (left, right) => stopwatch.during('hashing', () => hasher.pedersen(left, right)),
    poseidon: (left, right) => stopwatch.during('hashing', () => hasher.poseidon(left, right)),
  };
}

function hostOptions(hasher: FeltHasher, stopwatch: Stages) {
  const rules = createStarknetRules({ network: parseNetwork('starknet-mainnet'), hasher });
  const timed: ChainRules = {
    ...rules,
    commitState: (...input) => stopwatch.during('tries', () => rules.commitState(...input)),
  };
  return { rules: timed, tips: { confirmed: 'acceptedOnL2' }, identity: BENCH };
}

/** Waits until a file is on disk, so that the commit does not wait for its copy. */
async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Holds one thing at a time: the one before is disposed when the next comes. */
function createLast<Thing extends AsyncDisposable>() {
  let held: Thing | null = null;
  const dispose = async () => {
    await held?.[Symbol.asyncDispose]();
    held = null;
  };
  return {
    async replace(next: Thing): Promise<Thing> {
      await dispose();
      held = next;
      return next;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

const DATA_FILE = 'data.mdb';
