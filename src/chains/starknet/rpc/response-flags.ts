import type { RpcParams } from '../../../engine/index.ts';
import type { ApiVersion } from './api-version.ts';
import { isAbsent, parseListArgument, parseWordArgument } from './arguments.ts';

/**
 * Flags that ask for more than the plain answer, of methods that return transactions.
 * @see Starknet JSON-RPC specification 0.10, `TXN_RESPONSE_FLAG`
 */
export const PROOF_FACTS = { param: 'response_flags?', flag: 'INCLUDE_PROOF_FACTS' } as const;

/** Flags of `starknet_getStorageAt`. @see Starknet JSON-RPC specification 0.10, `STORAGE_RESPONSE_FLAG` */
export const LAST_UPDATE = { param: 'response_flags?', flag: 'INCLUDE_LAST_UPDATE_BLOCK' } as const;

/** @throws {RpcFault} invalid params for a flag that does not exist. */
export function proofFactsWanted(params: RpcParams, version: ApiVersion): boolean {
  return isFlagged(params, { version, name: 'response_flags', flag: PROOF_FACTS.flag });
}

/** @throws {RpcFault} invalid params for a flag that does not exist. */
export function lastUpdateWanted(params: RpcParams, version: ApiVersion): boolean {
  return isFlagged(params, { version, name: 'response_flags', flag: LAST_UPDATE.flag });
}

/** As `proofFactsWanted`, for subscriptions, whose flags are called `tags`. */
export function proofFactsTagged(params: RpcParams, version: ApiVersion): boolean {
  return isFlagged(params, { version, name: 'tags', flag: PROOF_FACTS.flag });
}

function isFlagged(
  params: RpcParams,
  { version, name, flag }: { readonly version: ApiVersion; readonly name: string; readonly flag: string },
): boolean {
  const given = params[name];
  if (version < 10 || isAbsent(given)) return false;
  return parseListArgument(given, name, (value, path) => parseWordArgument(value, path, [flag])).length > 0;
}
