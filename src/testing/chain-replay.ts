import { deepStrictEqual } from 'node:assert/strict';
import type {
  ChainRules,
  Hash32,
  Height,
  SealedBlock,
  StateBuild,
  StateCommitment,
  StateTransition,
  StateView,
  Store,
  Verified,
  Write,
} from '../engine/index.ts';
import { compareBytes, equalBytes, toHex } from '../lib/index.ts';
import { createMemoryStore } from '../store/index.ts';

/**
 * Plays verified blocks onto a state in memory, as the engine does and with none of its code: what the chain suite
 * measures rules against. Batches are taken back in the reverse order of their coming.
 */
export interface ChainReplay {
  /** Executes blocks one after another, commits the state once for all of them, and returns the root. */
  apply(blocks: readonly Verified<SealedBlock>[]): Promise<Hash32>;
  /** Restores the flat state to what it was before the newest batch, commits it, and returns the root. */
  unwind(): Hash32;
  /** Commits all flat state over empty tries, as at the end of a rebuild, and returns the root. */
  rebuild(): Hash32;
  /** Builds all tries anew by `buildState`, begun again after every `stepsEach` steps; compares what is stored. */
  build(stepsEach: number): Hash32;
  /** Commits the state without a change, and returns the root. */
  commitNothing(): Hash32;
  /** Stores what a late part wants stored. */
  write(writes: readonly Write[]): void;
  /** The newest state. The caller disposes it. */
  view(): StateView;
}

/** The last applied block, as `commitState` wants it. */
type At = Parameters<ChainRules['commitState']>[2];

interface Batch {
  readonly at: At;
  /** Key → value before the batch. */
  readonly before: ReadonlyMap<string, Uint8Array | undefined>;
}

export function createChainReplay(rules: ChainRules): ChainReplay {
  let store = createMemoryStore();
  const batches: Batch[] = [];
  /** All that blocks have set: table `state` without the values that `commitState` derives. */
  const flat = new Map<string, Uint8Array>();
  const newest = (): At => batches.at(-1)?.at ?? { height: 0 as Height, protocolVersion: '' };

  const commit = (changes: ReadonlyMap<string, Uint8Array | undefined>): Hash32 => {
    for (const [id, value] of changes) {
      if (value === undefined) flat.delete(id);
      else flat.set(id, value);
    }
    const keys = [...changes.keys()].map(bytesOf).sort(compareBytes);
    store.commit(keys.map((key) => ({ table: 'state', key, value: flat.get(textOf(key)) ?? null })));
    const commitment = commitState(keys);
    store.commit(commitment.writes);
    return commitment.root;
  };

  const commitState = (changed: readonly Uint8Array[]): StateCommitment => {
    using view = store.view();
    return rules.commitState(view, changed, newest());
  };

  const buildState = (stepsEach: number): Hash32 => {
    let cursor: Uint8Array | null = null;
    for (;;) {
      const build: StateBuild | undefined = rules.buildState?.(newest(), cursor);
      if (build === undefined) throw new TypeError('the rules do not build state');
      for (let step = 0; step < stepsEach; step++) {
        using view = store.view();
        const piece = build.step(view);
        store.commit(piece.writes);
        if (piece.root !== null) return piece.root;
        cursor = new Uint8Array(piece.cursor);
      }
      stepsEach *= 2; // a chain may be unable to go on in the middle: it must end all the same
    }
  };

  return {
    async apply(blocks) {
      const changes = new Map<string, Uint8Array | undefined>();
      const transition = createTransition(flat, changes);
      for (const block of blocks) await rules.execute(transition, block);
      for (const [id, value] of changes) if (sameValue(flat.get(id), value)) changes.delete(id);
      const last = blocks.at(-1);
      if (last === undefined) throw new TypeError('a batch has at least one block');
      const before = new Map([...changes.keys()].map((id) => [id, flat.get(id)]));
      batches.push({ at: { height: last.ref.height, protocolVersion: last.protocolVersion }, before });
      return commit(changes);
    },
    unwind() {
      const batch = batches.pop();
      if (batch === undefined) throw new TypeError('there is no batch to take back');
      return commit(batch.before);
    },
    rebuild() {
      const all = new Map(flat);
      flat.clear();
      store = createMemoryStore();
      return commit(all);
    },
    build(stepsEach) {
      const grown = dump(store);
      store = createMemoryStore();
      store.commit([...flat].map(([id, value]) => ({ table: 'state', key: bytesOf(id), value })));
      const root = buildState(stepsEach);
      deepStrictEqual(dump(store), grown, 'tries and derived values built at once');
      return root;
    },
    commitNothing: () => commit(new Map()),
    write: (writes) => store.commit(writes),
    view: () => store.view(),
  };
}

function dump(store: Store): readonly string[] {
  using view = store.view();
  return (['state', 'trie'] as const).flatMap((table) =>
    [...view.range(table, {})].map(([key, value]) => `${table} ${toHex(key)} ${toHex(value)}`),
  );
}

function createTransition(
  flat: ReadonlyMap<string, Uint8Array>,
  changes: Map<string, Uint8Array | undefined>,
): StateTransition {
  return {
    get(key) {
      const id = textOf(key);
      const value = changes.has(id) ? changes.get(id) : flat.get(id);
      return value === undefined ? undefined : new Uint8Array(value);
    },
    set(key, value) {
      changes.set(textOf(key), value === null ? undefined : new Uint8Array(value));
    },
  };
}

function sameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}
