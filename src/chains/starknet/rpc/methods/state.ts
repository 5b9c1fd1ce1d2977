import type { RpcMethod, RpcParams } from '../../../../engine/index.ts';
import { feltToHex } from '../../felt.ts';
import type { Felt } from '../../types.ts';
import { feltArgument } from '../arguments.ts';
import { type MethodContext, withBlock } from '../context.ts';
import { fault, invalidParams } from '../faults.ts';
import { isSystemContract, type OpenState, openState } from '../open-state.ts';
import { LAST_UPDATE, lastUpdateWanted } from '../response-flags.ts';

/** The state of a contract after a block. @see Starknet JSON-RPC specification, the methods of these names. */
export function stateMethods(context: MethodContext): Readonly<Record<string, RpcMethod>> {
  const contract = (params: RpcParams, read: (state: OpenState, address: Felt) => unknown) => {
    const address = feltArgument(params, 'contract_address');
    return withBlock(context, params.block_id, (view, block) => read(openState(view, block.resolved), address));
  };
  return {
    starknet_getStorageAt: {
      params: ['contract_address', 'key', 'block_id', ...(context.version < 10 ? [] : [LAST_UPDATE.param])],
      call: (params) => {
        const key = storageKeyArgument(params);
        const isFlagged = lastUpdateWanted(params, context.version);
        return contract(params, (state, address) => {
          if (!isSystemContract(address)) deployed(state, address);
          const { value, updatedAt } = state.storage(address, key);
          return isFlagged ? { value: feltToHex(value), last_update_block: updatedAt } : feltToHex(value);
        });
      },
    },
    starknet_getNonce: {
      params: ['block_id', 'contract_address'],
      call: (params) =>
        contract(params, (state, address) => {
          deployed(state, address);
          return feltToHex(state.nonce(address));
        }),
    },
    starknet_getClassHashAt: {
      params: ['block_id', 'contract_address'],
      call: (params) => contract(params, (state, address) => feltToHex(deployed(state, address))),
    },
  };
}

/** The class of a contract. @throws {RpcFault} 20, contract not found. */
export function deployed(state: OpenState, address: Felt): Felt {
  const classHash = state.classHash(address);
  if (classHash === null) throw fault('contractNotFound');
  return classHash;
}

/** A `STORAGE_KEY`: below 2^251. @throws {RpcFault} invalid params. */
function storageKeyArgument(params: RpcParams): Felt {
  const key = feltArgument(params, 'key');
  if ((key[0] as number) >= 8) throw invalidParams('key', 'a storage key below 2^251'); // a felt has 32 bytes
  return key;
}
