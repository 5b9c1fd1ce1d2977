import {
  type BlockRef,
  type Hash32,
  type Height,
  type ProvisionalBlock,
  type RpcEnvironment,
  readBlock,
  readHeight,
  readTips,
  type StateView,
} from '../../../engine/index.ts';
import { equalBytes } from '../../../lib/index.ts';
import type { Felt } from '../types.ts';
import type { ApiVersion } from './api-version.ts';
import { isAbsent, parseFeltArgument, parseIntegerArgument, parseObjectArgument } from './arguments.ts';
import { fault, invalidParams } from './faults.ts';

/** A block as a caller names it. */
export type BlockId =
  | { readonly type: 'hash'; readonly hash: Felt }
  | { readonly type: 'number'; readonly number: number }
  | { readonly type: 'latest' }
  /** From 0.9 on: the last block that is proven on L1. */
  | { readonly type: 'l1Accepted' }
  /** `pending` in 0.8, `pre_confirmed` from 0.9 on. */
  | { readonly type: 'provisional' };

/** A block that was found. */
export type ResolvedBlock =
  | { readonly type: 'confirmed'; readonly ref: BlockRef }
  | {
      readonly type: 'provisional';
      /** The confirmed block that all of `blocks` stand on. */
      readonly tip: BlockRef;
      /** From the height above the tip, ascending, without holes; the last is the one that was meant. May be empty. */
      readonly blocks: readonly ProvisionalBlock[];
    };

/**
 * Reads a parameter of type `BLOCK_ID`.
 * @throws {RpcFault} invalid params, also for a tag that this version does not have.
 * @see Starknet JSON-RPC specification, `BLOCK_ID` and `BLOCK_TAG`
 */
export function parseBlockId(value: unknown, version: ApiVersion, path = 'block_id'): BlockId {
  if (typeof value === 'string') {
    const id = Object.hasOwn(TAGS[version], value) ? TAGS[version][value] : undefined;
    if (id === undefined) throw invalidParams(path, `one of ${Object.keys(TAGS[version]).join(', ')}`);
    return id;
  }
  const { block_hash: hash, block_number: number } = parseObjectArgument(value, path);
  if (isAbsent(hash) === isAbsent(number)) throw invalidParams(path, 'either block_hash or block_number');
  return isAbsent(hash)
    ? { type: 'number', number: parseIntegerArgument(number, `${path}.block_number`) }
    : { type: 'hash', hash: parseFeltArgument(hash, `${path}.block_hash`) };
}

/**
 * Finds a block in one view of the store.
 *
 * A provisional block is always there while the store holds any block. Where none is known, it is an empty one on the
 * tip: `blocks` is empty then. In 0.8 it is always that, because `pending` means transactions that will be accepted as
 * they are, and what is pre-confirmed may not be (as Pathfinder does, `crates/rpc/src/pending.rs`).
 *
 * @throws {RpcFault} 24, block not found.
 */
export function resolveBlockId(
  view: StateView,
  environment: RpcEnvironment,
  blockId: BlockId,
  version: ApiVersion,
): ResolvedBlock {
  if (blockId.type === 'provisional') {
    const tip = readTip(view);
    if (tip === null) throw fault('blockNotFound');
    return { type: 'provisional', tip, blocks: version >= 9 ? provisionalOn(view, environment, tip) : [] };
  }
  const ref = findConfirmed(view, blockId);
  if (ref === null) throw fault('blockNotFound');
  return { type: 'confirmed', ref };
}

/** The confirmed tip, null in an empty store. */
export function readTip(view: StateView): BlockRef | null {
  const tip = readTips(view)[CONFIRMED];
  return tip ? { height: tip.height, hash: tip.hash as Hash32 } : null; // confirmed blocks have a hash
}

/** The height up to which blocks are proven on L1, null while nothing is known of L1. */
export function readFinalHeight(view: StateView): Height | null {
  return readTips(view)[FINAL]?.height ?? null;
}

/**
 * The provisional blocks above the tip of this view, ascending without holes. The environment may be ahead of the view
 * or behind it: a block that was confirmed meanwhile is left out, and one that stands on a block which is not ours, too.
 */
export function provisionalOn(
  view: StateView,
  environment: RpcEnvironment,
  tip: BlockRef,
): readonly ProvisionalBlock[] {
  const found: ProvisionalBlock[] = [];
  for (const block of environment.provisional()) {
    const below = readBlock(view, block.on.height);
    if (below === null || !equalBytes(below.ref.hash, block.on.hash)) continue;
    if (block.height === tip.height + 1 + found.length) found.push(block);
  }
  return found;
}

function findConfirmed(view: StateView, blockId: Exclude<BlockId, { readonly type: 'provisional' }>): BlockRef | null {
  switch (blockId.type) {
    case 'hash': {
      const height = readHeight(view, blockId.hash);
      return height === null ? null : (readBlock(view, height)?.ref ?? null);
    }
    case 'number':
      return readBlock(view, blockId.number)?.ref ?? null;
    case 'latest':
      return readTip(view);
    case 'l1Accepted': {
      // L1 may be ahead of what is stored: then it is the tip that is proven.
      const final = readFinalHeight(view);
      const tip = readTip(view);
      if (final === null || tip === null) return null;
      return readBlock(view, Math.min(final, tip.height))?.ref ?? null;
    }
    default:
      return blockId satisfies never;
  }
}

/** As `starknet()` names its tips. */
const CONFIRMED = 'acceptedOnL2';
const FINAL = 'acceptedOnL1';

const TAGS: Readonly<Record<ApiVersion, Readonly<Record<string, BlockId>>>> = {
  8: { latest: { type: 'latest' }, pending: { type: 'provisional' } },
  9: { latest: { type: 'latest' }, pre_confirmed: { type: 'provisional' }, l1_accepted: { type: 'l1Accepted' } },
  10: { latest: { type: 'latest' }, pre_confirmed: { type: 'provisional' }, l1_accepted: { type: 'l1Accepted' } },
};
