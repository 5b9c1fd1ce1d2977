import { createHash } from 'node:crypto';
import { compareBytes, concatBytes, SynclineError, toHex, u64be } from '../../lib/index.ts';
import type { ChainRules, Need, SealedBlock, StateBuild, Verified } from '../chain.ts';
import type { StateView, Store, Table, Write } from '../store.ts';
import type { Hash32, Height } from '../types.ts';
import { type ApplyHost, type ApplyHostOptions, createApplyHost, type Recovery, ZERO_HASH } from './apply-host.ts';

/** A key of the tiny chain's state is one byte, a value is text; null deletes. */
export type TinyChanges = Readonly<Record<number, string | null>>;

/**
 * A chain of which nothing is interesting but its state: a block says what it changes, and the state root is a hash
 * over all of it. Blocks are made on demand, on any parent.
 */
export interface TinyChain {
  readonly rules: ChainRules;
  /** A true block on top of the newest one, which it becomes. */
  next(changes: TinyChanges, extra?: Partial<SealedBlock>): Verified<SealedBlock>;
  /** Goes back to the block at `height` (-1: before genesis), so that `next` makes another branch. */
  goTo(height: number): void;
  /** The newest branch, by height. */
  readonly blocks: readonly Verified<SealedBlock>[];
  /** State after the block at a height of the newest branch. */
  stateAt(height: number): ReadonlyMap<number, string>;
}

export function createTinyChain(): TinyChain {
  let blocks: Verified<SealedBlock>[] = [];
  let states: ReadonlyMap<number, string>[] = [];
  let made = 0;
  return {
    rules: createTinyRules(),
    get blocks() {
      return blocks;
    },
    stateAt: (height) => states[height] ?? new Map(),
    goTo(height) {
      blocks = blocks.slice(0, height + 1);
      states = states.slice(0, height + 1);
    },
    next(changes, extra = {}) {
      const state = new Map(states.at(-1) ?? []);
      for (const [key, value] of Object.entries(changes)) {
        if (value === null) state.delete(Number(key));
        else state.set(Number(key), value);
      }
      const height = blocks.length as Height;
      const parent = blocks.at(-1)?.ref.hash ?? ZERO_HASH;
      const body = Buffer.from(JSON.stringify(Object.entries(changes)));
      const hash = sha256(parent, u64be(height), body, u64be(made++));
      const block: SealedBlock = {
        ref: { height, hash },
        parent,
        stateRoot: rootOf([...state].map(([key, value]) => [Uint8Array.of(key), Buffer.from(value)])),
        timestampS: 1_000 + height,
        protocolVersion: '1',
        proofs: { changes: 'hash' },
        parts: { changes: body },
        index: indexOf(changes, height, hash),
        counts: { changes: Object.keys(changes).length },
        // Each value names a document, which other blocks may name too.
        late: Object.values(changes).flatMap((value) => (value === null ? [] : [content(`about ${value}`, height)])),
        from: { changes: 'a' },
        ...extra,
      };
      const verified = block as Verified<SealedBlock>; // made true, or false on purpose
      blocks = [...blocks, verified];
      states = [...states, state];
      return verified;
    },
  };
}

/** By the block's hash, and by each key that it changes: entries that later blocks write anew. */
function indexOf(changes: TinyChanges, height: Height, hash: Hash32): readonly Write[] {
  const value = u64be(height);
  return [
    { table: 'index', key: concatBytes(Buffer.from('by-hash'), hash), value },
    ...Object.keys(changes).map((key) => ({ table: 'index' as const, key: Buffer.from(`changed ${key}`), value })),
  ];
}

/** A block that cannot be executed says so with this value. */
export const IMPOSSIBLE = 'impossible';

function createTinyRules(): ChainRules {
  return {
    needs: () => [],
    examine: () => ({ type: 'needs', needs: [] }),
    has: (view, need) => view.get('content', Buffer.from(need.id ?? '')) !== undefined,
    execute(state, block) {
      const changes = JSON.parse(Buffer.from(block.parts.changes ?? []).toString()) as [string, string | null][];
      for (const [key, value] of changes) {
        if (value === IMPOSSIBLE) throw new SynclineError('IMPOSSIBLE', 'peer', 'a change that nobody can make');
        state.set(Uint8Array.of(Number(key)), value === null ? null : Buffer.from(value));
      }
    },
    commitState(view, changed) {
      // A copy of the state stands for the trie: what is written has to be undone too.
      const writes = changed.map((key) => ({ table: 'trie' as const, key, value: view.get('state', key) ?? null }));
      return { writes, root: rootOf([...view.range('state', {})]), hashes: changed.length };
    },
    buildState: (_, cursor) => createTinyBuild(cursor),
  };
}

/** Copies one entry of the state a step. */
function createTinyBuild(cursor: Uint8Array | null): StateBuild {
  let next = cursor ?? Uint8Array.of(0);
  let done = 0;
  return {
    step(view) {
      const [entry] = [...view.range('state', { start: next, limit: 1 })];
      if (entry === undefined) {
        const root = rootOf([...view.range('state', {})]);
        return { writes: [], root, cursor: next, done, share: 1, hashes: 0 };
      }
      const [key, value] = entry;
      done++;
      next = concatBytes(key, Uint8Array.of(0));
      return { writes: [{ table: 'trie', key, value }], root: null, cursor: next, done, share: done / 8, hashes: 1 };
    },
  };
}

function rootOf(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Hash32 {
  const sorted = [...entries].sort(([a], [b]) => compareBytes(a, b));
  return sha256(...sorted.flatMap(([key, value]) => [key, Uint8Array.of(value.length), value]));
}

function sha256(...parts: readonly Uint8Array[]): Hash32 {
  return new Uint8Array(
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest(),
  ) as Hash32; // 32 bytes
}

export interface TinyHost {
  readonly host: ApplyHost;
  /** What it found when it was opened. */
  readonly recovery: Recovery;
}

/** An apply host for tiny chains, recovered on a store. */
export async function openTinyHost(
  options: { readonly store: Store } & Partial<Omit<ApplyHostOptions, 'store'>>,
): Promise<TinyHost> {
  const tips = { confirmed: 'confirmed', final: 'final' };
  const host = createApplyHost({ rules: createTinyRules(), tips, identity: 'tiny', ...options });
  return { host, recovery: await host.recover() };
}

const TABLES: readonly Table[] = [
  ...(['meta', 'block', 'part', 'height', 'state', 'history', 'undo', 'trie', 'index', 'content', 'wanted'] as const),
  ...(['orphan', 'reject', 'quarantine'] as const),
];

/** All that a store holds as lines of text, except for the tables left out. */
export function dump(store: Store, without: readonly Table[] = []): string {
  using view = store.view();
  return TABLES.filter((table) => !without.includes(table))
    .flatMap((table) => [...view.range(table, {})].map(([key, value]) => `${table} ${toHex(key)} ${toHex(value)}`))
    .join('\n');
}

export function withView<T>(store: Store, look: (view: StateView) => T): T {
  using view = store.view();
  return look(view);
}

export function content(id: string, height = 0): Need {
  return { height: height as Height, part: 'memo', id, weight: 'wanted' };
}
