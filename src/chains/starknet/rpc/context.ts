import type { RpcEnvironment, StateView } from '../../../engine/index.ts';
import type { NetworkParams } from '../params.ts';
import type { ApiVersion } from './api-version.ts';
import { parseBlockId, resolveBlockId } from './block-id.ts';
import type { DecodedParts } from './decoded-parts.ts';
import type { L1Handlers } from './l1-handlers.ts';
import { type OpenBlock, openBlock } from './open-block.ts';

/** What every method of one service is made from. */
export interface MethodContext {
  readonly environment: RpcEnvironment;
  readonly network: NetworkParams;
  readonly version: ApiVersion;
  /** Shared by all methods. */
  readonly decoded: DecodedParts;
  /** Null where the node has no L1 to ask. */
  readonly l1Handlers: L1Handlers | null;
}

/**
 * Reads a block that a caller named, all in one view of the store.
 * @throws {RpcFault} invalid params; 24, block not found.
 */
export function withBlock<T>(
  { environment, version, decoded }: MethodContext,
  blockId: unknown,
  read: (view: StateView, block: OpenBlock) => T,
): T {
  const id = parseBlockId(blockId, version);
  using view = environment.store.view();
  return read(view, openBlock(view, resolveBlockId(view, environment, id, version), decoded));
}
