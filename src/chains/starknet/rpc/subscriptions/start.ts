import { type EventsFrom, type RpcEnvironment, type RpcParams, readBlock } from '../../../../engine/index.ts';
import type { ApiVersion } from '../api-version.ts';
import { isAbsent } from '../arguments.ts';
import { parseBlockId, readTip, resolveBlockId } from '../block-id.ts';
import { fault, invalidParams } from '../faults.ts';

/**
 * Where a subscription with a block id begins: that block is the first it tells of, by default the latest. In an empty
 * store it is the first that will come.
 * @throws {RpcFault} invalid params; 24, block not found; 68, too many blocks back.
 * @see Starknet JSON-RPC specification, `SUBSCRIPTION_BLOCK_ID`: no other tag than `latest`
 */
export function startAt(environment: RpcEnvironment, version: ApiVersion, params: RpcParams): EventsFrom {
  const given = params.block_id;
  const blockId = isAbsent(given) ? ({ type: 'latest' } as const) : parseBlockId(given, version);
  if (blockId.type === 'provisional' || blockId.type === 'l1Accepted') throw invalidParams('block_id', 'no such tag');
  using view = environment.store.view();
  const tip = readTip(view);
  if (tip === null && blockId.type === 'latest') return 'genesis';
  const resolved = resolveBlockId(view, environment, blockId, version);
  if (resolved.type !== 'confirmed' || tip === null) throw fault('blockNotFound');
  const { height } = resolved.ref;
  if (tip.height - height > BLOCKS_BACK_MAX) throw fault('tooManyBlocksBack', { latest: tip.height });
  return height === 0 ? 'genesis' : (readBlock(view, height - 1)?.ref ?? 'genesis');
}

/** Where a subscription without a block id begins: after the latest block. */
export function startAfterTip(environment: RpcEnvironment): EventsFrom {
  using view = environment.store.view();
  return readTip(view) ?? 'genesis';
}

/** @see Starknet JSON-RPC specification, `TOO_MANY_BLOCKS_BACK` */
const BLOCKS_BACK_MAX = 1024;
