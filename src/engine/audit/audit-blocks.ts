import { concatBytes, equalBytes, toHex, toSynclineError, u64be } from '../../lib/index.ts';
import { lateKey } from '../assemble/late-needs.ts';
import type { SealedBlock, Verified } from '../chain.ts';
import { ZERO_HASH } from '../commit/apply-host.ts';
import { contribution, decodeUndo, readBlock } from '../commit/records.ts';
import type { StateView } from '../store.ts';
import type { BlockRef, Proof, Proofs, Span } from '../types.ts';
import type { AuditedBlock } from './chain-audit.ts';
import { type AuditContext, finalHeight } from './context.ts';
import {
  DifferenceFound,
  decodeRecord,
  differs,
  fromError,
  recordDiffers,
  requireRecord,
  requireVerdict,
} from './difference.ts';
import { expectedUndo, requireIndex } from './index-entries.ts';
import { countKey, createTally, type KeyTally } from './key-tally.ts';
import { ReplayedState } from './replayed-state.ts';
import { type LoadedBlock, loadBlocks } from './stored-blocks.ts';
import { addSums, type CheckCounter, type Sums } from './summary.ts';

/** What a run of blocks adds up to, once everything in it holds. */
export interface BlocksFound {
  readonly last: BlockRef;
  /** What the blocks add to the store's sums. */
  readonly sums: Sums;
  /** Records of `history` and `index` that belong to them. */
  readonly history: KeyTally;
  readonly index: KeyTally;
}

/**
 * Verifies blocks again from what is stored of them: as many of the span as a step takes. Their parts, by the chain's
 * rules; record, links and indexes against that; and state, history and undo list by playing each block once more.
 *
 * @throws {DifferenceFound} at the first thing that does not hold.
 */
export async function auditBlocks(
  context: AuditContext,
  view: StateView,
  span: Span,
  counter: CheckCounter,
): Promise<BlocksFound> {
  const blocks = loadBlocks(view, span, STEP_BYTES_MAX);
  const { audit } = context.rules;
  const audited = audit === undefined ? blocks.map(() => UNAUDITED) : audit.blocks(blocks);
  const final = finalHeight(context.tips, view);
  const found = { sums: {} as Sums, history: createTally(), index: createTally() };
  let parent = span.from === 0 ? ZERO_HASH : readBlock(view, span.from - 1)?.ref.hash;
  let last: BlockRef | null = null;
  for (const [i, stored] of blocks.entries()) {
    const { record } = stored;
    const { height } = record.ref;
    const at = { context, view, stored, counter };
    const block = requireSealed(at, audited[i] as AuditedBlock); // one result a block
    requireLinks(at, parent);
    if (block !== null) {
      requireIndex({ view, audit, counter }, block, found.index);
      const state = await replay(at, block, found.history);
      requireUndo(at, block, state, height <= final);
      requireLate(at, block);
    }
    found.sums = addSums(found.sums, contribution(record));
    parent = record.ref.hash;
    last = record.ref;
  }
  return { ...found, last: last as BlockRef }; // a span has at least one height
}

interface AtBlock {
  readonly context: AuditContext;
  readonly view: StateView;
  readonly stored: LoadedBlock;
  readonly counter: CheckCounter;
}

const UNAUDITED: AuditedBlock = {
  verdicts: [{ check: 'block', ok: null, reason: 'the rules of this chain do not verify stored blocks' }],
  block: null,
};

/** The block its parts make, if everything the chain can recompute holds and the record says the same. */
function requireSealed({ stored, counter }: AtBlock, { verdicts, block }: AuditedBlock): Verified<SealedBlock> | null {
  const { record } = stored;
  const { height } = record.ref;
  for (const verdict of verdicts) {
    requireVerdict(verdict, { table: 'part', height });
    counter.add(verdict);
  }
  if (block === null) return null;
  const fields: readonly (readonly [name: string, expected: string, got: string])[] = [
    ['height', String(block.ref.height), String(height)],
    ['hash', toHex(block.ref.hash), toHex(record.ref.hash)],
    ['parent', toHex(block.parent), toHex(record.parent)],
    ['state root', toHex(block.stateRoot), toHex(record.stateRoot)],
    ['timestamp', String(block.timestampS), String(record.timestampS)],
    ['version', block.protocolVersion, record.protocolVersion],
    ['counts', sortedJson(block.counts), sortedJson(record.counts)],
  ];
  const wrong = fields.find(([, expected, got]) => expected !== got);
  if (wrong !== undefined) {
    const [name, expected, got] = wrong;
    const reason = `the record's ${name} is not that of the stored parts`;
    throw differs({ check: 'block-record', height, table: 'block', key: toHex(u64be(height)), expected, got, reason });
  }
  counter.pass('block-record');
  requireParts(stored, block);
  counter.pass('parts');
  requireProofs(stored, block.proofs, counter);
  return block;
}

/** The encoding is canonical, so parts that are encoded again are the same bytes. */
function requireParts({ record, parts }: LoadedBlock, block: SealedBlock): void {
  const { height } = record.ref;
  const names = new Set([...parts.keys(), ...Object.keys(block.parts)]);
  for (const name of names) {
    const key = concatBytes(u64be(height), Buffer.from(name));
    const expected = Object.hasOwn(block.parts, name) ? (block.parts[name] ?? null) : null;
    requireRecord({ table: 'part', key, height, check: 'parts' }, expected, parts.get(name));
  }
}

/**
 * What a block's own hash proves does not depend on settings. What a key or a published table proves may be more or
 * less in this run than when the block came.
 */
function requireProofs({ record }: LoadedBlock, derived: Proofs, counter: CheckCounter): void {
  const check = 'proofs';
  const { height } = record.ref;
  const groups = new Set([...Object.keys(record.proofs), ...Object.keys(derived)]);
  let isOther = false;
  for (const group of groups) {
    const expected = describeProof(derived[group]);
    const got = describeProof(record.proofs[group]);
    if (expected === got) continue;
    if ([expected, got].some((proof) => proof === 'hash' || proof === 'none')) {
      const reason = `how the group ${group} is proven`;
      throw differs({ check, height, table: 'block', key: toHex(u64be(height)), expected, got, reason });
    }
    isOther = true;
  }
  if (isOther) counter.undecided(check, 'recorded with another key or table than this run has');
  else counter.pass(check);
}

function describeProof(proof: Proof | undefined): string {
  if (proof === undefined) return 'none';
  return typeof proof === 'string' ? proof : 'unverified';
}

function requireLinks({ view, stored, counter }: AtBlock, parent: Uint8Array | undefined): void {
  const { ref, parent: stated } = stored.record;
  const { height } = ref;
  if (parent === undefined || !equalBytes(stated, parent)) {
    const expected = parent === undefined ? 'a block below' : toHex(parent);
    const key = toHex(u64be(height));
    throw differs({ check: 'parent-link', height, table: 'block', key, expected, got: toHex(stated) });
  }
  counter.pass('parent-link');
  const check = 'height-index';
  requireRecord({ table: 'height', key: ref.hash, height, check }, u64be(height), view.get('height', ref.hash));
  counter.pass(check);
  const orphan = view.get('orphan', ref.hash);
  if (orphan === undefined) return;
  throw recordDiffers({ table: 'orphan', key: ref.hash, height }, 'no record: the block is confirmed', orphan);
}

interface Replayed {
  readonly state: ReplayedState;
  /** The keys that the block changed, ascending. */
  readonly changed: readonly Uint8Array[];
}

/** Plays the block on the state it found and compares what is stored of the outcome. */
async function replay(at: AtBlock, block: Verified<SealedBlock>, tally: KeyTally): Promise<Replayed> {
  const { context, view, counter } = at;
  const { height } = block.ref;
  const state = new ReplayedState(view, height);
  try {
    await context.rules.execute(state, block);
  } catch (thrown) {
    if (thrown instanceof DifferenceFound) throw thrown;
    const error = toSynclineError(thrown);
    if (error.fault !== 'peer' && error.fault !== 'local') throw error;
    state.requireOrigins();
    throw fromError(error, 'execute', height);
  }
  const changed = state.requireStored();
  for (const key of changed) countKey(tally, concatBytes(key, u64be(height)));
  counter.pass('history', changed.length);
  return { state, changed };
}

function requireUndo(
  { context, view, stored, counter }: AtBlock,
  block: SealedBlock,
  { state, changed }: Replayed,
  isFinal: boolean,
): void {
  const { height } = block.ref;
  // What is final is never undone, and loses its list sooner or later.
  if (stored.undo === null && isFinal) {
    counter.undecided('undo', 'undo lists of final blocks are dropped');
    return;
  }
  const place = { table: 'undo', key: u64be(height), height } as const;
  const on = { view, audit: context.rules.audit, counter };
  const expected = expectedUndo(on, block, { changed, stored: stored.undo });
  if (stored.undo === null) throw recordDiffers(place, expected, null);
  if (!equalBytes(expected, stored.undo)) {
    state.requireHistoryOf(decodeRecord(place, stored.undo, decodeUndo).state);
    throw recordDiffers(place, expected, stored.undo);
  }
  counter.pass('undo');
}

/** Content that the block names is there, or on the list of what is to be fetched. */
function requireLate({ context, view, counter }: AtBlock, block: SealedBlock): void {
  const { height } = block.ref;
  for (const need of block.late) {
    const key = Buffer.from(lateKey(need));
    const known = context.rules.has?.(view, need) || view.get('wanted', key) !== undefined;
    if (!known) throw recordDiffers({ table: 'wanted', key, height }, 'the content, or a record that wants it', null);
    counter.pass('late-content');
  }
}

function sortedJson(counts: Readonly<Record<string, number>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Of block parts in one step. Chosen: the largest blocks have some megabytes, and then go one by one. */
const STEP_BYTES_MAX = 8 * 2 ** 20;
