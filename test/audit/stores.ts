import { gunzipSync } from 'node:zlib';
import { ledger } from '../../src/chains/ledger/index.ts';
import { createRules as createLedgerRules } from '../../src/chains/ledger/rules-module.ts';
import { starknet } from '../../src/chains/starknet/index.ts';
import { createRules as createStarknetRules } from '../../src/chains/starknet/rules-module.ts';
import { createLedgerDevnet, createStarknetDevnet, type StarknetDevnetOptions } from '../../src/devnet/index.ts';
import {
  type ApplyHost,
  type AuditCourse,
  type AuditHost,
  type AuditOutcome,
  type AuditProgress,
  type Candidate,
  type Chain,
  type ChainRules,
  createApplyHost,
  createAuditHost,
  type Height,
  type Need,
  type ReadStore,
  runAudit,
  type SealedBlock,
  type Store,
  type Verified,
} from '../../src/engine/index.ts';

/** A chain with true blocks to fill stores with. */
export interface Subject {
  readonly chain: Chain;
  readonly rules: ChainRules;
  /** The newest branch from a height on (default 0), sealed. */
  blocks(from?: number): readonly Verified<SealedBlock>[];
  /** Adds blocks, or replaces the newest `depth` by as many others. */
  produce(count: number): void;
  reorg(depth: number): void;
  /** What an honest source delivers for a late need, null for none. */
  late(need: Need): Candidate | null;
}

export function starknetSubject(options: StarknetDevnetOptions = {}): Subject {
  const devnet = createStarknetDevnet({ blocks: 24, ...options });
  const chain = starknet({ network: devnet.network });
  const rules = createStarknetRules(chain.options);
  const seal = (height: number) => {
    const shelved = devnet.shelvedAt(height);
    if (shelved === null) throw new RangeError(`no block ${height}`);
    const candidates = [{ part: 'bundle', bytes: gunzipSync(shelved.bundle), from: 'devnet' }];
    return sealed(rules, height, candidates);
  };
  return {
    chain,
    rules,
    blocks: (from = 0) => Array.from({ length: devnet.head.height + 1 - from }, (_, i) => seal(from + i)),
    produce: (count) => devnet.produce(count),
    reorg: (depth) => devnet.reorg({ depth }),
    late: () => null,
  };
}

export function ledgerSubject(seed = 3): Subject {
  const devnet = createLedgerDevnet({ seed, memoShare: 0.6, lostMemoShare: 0.2 });
  devnet.produce(39);
  const chain = ledger(devnet.options);
  const rules = createLedgerRules(chain.options);
  const seal = (height: number) => {
    const block = devnet.blockAt(height);
    if (block === null) throw new RangeError(`no block ${height}`);
    const parts = [
      { part: 'header', bytes: block.header, from: 'devnet' },
      { part: 'transactions', bytes: block.transactions, from: 'devnet' },
    ];
    return sealed(rules, height, block.transfers.length === 0 ? parts.slice(0, 1) : parts);
  };
  return {
    chain,
    rules,
    blocks: (from = 0) => Array.from({ length: devnet.head.ref.height + 1 - from }, (_, i) => seal(from + i)),
    produce: (count) => void devnet.produce(count),
    reorg: (depth) => void devnet.reorg(depth, depth),
    late({ part, id = '' }) {
      const bytes = devnet.memo(id);
      return bytes === null ? null : { part, bytes, from: 'devnet' };
    },
  };
}

function sealed(rules: ChainRules, height: number, candidates: readonly Candidate[]): Verified<SealedBlock> {
  const seen = rules.examine({ height: height as Height, candidates, absent: [] });
  if (seen.type === 'needs') throw new Error(`block ${height} needs ${seen.needs[0]?.part}`);
  return seen.block;
}

export function applierOf({ chain, rules }: Subject, store: Store): ApplyHost {
  return createApplyHost({ rules, store, tips: chain.tips, identity: chain.identity });
}

/** Applies the subject's blocks, with all late parts that can be had, a rejection and an orphaned block. */
export async function fill(subject: Subject, store: Store): Promise<void> {
  const applier = applierOf(subject, store);
  await applier.recover();
  const first = subject.blocks();
  await commit(applier, first);
  subject.reorg(2);
  await applier.unwind({ to: first.length - 3, reason: 'reorg' });
  await commit(applier, subject.blocks(first.length - 2));
  for (const need of first.flatMap(({ late }) => late)) {
    const candidate = subject.late(need);
    const part = candidate === null ? undefined : subject.rules.examinePart?.(need, candidate);
    if (part !== undefined) await applier.commitParts([{ need, part }]);
    else if (candidate === null) {
      await applier.recordQuarantine({
        what: need.part,
        id: need.id ?? '',
        reason: 'nobody has it',
        height: need.height,
        timeMs: 1,
        refused: null,
      });
    }
  }
  for (const height of [1, 2, 3]) {
    const words = { check: 'block-hash', expected: '0x1', got: '0x2', source: 'a', message: 'false', hash: null };
    await applier.recordRejection({ timeMs: height, height, evidence: null, ...words });
  }
}

async function commit(applier: ApplyHost, blocks: readonly Verified<SealedBlock>[]): Promise<void> {
  for (let start = 0; start < blocks.length; start += 7) {
    const report = await applier.commit(blocks.slice(start, start + 7));
    if (report.failure !== null) throw new Error(JSON.stringify(report.failure));
  }
}

export interface AuditOptions {
  readonly from?: number;
  readonly to?: number;
  readonly deep?: boolean;
  readonly course?: AuditCourse | null;
  readonly hosts?: number;
  readonly signal?: AbortSignal;
  onProgress?(progress: AuditProgress): void;
  onCourse?(course: AuditCourse): void;
}

/** Audits a store in this thread. The store stays open. */
export function audit(subject: Subject, store: ReadStore, options: AuditOptions = {}): Promise<AuditOutcome> {
  const { chain, rules } = subject;
  const context = { rules, tips: chain.tips, identity: chain.identity };
  const hosts: AuditHost[] = Array.from({ length: options.hosts ?? 1 }, () => createAuditHost(context, store));
  return runAudit({
    hosts,
    from: options.from ?? 0,
    to: options.to ?? null,
    deep: options.deep ?? false,
    course: options.course ?? null,
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => {}),
    onCourse: options.onCourse ?? (() => {}),
  });
}
