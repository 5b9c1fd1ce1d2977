import {
  type ApplyHost,
  type BlockRef,
  type ChainRules,
  createApplyHost,
  encodeBlockRecord,
  encodeTips,
  followEvents,
  type Height,
  META,
  type ProvisionalBlock,
  type RpcEnvironment,
  type Store,
} from '../../../engine/index.ts';
import { concatBytes, createBell, u64be } from '../../../lib/index.ts';
import { createMemoryStore } from '../../../store/index.ts';
import type { NetworkParams } from '../params.ts';
import { createStarknetRules, transactionIndexKey } from '../rules/index.ts';
import { encodeHeader, encodeReceipts, encodeStateDiff, encodeTransactions } from '../stored/index.ts';
import type { Block, StateDiff } from '../types.ts';

/** A store in memory that the real rules fill, and what a node would give the methods to look at. */
export interface ChainFixture {
  readonly store: Store;
  readonly host: ApplyHost;
  readonly rules: ChainRules;
  readonly environment: RpcEnvironment;
  /** Verifies and commits blocks from captured or made bytes, part by part. */
  commit(height: number, parts: Readonly<Record<string, Uint8Array>>): Promise<BlockRef>;
  /** Removes the blocks above a height. */
  unwind(to: number): Promise<void>;
  /** Moves the tip that L1 proves. */
  finalize(height: number): Promise<void>;
  /** What is being built from now on. */
  build(blocks: readonly ProvisionalBlock[]): void;
  /** What `progress` says from now on; by default that everything is stored. */
  setProgress(progress: ReturnType<RpcEnvironment['progress']>): void;
}

export async function createChainFixture(network: NetworkParams): Promise<ChainFixture> {
  const store = createMemoryStore();
  const rules = createStarknetRules({ network, signaturePolicy: 'warn' });
  const host = createApplyHost({ store, rules, tips: TIPS, identity: 'fixture' });
  await host.recover();
  const changed = createBell();
  const listeners = new Set<() => void>();
  let provisional: readonly ProvisionalBlock[] = [];
  let progress: ReturnType<RpcEnvironment['progress']> = {
    first: null,
    confirmed: null,
    target: null,
    targetHash: null,
  };
  return {
    store,
    host,
    rules,
    environment: {
      store,
      provisional: () => provisional,
      progress: () => progress,
      events: ({ from = 'now', signal }) => followEvents({ store, tips: TIPS, changed, from, signal }),
      onProvisional(listener) {
        listeners.add(listener);
        return { [Symbol.dispose]: () => listeners.delete(listener) };
      },
    },
    async commit(height, parts) {
      const candidates = Object.entries(parts).map(([part, bytes]) => ({ part, bytes, from: 'fixture' }));
      const absent = ['signature'].filter((part) => parts[part] === undefined && parts.bundle === undefined);
      const examined = rules.examine({ height: height as Height, candidates, absent });
      if (examined.type !== 'sealed') throw new Error(`block ${height} needs ${JSON.stringify(examined.needs)}`);
      const { failure } = await host.commit([examined.block]);
      if (failure !== null) throw new Error(`block ${height}: ${failure.error.message}`);
      changed.ring();
      return examined.block.ref;
    },
    async unwind(to) {
      await host.unwind({ to, reason: 'reorg' });
      changed.ring();
    },
    async finalize(height) {
      await host.advance({ acceptedOnL1: { height: height as Height, hash: null } });
      changed.ring();
    },
    build(blocks) {
      provisional = blocks;
      for (const listener of listeners) listener();
    },
    setProgress(next) {
      progress = next;
    },
  };
}

/** Commits the captured blocks of a network's first heights, 0 to `last`. @param read Reads a file of its folder. */
export async function commitCaptures(fixture: ChainFixture, read: (file: string) => Uint8Array, last: number) {
  const refs: BlockRef[] = [];
  for (let height = 0; height <= last; height++) {
    const parts = { block: read(`block/${height}.json`), stateUpdate: read(`state_update/${height}.json`) };
    refs.push(await fixture.commit(height, parts));
  }
  return refs;
}

/**
 * Puts a block into a store as if it had been confirmed, though the blocks below are not there: for captures of times
 * whose state nobody has. With a state diff its parent is there too, as far as a state update needs it.
 */
export function putBlock(store: Store, { block, stateDiff, oldRoot }: LooseBlock): BlockRef {
  const { header, transactions, receipts } = block;
  const height = header.number as Height; // parsed
  const ref: BlockRef = { height, hash: header.hash as Uint8Array as BlockRef['hash'] };
  const parent = header.parentHash as Uint8Array as BlockRef['hash'];
  const parts = {
    header: encodeHeader(header),
    transactions: encodeTransactions(transactions),
    receipts: encodeReceipts(receipts),
    ...(stateDiff === null ? {} : { stateDiff: encodeStateDiff(stateDiff) }),
  };
  const record = (of: BlockRef, stateRoot: Uint8Array, above: Uint8Array) => ({
    ref: of,
    parent: above as BlockRef['hash'],
    stateRoot: stateRoot as BlockRef['hash'],
    timestampS: header.timestampS,
    protocolVersion: header.version,
    proofs: {},
    counts: {
      transactions: transactions.length,
      events: receipts.reduce((sum, { events }) => sum + events.length, 0),
    },
    from: {},
  });
  store.commit([
    { table: 'block', key: u64be(height), value: encodeBlockRecord(record(ref, header.stateRoot, parent)) },
    { table: 'height', key: ref.hash, value: u64be(height) },
    { table: 'meta', key: META.tips, value: encodeTips({ acceptedOnL2: ref }) },
    ...Object.entries(parts).map(([name, value]) => ({
      table: 'part' as const,
      key: concatBytes(u64be(height), Buffer.from(name)),
      value,
    })),
    ...transactions.map(({ hash }, position) => ({
      table: 'index' as const,
      key: transactionIndexKey(hash),
      value: concatBytes(u64be(height), u64be(position).subarray(4)),
    })),
    ...(oldRoot === null || height === 0
      ? []
      : [
          {
            table: 'block' as const,
            key: u64be(height - 1),
            value: encodeBlockRecord(
              record({ height: (height - 1) as Height, hash: parent }, oldRoot, new Uint8Array(32)),
            ),
          },
        ]),
  ]);
  return ref;
}

export interface LooseBlock {
  readonly block: Block;
  readonly stateDiff: StateDiff | null;
  readonly oldRoot: Uint8Array | null;
}

/** A block as if it were being built above `on`. */
export function provisionalFrom(
  { block, stateDiff }: { readonly block: Block; readonly stateDiff: StateDiff },
  on: BlockRef,
  options: { readonly height?: number; readonly executed?: number } = {},
): ProvisionalBlock {
  const { height = on.height + 1, executed = block.receipts.length } = options;
  const { header } = block;
  return {
    height: height as Height,
    on,
    size: block.transactions.length,
    timestampS: header.timestampS,
    protocolVersion: header.version,
    parts: {
      header: encodeHeader({ ...header, number: height }),
      transactions: encodeTransactions(block.transactions),
      receipts: encodeReceipts(block.receipts.slice(0, executed)),
      stateDiff: encodeStateDiff(stateDiff),
    },
    from: 'fixture',
  };
}

/** As `starknet()` names them. */
const TIPS = { provisional: 'preConfirmed', confirmed: 'acceptedOnL2', final: 'acceptedOnL1' } as const;
