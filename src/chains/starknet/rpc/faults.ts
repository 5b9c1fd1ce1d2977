import { RpcFault, type RpcFaultBody } from '../../../engine/index.ts';

/**
 * The errors of the Starknet JSON-RPC that reads can end with. Codes and messages are the same in 0.8 to 0.10.
 * @see Starknet JSON-RPC specification, `components/errors` of `starknet_api_openrpc.json` and `starknet_ws_api.json`;
 *   `COMPILATION_ERROR` of `starknet_executables.json`
 */
export const FAULTS = {
  contractNotFound: { code: 20, message: 'Contract not found' },
  blockNotFound: { code: 24, message: 'Block not found' },
  invalidTransactionIndex: { code: 27, message: 'Invalid transaction index in a block' },
  classHashNotFound: { code: 28, message: 'Class hash not found' },
  transactionHashNotFound: { code: 29, message: 'Transaction hash not found' },
  pageSizeTooBig: { code: 31, message: 'Requested page size is too big' },
  noBlocks: { code: 32, message: 'There are no blocks' },
  invalidContinuationToken: { code: 33, message: 'The supplied continuation token is invalid or unknown' },
  tooManyKeys: { code: 34, message: 'Too many keys provided in a filter' },
  storageProofNotSupported: {
    code: 42,
    message: "the node doesn't support storage proofs for blocks that are too far in the past",
  },
  compilationError: { code: 100, message: 'Failed to compile the contract' },
  unknownSubscription: { code: 66, message: 'Invalid subscription id' },
  tooManyAddresses: { code: 67, message: 'Too many addresses in filter sender_address filter' },
  tooManyBlocksBack: { code: 68, message: 'Cannot go back more than 1024 blocks' },
} as const satisfies Readonly<Record<string, RpcFaultBody>>;

/** One of the documented errors, with `data` where it says more than the message. */
export function fault(name: keyof typeof FAULTS, data?: unknown): RpcFault {
  return new RpcFault(data === undefined ? FAULTS[name] : { ...FAULTS[name], data });
}

/**
 * Parameters that do not fit the method: `data` says which and why.
 * @see https://www.jsonrpc.org/specification, "Error object"
 */
export function invalidParams(param: string, expected: string): RpcFault {
  return new RpcFault({ code: -32602, message: 'Invalid params', data: { reason: `${param}: expected ${expected}` } });
}
