import { compareBytes, concatBytes, toHex } from '../../src/lib/index.ts';
import { buildTries, type PairHasher, type TrieReader, type TrieWrite, updateTries } from '../../src/trie/index.ts';
import type { Bench } from '../harness/bench.ts';
import { compete } from '../harness/compete.ts';
import { createRandom } from '../harness/random.ts';
import { requireEqual } from '../harness/require-equal.ts';

const BENCH = 'trie-build-100k';
const HEIGHT = 251;

interface Leaves {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

/** The binary trie of many leaves: built once from the sorted leaves, against grown by commits. */
export const trieBuild: Bench = {
  rows: [BENCH],
  async *run({ rounds, quick, hasher: fastest }) {
    const hasher = fastest();
    const hash: PairHasher = (left, right) => hasher.pedersen(left, right);
    const count = quick ? 5_000 : 100_000;
    const commitLeaves = count / 10;
    const makeInput = (round: number | string) => sortedLeaves(`${BENCH} ${round}`, count);
    const check = makeInput('check');
    requireSame(build(hash, check), grow(hash, check, commitLeaves));
    let builtHashes = 0;
    let grownHashes = 0;
    const warmUpRounds = quick ? 0 : 1;
    const figures = await compete<Leaves>({
      rounds,
      warmUpRounds,
      makeInput,
      ours: {
        run(leaves) {
          builtHashes = build(hash, leaves).hashes;
          return count;
        },
      },
      baseline: {
        run(leaves) {
          grownHashes = grow(hash, leaves, commitLeaves).hashes;
          return count;
        },
      },
      by: 'cpu',
      figure: 'rate',
    });
    yield {
      bench: BENCH,
      workload: `Pedersen trie of ${count} random sorted leaves, height ${HEIGHT}: hashes and pages, not stored`,
      unit: 'leaves/s',
      baselineName: `the same trie grown in memory by commits of ${commitLeaves}`,
      checked: true,
      figures,
      goal: { figure: 'ours', atLeast: 50_000 },
      detail: { hashesPerLeaf: builtHashes / count, hashesPerLeafGrown: grownHashes / count },
      warmUpRounds,
    };
  },
};

function sortedLeaves(label: string, count: number): Leaves {
  const random = createRandom(label);
  const keys = Array.from({ length: count }, () => random.felt()).sort(compareBytes);
  return { keys: concatBytes(...keys), values: random.felts(count) };
}

interface Trie {
  readonly root: Uint8Array;
  readonly hashes: number;
  /** Pages by key in hex. */
  readonly pages: () => ReadonlyMap<string, Uint8Array>;
}

function build(hash: PairHasher, { keys, values }: Leaves): Trie {
  const { roots, writes, hashes } = buildTries(hash, [{ prefix: PREFIX, height: HEIGHT, keys, values }]);
  const root = roots[0] as Uint8Array; // one trie, one root
  return { root, hashes, pages: () => applied(new Map(), writes) };
}

/** Leaf i goes into commit i modulo the number of commits, so that each spreads over the whole trie. */
function grow(hash: PairHasher, { keys, values }: Leaves, commitLeaves: number): Trie {
  const pages = new Map<string, Uint8Array>();
  const reader: TrieReader = { get: (key) => pages.get(toHex(key)) };
  const commits = keys.length / 32 / commitLeaves;
  let root: Uint8Array = new Uint8Array(32);
  let hashes = 0;
  for (let commit = 0; commit < commits; commit++) {
    const entries = Array.from({ length: commitLeaves }, (_, i) => {
      const at = (i * commits + commit) * 32;
      return { key: keys.subarray(at, at + 32), value: values.subarray(at, at + 32) };
    });
    const result = updateTries(reader, hash, [{ prefix: PREFIX, height: HEIGHT, entries }]);
    applied(pages, result.writes);
    hashes += result.hashes;
    root = result.roots[0] as Uint8Array; // one update, one root
  }
  return { root, hashes, pages: () => pages };
}

const PREFIX = Uint8Array.of(1);

function applied(pages: Map<string, Uint8Array>, writes: readonly TrieWrite[]): ReadonlyMap<string, Uint8Array> {
  for (const { key, value } of writes) {
    if (value === null) pages.delete(toHex(key));
    else pages.set(toHex(key), value);
  }
  return pages;
}

function requireSame(built: Trie, grown: Trie): void {
  requireEqual(`${BENCH}, root`, grown.root, built.root);
  const [own, other] = [built.pages(), grown.pages()];
  if (own.size !== other.size) throw new Error(`${BENCH}: ${own.size} pages built, ${other.size} grown`);
  for (const [key, page] of own) requireEqual(`${BENCH}, page ${key}`, other.get(key) ?? new Uint8Array(0), page);
}
