import { describe, expect, it } from 'vitest';
import {
  type ApplyHost,
  defaultPipelinePolicy,
  defaultRangePolicy,
  type RangePolicy,
  type SyncReport,
} from '../../src/engine/index.ts';
import { World } from './world.ts';

/** No block of these chains weighs more, as the pipeline counts it: parts, look-ups, overhead. */
const BLOCK_BYTES_MAX = 2_560;
const HOURS_MS = 3_600_000;

describe('a node whose applier does not come back', () => {
  it('asks for no more blocks than its window holds', async () => {
    const { world, heights } = createWorld();
    const report = await run(world, { windowBlocks: 12 }, stuck(world));
    expect(heights.size).toBe(12);
    expect(report.pipeline.window).toBe(12);
  });

  it('asks for no more blocks than the bytes of its window allow', async () => {
    const { world, heights } = createWorld();
    const windowBytes = 16 * BLOCK_BYTES_MAX;
    const report = await run(world, { windowBytes, blockBytesGuess: BLOCK_BYTES_MAX }, stuck(world));
    expect(heights.size).toBeGreaterThanOrEqual(16);
    expect(heights.size).toBeLessThan(60);
    expect(report.pipeline.windowBytes).toBeLessThanOrEqual(windowBytes);
  });

  it('asks for one block when not even one fits its window', async () => {
    const { world, heights } = createWorld();
    await run(world, { windowBytes: 10 }, stuck(world));
    expect(heights.size).toBe(1);
  });

  it('does nothing at all once the window is full', async () => {
    const { world, calls } = createWorld();
    let early = 0;
    void world.env.sleep(60_000).then(() => {
      early = calls.length;
    });
    await run(world, { windowBlocks: 12 }, stuck(world));
    expect(early).toBeGreaterThan(0);
    expect(calls.length).toBe(early);
  });

  it('lets no more blocks wait between producer and applier than the channel holds', async () => {
    const { world } = createWorld();
    const pipelinePolicy = { ...defaultPipelinePolicy, channelBlocks: 3, batchBlocksMax: 1 };
    const report = await run(world, { windowBlocks: 30 }, stuck(world), { pipelinePolicy });
    expect(report.pipeline.channel).toBe(3);
    expect(report.pipeline.bottleneck).toBe('apply');
  });
});

describe('a node whose applier is slow', () => {
  it('stays within its window all the way, and arrives', async () => {
    const { world } = createWorld();
    const window = { windowBlocks: 10, windowBytes: 6 * BLOCK_BYTES_MAX, blockBytesGuess: BLOCK_BYTES_MAX };
    let windowMax = 0;
    let bytesMax = 0;
    const slow = (apply: ApplyHost): ApplyHost => ({
      ...apply,
      async commit(blocks) {
        await world.env.sleep(2_000);
        return apply.commit(blocks);
      },
    });
    await run(world, window, slow, {}, (report) => {
      windowMax = Math.max(windowMax, report.pipeline.window);
      bytesMax = Math.max(bytesMax, report.pipeline.windowBytes);
    });
    expect(windowMax).toBeLessThanOrEqual(10);
    // What is under way is reckoned at the size of a usual block: one may weigh more.
    expect(bytesMax).toBeLessThanOrEqual(window.windowBytes + BLOCK_BYTES_MAX);
    expect(bytesMax).toBeGreaterThan(0);
    using view = world.createNode().store.view();
    expect([...view.range('block', {})]).toHaveLength(61);
  });
});

/** Sixty blocks, three honest sources, and a list of what is asked of them. */
function createWorld() {
  const world = new World(4, { blocks: 60, memoShare: 0 });
  const calls: string[] = [];
  const heights = new Set<number>();
  const onCall = (call: string) => {
    if (!call.startsWith('fetch')) return;
    calls.push(call);
    heights.add(Number(call.split(' ')[1]));
  };
  for (const id of ['a', 'b', 'c']) world.addSource({ id, faults: { latencyMs: [5, 80], onCall } });
  return { world, calls, heights };
}

/** An applier that is asked to commit, and takes hours over it. */
function stuck(world: World): (apply: ApplyHost) => ApplyHost {
  return (apply) => ({
    ...apply,
    async commit() {
      await world.env.sleep(5 * HOURS_MS);
      return { committed: [], failure: null, wanted: [], hashes: 0 };
    },
  });
}

/** Runs a node for a quarter of an hour, or until it has reached the head; returns what it says of itself at the end. */
async function run(
  world: World,
  window: Partial<RangePolicy>,
  wrap: (apply: ApplyHost) => ApplyHost,
  overrides: Parameters<World['syncUntil']>[1] = {},
  look: (report: SyncReport) => void = () => {},
): Promise<SyncReport> {
  const rangePolicy = { ...defaultRangePolicy, ...window };
  const plain = world.createNode();
  const node = world.createNode({ rangePolicy, apply: wrap(plain.options.apply), store: plain.store, ...overrides });
  const stop = new AbortController();
  const watch = async () => {
    const endMs = world.env.nowMs() + HOURS_MS / 4;
    while (world.env.nowMs() < endMs && !world.atHead(plain.store)) {
      await world.env.sleep(500);
      look(node.sync.report());
    }
  };
  let report = node.sync.report();
  const end = watch().then(() => {
    report = node.sync.report();
    stop.abort();
  });
  await world.env.run(Promise.all([node.sync.run(stop.signal), end]));
  return report;
}
