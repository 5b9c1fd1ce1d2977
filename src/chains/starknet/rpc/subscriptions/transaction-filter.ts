import type { RpcParams } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import type { Felt, Transaction } from '../../types.ts';
import { isAbsent, listArgument, parseFeltArgument, parseListArgument, parseWordArgument } from '../arguments.ts';
import { fault } from '../faults.ts';

/**
 * Reads `sender_address`; an absent or empty list takes all.
 * @throws {RpcFault} invalid params; 67, too many addresses.
 */
export function parseSenders(params: RpcParams): (tx: Transaction) => boolean {
  const given = params.sender_address;
  if (Array.isArray(given) && given.length > SENDERS_MAX) {
    throw fault('tooManyAddresses', { limit: SENDERS_MAX, requested: given.length });
  }
  const senders = new Set(listArgument(params, 'sender_address', parseFeltArgument)?.map(feltToHex));
  return (tx) => senders.size === 0 || senders.has(feltToHex(senderOf(tx)));
}

/**
 * Reads `finality_status`: which of `known` to tell of, by default `ACCEPTED_ON_L2`.
 * @throws {RpcFault} invalid params.
 */
export function parseFinalities<Word extends string>(
  params: RpcParams,
  known: readonly Word[],
): ReadonlySet<Word | 'ACCEPTED_ON_L2'> {
  const given = params.finality_status;
  if (isAbsent(given)) return new Set(['ACCEPTED_ON_L2']);
  return new Set(parseListArgument(given, 'finality_status', (value, path) => parseWordArgument(value, path, known)));
}

/** Who is behind a transaction: the account, or the contract that is called or deployed where there is none. */
function senderOf(tx: Transaction): Felt {
  return 'senderAddress' in tx ? tx.senderAddress : tx.contractAddress;
}

/** Chosen: more than anyone lists by hand. */
const SENDERS_MAX = 1024;
