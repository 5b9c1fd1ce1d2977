import type { ProvisionalBlock, RpcEnvironment, StateView } from '../../../../engine/index.ts';
import { readU64be } from '../../../../lib/index.ts';
import type { ApiVersion } from '../api-version.ts';
import { type BlockId, readTip, resolveBlockId } from '../block-id.ts';
import type { DecodedParts } from '../decoded-parts.ts';
import { type OpenBlock, openProvisional } from '../open-block.ts';

/** The blocks of a request as they are in one view of the store, both ends included. */
export interface EventSpan {
  readonly from: number;
  /** The last confirmed block; below `from` where there is none. */
  readonly to: number;
  /** The blocks being built, ascending from the height above the tip; empty unless the request reaches them. */
  readonly provisional: readonly OpenBlock[];
}

export interface SpanOptions {
  readonly view: StateView;
  readonly environment: RpcEnvironment;
  readonly version: ApiVersion;
  readonly decoded: DecodedParts;
  /** Null: the first block that is stored. */
  readonly from: BlockId | null;
  /** Null: the tip. */
  readonly to: BlockId | null;
}

/**
 * Resolves the ends of a request. A number above the tip is no error: there is nothing yet. Blocks being built are
 * included where `to` is the tag for them.
 * @throws {RpcFault} 24, block not found.
 * @see Pathfinder, `crates/rpc/src/method/get_events.rs`; Juno, `setEventFilterRange`
 */
export function resolveSpan(options: SpanOptions): EventSpan {
  const from = Math.max(resolveStart(options), firstStored(options.view));
  return { from, ...resolveEnd(options) };
}

function resolveStart({ view, environment, version, from }: SpanOptions): number {
  if (from === null) return 0;
  if (from.type === 'number') return from.number;
  const block = resolveBlockId(view, environment, from, version);
  return block.type === 'confirmed' ? block.ref.height : block.tip.height + 1;
}

function resolveEnd({ view, environment, version, decoded, to }: SpanOptions): Pick<EventSpan, 'to' | 'provisional'> {
  const tip = readTip(view)?.height ?? -1;
  if (to === null) return { to: tip, provisional: [] };
  if (to.type === 'number') return { to: Math.min(to.number, tip), provisional: [] };
  const block = resolveBlockId(view, environment, to, version);
  if (block.type === 'confirmed') return { to: block.ref.height, provisional: [] };
  const open = (one: ProvisionalBlock) => openProvisional(view, { ...block, block: one }, decoded);
  return { to: block.tip.height, provisional: block.blocks.map(open) };
}

function firstStored(view: StateView): number {
  for (const [key] of view.range('block', { limit: 1 })) return readU64be(key);
  return 0;
}
