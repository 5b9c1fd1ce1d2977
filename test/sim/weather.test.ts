import { describe, expect, it } from 'vitest';
import type { LedgerDevnet } from '../../src/devnet/ledger/index.ts';
import type { Sync } from '../../src/engine/index.ts';
import { createRandom } from '../../src/testing/index.ts';
import { type SourcePlan, simDevnet, World } from './world.ts';

/** Seeds in one test run; `SYNCLINE_SIM_SEEDS=10000` for a long one, `SYNCLINE_SIM_SEED=n` for a single one. */
const SEEDS = Number(process.env.SYNCLINE_SIM_SEEDS ?? 300);
const SINGLE = process.env.SYNCLINE_SIM_SEED;

describe('a node in any weather', () => {
  const seeds = SINGLE === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(SINGLE)];

  it(`reaches the honest head with the honest content, for ${seeds.length} seeds`, { timeout: 600_000 }, async () => {
    const undisturbed = new Map<string, string>();
    for (const seed of seeds) {
      const world = drawWorld(seed);
      let sync: Sync;
      try {
        sync = await world.syncToHead();
      } catch (error) {
        throw new Error(`seed ${seed} failed; rerun it alone with SYNCLINE_SIM_SEED=${seed}`, { cause: error });
      }
      const clean = await cleanDump(undisturbed, seed, world);
      expect(world.dump(), `content after seed ${seed}`).toBe(clean);
      const struck = sync.report().sources.filter((source) => source.id.startsWith('honest') && source.strikes > 0);
      expect(struck, `honest sources struck in seed ${seed}`).toEqual([]);
    }
  });

  it('does the same again for the same seed', async () => {
    for (const seed of [3, 11, 42]) {
      const hashes = [];
      for (let i = 0; i < 2; i++) {
        const world = drawWorld(seed);
        await world.syncToHead();
        hashes.push(world.env.traceHash());
      }
      expect(hashes[0], `trace of seed ${seed}`).toBe(hashes[1]);
    }
  });
});

/** One honest source at least, and up to seven of any character. */
function drawWorld(seed: number): World {
  const random = createRandom(seed * 7919);
  const world = World.onShared(seed, sharedDevnet(seed % 16), 20 + Math.floor(random() * 40));
  world.addSource({ id: 'honest-0', faults: { latencyMs: [20, 200] } });
  const others = Math.floor(random() * 7);
  for (let i = 1; i <= others; i++) world.addSource(drawPlan(i, random));
  return world;
}

const devnets = new Map<number, LedgerDevnet>();

/** Chains are made once and shared: making them costs more than syncing them. */
function sharedDevnet(seed: number): LedgerDevnet {
  const known = devnets.get(seed);
  if (known !== undefined) return known;
  const devnet = simDevnet(seed, { memoShare: 0 });
  devnet.produce(60);
  devnets.set(seed, devnet);
  return devnet;
}

function drawPlan(i: number, random: () => number): SourcePlan {
  const kinds: SourcePlan[] = [
    { id: `honest-${i}`, faults: { latencyMs: [5, 50] } },
    { id: `slow-${i}`, faults: { latencyMs: [1_000, 6_000] } },
    { id: `silent-${i}`, faults: { silentShare: 0.5 } },
    { id: `away-${i}`, faults: { errorShare: 0.6 } },
    { id: `busy-${i}`, faults: { errorShare: 0.4, retryAfterMs: 3_000 } },
    { id: `liar-${i}`, lieEvery: 2 },
    { id: `always-liar-${i}`, lieEvery: 1 },
    { id: `noisy-${i}`, faults: { corruptShare: 0.3 } },
    { id: `denier-${i}`, faults: { denyShare: 0.5 } },
    { id: `boaster-${i}`, faults: { boastBlocks: 1_000_000 } },
    { id: `headers-${i}`, parts: ['header'] },
    { id: `bodies-${i}`, parts: ['transactions'] },
    { id: `metered-${i}`, ratePerS: 5 },
  ];
  return kinds[Math.floor(random() * kinds.length)] as SourcePlan; // the index is below the length
}

async function cleanDump(cache: Map<string, string>, seed: number, world: World): Promise<string> {
  const key = `${seed % 16} ${world.head.height}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const clean = world.twin();
  await clean.syncToHead();
  const dump = clean.dump();
  cache.set(key, dump);
  return dump;
}
