import type { RpcMethod } from '../../../../engine/index.ts';
import { feltFromAscii, feltToHex } from '../../felt.ts';
import { SPEC_VERSIONS } from '../api-version.ts';
import { readTip } from '../block-id.ts';
import type { MethodContext } from '../context.ts';
import { fault } from '../faults.ts';

/** What is asked of the node as a whole. @see Starknet JSON-RPC specification, the methods of these names. */
export function nodeMethods(context: MethodContext): Readonly<Record<string, RpcMethod>> {
  const { network, version } = context;
  return {
    starknet_specVersion: { params: [], call: () => SPEC_VERSIONS[version] },
    starknet_chainId: { params: [], call: () => feltToHex(feltFromAscii(network.chainIds[0] ?? '')) },
    starknet_blockNumber: { params: [], call: () => tipOf(context).height },
    starknet_blockHashAndNumber: {
      params: [],
      call() {
        const { hash, height } = tipOf(context);
        return { block_hash: feltToHex(hash), block_number: height };
      },
    },
    starknet_syncing: { params: [], call: () => syncing(context) },
  };
}

/** @throws {RpcFault} 32, no blocks. */
function tipOf({ environment }: MethodContext) {
  using view = environment.store.view();
  const tip = readTip(view);
  if (tip === null) throw fault('noBlocks');
  return tip;
}

/**
 * `false` near the target, as with Pathfinder: a node that follows the tip is always a block or two behind. Before the
 * first block is stored, sync starts at block 0. What is not known of a block yet, its hash, is zero.
 */
function syncing({ environment, network }: MethodContext): unknown {
  const { first, confirmed, target, targetHash } = environment.progress();
  if (target === null || target - (confirmed?.height ?? -1) < NEAR_BLOCKS) return false;
  const genesis = { height: 0, hash: network.genesisHash ?? '0x0' };
  const current = confirmed === null ? genesis : { height: confirmed.height, hash: feltToHex(confirmed.hash) };
  const starting = first === null ? genesis : { height: first.height, hash: feltToHex(first.hash) };
  return {
    starting_block_hash: starting.hash,
    starting_block_num: starting.height,
    current_block_hash: current.hash,
    current_block_num: current.height,
    // A claim of the sources, as the height is.
    highest_block_hash: targetHash === null ? '0x0' : feltToHex(targetHash),
    highest_block_num: target,
  };
}

/** @see Pathfinder, `crates/rpc/src/method/syncing.rs` */
const NEAR_BLOCKS = 6;
