import { isDeepStrictEqual } from 'node:util';
import { compareVersions } from '../../src/chains/starknet/index.ts';
import { decodeReceipts, decodeStateDiff, decodeTransactions } from '../../src/chains/starknet/stored/index.ts';
import type {
  ApplyHost,
  BlockRef,
  Candidate,
  CommitReport,
  SealedBlock,
  Store,
  Table,
  Verified,
} from '../../src/engine/index.ts';
import { equalBytes, fromPlainError } from '../../src/lib/index.ts';
import { type MemoryDisk, tables } from '../../src/store/index.ts';
import { hostOn, type Site, STATE_TABLES } from './sites.ts';
import { dumpOf } from './store-dump.ts';
import { APPLY_CODES, EXAMINE_CODES, refusalCode } from './typed-error.ts';

export interface Offer {
  readonly candidates: readonly Candidate[];
  /** The candidate that is damaged; undefined where more than one may be. */
  readonly damaged?: string;
  readonly isUnsigned: boolean;
  /** Whether the state is left unproven at first, as far behind the tip. */
  readonly isFlat: boolean;
  /** Whether the genuine block is taken out again: any other one is. */
  readonly isUnwound: boolean;
}

export interface Verdict {
  /** How far the candidates came, in a word. */
  readonly outcome: string;
  /** The root of the state that the block leads to, as hex, where it is not the one that the block states. */
  readonly root: string | null;
}

/** Takes candidates the whole way that a node would take them. */
export async function judgeBlock(site: Site, offer: Offer): Promise<Verdict> {
  const parts = offer.candidates.map(({ part }) => part);
  const block = examine(site, offer, parts);
  if (typeof block === 'string') return { outcome: block, root: null };
  if (block.ref.height !== site.ref.height) throw new Error(`sealed at height ${block.ref.height}`);
  requireDecodable(block);
  // The consumer looks into a fork instead.
  if (!equalBytes(block.parent, site.parent?.hash ?? new Uint8Array(32))) {
    return { outcome: 'sealed, on another parent', root: null };
  }
  return offer.isFlat ? appliedFlat(site, block, offer) : applied(site, block, offer);
}

function examine(site: Site, offer: Offer, parts: readonly string[]): Verified<SealedBlock> | string {
  const { candidates, damaged, isUnsigned } = offer;
  const absent = isUnsigned ? ['signature'] : [];
  try {
    const found = site.rules.examine({ height: site.ref.height, candidates, absent });
    if (found.type === 'sealed') return found.block;
    if (found.needs.length === 0) throw new Error('nothing sealed, and nothing needed');
    return `needs ${found.needs.map(({ part }) => part).join(', ')}`;
  } catch (thrown) {
    const blame = damaged === undefined ? {} : { damaged };
    return refusalCode(thrown, { codes: EXAMINE_CODES, parts, ...blame });
  }
}

/** What is stored must be readable again. */
function requireDecodable({ parts, counts }: SealedBlock): void {
  const { transactions, receipts, stateDiff } = parts as Record<string, Uint8Array>;
  const stored = decodeTransactions(transactions as Uint8Array);
  if (stored.length !== counts.transactions) throw new Error('another number of transactions is stored');
  if (decodeReceipts(receipts as Uint8Array).length !== stored.length) throw new Error('receipts are missing');
  decodeStateDiff(stateDiff as Uint8Array);
}

/** Either all of the block is in the store, and can be taken out again, or nothing of it. */
async function applied(site: Site, block: Verified<SealedBlock>, offer: Offer): Promise<Verdict> {
  const disk: MemoryDisk = { ...site.before };
  const { store, host } = hostOn(disk, site.rules);
  const { failure, committed } = await host.commit([block]);
  if (failure !== null) {
    requireUntouched(site, disk, committed);
    return refused(failure, block);
  }
  requireCommitted(committed, block);
  const isGenuine = equalBytes(block.ref.hash, site.ref.hash);
  if (isGenuine) requireSame(site, store, block);
  if (isGenuine && !offer.isUnwound) return { outcome: 'committed', root: null };
  await host.unwind({ to: block.ref.height - 1, reason: 'reorg' });
  requireAsBefore(site, store, block);
  return { outcome: isGenuine ? 'committed' : 'committed, another valid block', root: null };
}

/** As far behind the tip: first the flat state, then the tries and the comparison. */
async function appliedFlat(site: Site, block: Verified<SealedBlock>, offer: Offer): Promise<Verdict> {
  const disk: MemoryDisk = { ...site.before };
  const { store, host } = hostOn(disk, site.rules);
  const { failure, committed } = await host.commitFlat([block]);
  if (failure !== null) {
    requireUntouched(site, disk, committed);
    return refused(failure, block);
  }
  requireCommitted(committed, block);
  const culprit = await rebuilt(host);
  if (culprit !== null && culprit !== block.ref.height) throw new Error(`block ${culprit} is blamed`);
  const isGenuine = equalBytes(block.ref.hash, site.ref.hash);
  if (isGenuine && culprit === null) requireSame(site, store, block);
  if (isGenuine && culprit === null && !offer.isUnwound) return { outcome: 'committed flat', root: null };
  await host.unwind({ to: block.ref.height - 1, reason: culprit === null ? 'reorg' : 'invalid' });
  if (culprit !== null) await rebuilt(host);
  requireAsBefore(site, store, block);
  if (culprit !== null) return { outcome: 'committed flat, refused once its state was built', root: null };
  return { outcome: isGenuine ? 'committed flat' : 'committed flat, another valid block', root: null };
}

/** What has the genuine block's hash has its state and, from 0.13.2 on, all else that the hash covers. */
function requireSame({ genuine }: Site, store: Store, block: SealedBlock): void {
  if (genuine === null) throw new Error('a state that nobody knows');
  if (dumpOf(store, STATE_TABLES) !== genuine.stateAfter) throw new Error('the same block, another state');
  if (compareVersions(block.protocolVersion, '0.13.2') < 0) return;
  if (!isDeepStrictEqual(contentOf(block), contentOf(genuine.block))) throw new Error('the same block, other content');
}

/** Resources other than the gas are not hashed, nor are fee limit and nonce of the first declarations. */
function contentOf({ parts }: SealedBlock): unknown {
  const { transactions, receipts } = parts as Record<string, Uint8Array>;
  return {
    transactions: decodeTransactions(transactions as Uint8Array).map((transaction) =>
      transaction.type === 'DECLARE_V0' ? { ...transaction, maxFee: null, nonce: null } : transaction,
    ),
    receipts: decodeReceipts(receipts as Uint8Array).map(
      ({ executionResources: _, consumedMessage: __, ...hashed }) => hashed,
    ),
  };
}

/** Not one byte is written of what is refused. */
function requireUntouched(site: Site, disk: MemoryDisk, committed: readonly BlockRef[]): void {
  const { store } = hostOn(disk, site.rules);
  if (committed.length > 0 || tables.some((table) => dumpOf(store, [table]) !== dumpBefore(site, table))) {
    throw new Error('refused, and yet written in part');
  }
}

function refused(failure: NonNullable<CommitReport['failure']>, block: SealedBlock): Verdict {
  if (failure.height !== block.ref.height) throw new Error(`a failure at height ${failure.height}`);
  const outcome = refusalCode(fromPlainError(failure.error), { codes: APPLY_CODES });
  return { outcome, root: outcome === 'STATE_ROOT_MISMATCH' ? String(failure.error.data.got) : null };
}

function requireCommitted(committed: readonly BlockRef[], { ref }: SealedBlock): void {
  const [only, ...rest] = committed;
  if (only === undefined || rest.length > 0 || !equalBytes(only.hash, ref.hash)) throw new Error('not committed');
}

/** Builds the tries to the end. The height of the block that is false, null for none. */
async function rebuilt(host: ApplyHost): Promise<number | null> {
  for (let step = 0; step < REBUILD_STEPS_MAX; step++) {
    const report = await host.rebuild();
    if (report.type === 'proven') return null;
    if (report.type === 'false') return report.culprit.ref.height;
  }
  throw new Error('the build of the tries has no end');
}

/** Nothing is left of the block, except that its hash is remembered as that of an orphan. */
function requireAsBefore(site: Site, store: Store, { index }: SealedBlock): void {
  const isSame = (table: Table) => dumpOf(store, [table]) === dumpBefore(site, table);
  const changed = BLOCK_TABLES.filter((table) => !isSame(table));
  if (changed.length > 0) throw new Error(`unwinding leaves another ${changed.join(', ')}`);
  // A transaction that an earlier block had too is found in the later one, and in none once that is gone.
  using view = hostOn({ ...site.before }, site.rules).store.view();
  if (!index.some(({ key }) => view.get('index', key) !== undefined) && !isSame('index')) {
    throw new Error('unwinding leaves another index');
  }
}

const dumps = new WeakMap<Site, Map<Table, string>>();

function dumpBefore(site: Site, table: Table): string {
  const known = dumps.get(site) ?? new Map<Table, string>();
  dumps.set(site, known);
  const dump = known.get(table) ?? dumpOf(hostOn({ ...site.before }, site.rules).store, [table]);
  known.set(table, dump);
  return dump;
}

/** All that a block has of its own, besides its look-ups. */
const BLOCK_TABLES = [...STATE_TABLES, 'block', 'part', 'height', 'undo'] as const;
/** A small state is built in a handful. */
const REBUILD_STEPS_MAX = 1_000;
