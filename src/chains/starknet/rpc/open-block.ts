import { type BlockRef, type Height, type ProvisionalBlock, readBlock, type StateView } from '../../../engine/index.ts';
import { concatBytes, SynclineError, u64be } from '../../../lib/index.ts';
import { FELT_ZERO } from '../felt.ts';
import { eventCount } from '../rules/index.ts';
import { decodeHeader, decodeReceipts, decodeStateDiff, decodeTransactions } from '../stored/index.ts';
import type { Felt, Header, Receipt, StateDiff, Transaction } from '../types.ts';
import { type ResolvedBlock, readFinalHeight } from './block-id.ts';
import { DecodedParts } from './decoded-parts.ts';

/** How certain a block is, in the words of 0.9 and later. */
export type Finality = 'PRE_CONFIRMED' | 'ACCEPTED_ON_L2' | 'ACCEPTED_ON_L1';

/** A block whose parts are decoded when they are asked for, as long as its view is open. */
export interface OpenBlock {
  readonly height: Height;
  /** Null while it is being built. */
  readonly hash: Felt | null;
  readonly finality: Finality;
  /** For a block being built without hash, roots and commitments: those are zero. */
  header(): Header;
  /** Those that were executed, in order. */
  transactions(): readonly Transaction[];
  /** As many as transactions. */
  receipts(): readonly Receipt[];
  /** Received for a block being built and not executed yet. */
  candidates(): readonly Transaction[];
  stateDiff(): StateDiff;
  counts(): { readonly transactions: number; readonly events: number };
  /** State root before the block; null where it is not known. */
  oldRoot(): Felt | null;
  /** Where it was found. */
  readonly resolved: ResolvedBlock;
}

/** @param decoded Keeps what is decoded; without it everything is forgotten with the block. */
export function openBlock(view: StateView, resolved: ResolvedBlock, decoded?: DecodedParts): OpenBlock {
  if (resolved.type === 'confirmed') return openConfirmed(view, resolved.ref, decoded);
  const { tip, blocks } = resolved;
  const last = blocks.at(-1);
  return last === undefined ? openEmpty(view, tip) : openProvisional(view, { tip, blocks, block: last }, decoded);
}

/** @param decoded As for `openBlock`. */
export function openConfirmed(view: StateView, ref: BlockRef, decoded = new DecodedParts()): OpenBlock {
  const { height } = ref;
  const record = readBlock(view, height);
  if (record === null) throw missing(height, 'record');
  const final = readFinalHeight(view);
  return {
    height,
    hash: feltOf(ref.hash),
    finality: final !== null && height <= final ? 'ACCEPTED_ON_L1' : 'ACCEPTED_ON_L2',
    header: () => decodeHeader(readPart(view, height, 'header')),
    ...decoders((part) => readPart(view, height, part), height, decoded),
    candidates: () => [],
    stateDiff: () => decodeStateDiff(readPart(view, height, 'stateDiff')),
    counts: () => ({ transactions: record.counts.transactions ?? 0, events: record.counts.events ?? 0 }),
    oldRoot: () => rootAfter(view, height - 1),
    resolved: { type: 'confirmed', ref },
  };
}

/**
 * One of the blocks being built; `blocks` go from the one above the tip up to it.
 * @param decoded As for `openBlock`.
 */
export function openProvisional(
  view: StateView,
  where: { readonly tip: BlockRef; readonly blocks: readonly ProvisionalBlock[]; readonly block: ProvisionalBlock },
  decoded = new DecodedParts(),
): OpenBlock {
  const { tip, block } = where;
  const { height, parts } = block;
  const { receipts, transactions } = decoders((part) => partOf(parts, height, part), height, decoded);
  return {
    height,
    hash: null,
    finality: 'PRE_CONFIRMED',
    header: () => decodeHeader(partOf(parts, height, 'header')),
    transactions: () => transactions().slice(0, receipts().length),
    receipts,
    candidates: () => transactions().slice(receipts().length),
    stateDiff: () => decodeStateDiff(partOf(parts, height, 'stateDiff')),
    counts: () => ({ transactions: receipts().length, events: eventCount(receipts()) }),
    // Nobody knows the root after a block that is being built.
    oldRoot: () => (height === tip.height + 1 ? rootAfter(view, tip.height) : null),
    resolved: { type: 'provisional', tip, blocks: where.blocks.filter((other) => other.height <= height) },
  };
}

/**
 * The block above the tip while nothing is known of it: empty, with what the tip's header says.
 * @see Pathfinder, `crates/rpc/src/pending.rs`, `PendingData::empty`
 */
function openEmpty(view: StateView, tip: BlockRef): OpenBlock {
  const height = (tip.height + 1) as Height; // one above a height
  return {
    height,
    hash: null,
    finality: 'PRE_CONFIRMED',
    header: () => ({
      ...decodeHeader(readPart(view, tip.height, 'header')),
      number: height,
      hash: FELT_ZERO,
      parentHash: feltOf(tip.hash),
      stateRoot: FELT_ZERO,
      transactionCommitment: null,
      eventCommitment: null,
      receiptCommitment: null,
      stateDiffCommitment: null,
      stateDiffLength: null,
    }),
    transactions: () => [],
    receipts: () => [],
    candidates: () => [],
    stateDiff: () => NO_CHANGES,
    counts: () => ({ transactions: 0, events: 0 }),
    oldRoot: () => rootAfter(view, tip.height),
    resolved: { type: 'provisional', tip, blocks: [] },
  };
}

const NO_CHANGES: StateDiff = {
  storageDiffs: [],
  nonces: [],
  deployedContracts: [],
  replacedClasses: [],
  oldDeclaredContracts: [],
  declaredClasses: [],
  migratedCompiledClasses: [],
};

/** The state root after the block at `height`, zero before the first. */
function rootAfter(view: StateView, height: number): Felt | null {
  if (height < 0) return FELT_ZERO;
  const record = readBlock(view, height);
  return record === null ? null : feltOf(record.stateRoot);
}

function readPart(view: StateView, height: Height, name: string): Uint8Array {
  const bytes = view.get('part', concatBytes(u64be(height), Buffer.from(name)));
  if (bytes === undefined) throw missing(height, name);
  return bytes;
}

function partOf(parts: ProvisionalBlock['parts'], height: Height, name: string): Uint8Array {
  const bytes = parts[name];
  if (bytes === undefined) throw missing(height, name);
  return bytes;
}

/** The large parts of a block. */
function decoders(
  bytesOf: (part: string) => Uint8Array,
  height: Height,
  decoded: DecodedParts,
): Pick<OpenBlock, 'transactions' | 'receipts'> {
  const place = (part: string) => ({ part, height, bytes: bytesOf(part) });
  return {
    transactions: () => decoded.decode(place('transactions'), decodeTransactions),
    receipts: () => decoded.decode(place('receipts'), decodeReceipts),
  };
}

function missing(height: Height, part: string): SynclineError {
  return new SynclineError('PART_MISSING', 'local', `block ${height} is stored without its ${part}`, {
    data: { height, part },
  });
}

function feltOf(hash: Uint8Array): Felt {
  return hash as Felt; // the rules have sealed it from a felt
}
