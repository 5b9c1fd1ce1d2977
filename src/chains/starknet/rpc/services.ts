import type { RpcEnvironment, RpcMethod, RpcService, RpcSubscription } from '../../../engine/index.ts';
import type { NetworkParams } from '../params.ts';
import type { ApiVersion } from './api-version.ts';
import type { MethodContext } from './context.ts';
import { DecodedParts } from './decoded-parts.ts';
import { createEventsMethod } from './events/index.ts';
import { FAULTS } from './faults.ts';
import { blockMethods } from './methods/blocks.ts';
import { classMethods } from './methods/classes.ts';
import { nodeMethods } from './methods/node.ts';
import { stateMethods } from './methods/state.ts';
import { storageProofMethods } from './methods/storage-proof.ts';
import { transactionMethods } from './methods/transactions.ts';
import { events } from './subscriptions/events.ts';
import { newHeads } from './subscriptions/new-heads.ts';
import { transactionStatus } from './subscriptions/transaction-status.ts';
import { newTransactionReceipts, newTransactions, pendingTransactions } from './subscriptions/transactions.ts';

/**
 * The Starknet JSON-RPC in three versions, the newest first. What needs an execution engine, a sequencer to send to or
 * the logs of L1 is foreign.
 * @see https://github.com/starkware-libs/starknet-specs/tree/master/api
 */
export function createStarknetRpc(environment: RpcEnvironment, network: NetworkParams): readonly RpcService[] {
  const decoded = new DecodedParts();
  return VERSIONS.map((version) => createService({ environment, network, version, decoded }));
}

function createService(context: MethodContext): RpcService {
  const { version } = context;
  return {
    path: `/rpc/v0_${version}`,
    methods: readMethods(context),
    subscriptions: subscriptionsOf(context),
    unsubscribe: { method: 'starknet_unsubscribe', param: 'subscription_id', unknown: FAULTS.unknownSubscription },
    foreign: FOREIGN,
  };
}

function readMethods(context: MethodContext): Readonly<Record<string, RpcMethod>> {
  return {
    ...nodeMethods(context),
    ...blockMethods(context),
    ...stateMethods(context),
    ...classMethods(context),
    ...transactionMethods(context),
    ...storageProofMethods(context),
    starknet_getEvents: createEventsMethod(context),
  };
}

function subscriptionsOf(context: MethodContext): Readonly<Record<string, RpcSubscription>> {
  const common = {
    starknet_subscribeNewHeads: newHeads(context),
    starknet_subscribeEvents: events(context),
    starknet_subscribeTransactionStatus: transactionStatus(context),
  };
  if (context.version < 9) return { ...common, starknet_subscribePendingTransactions: pendingTransactions() };
  return {
    ...common,
    starknet_subscribeNewTransactionReceipts: newTransactionReceipts(context),
    starknet_subscribeNewTransactions: newTransactions(context),
  };
}

const VERSIONS: readonly ApiVersion[] = [10, 9, 8];

/**
 * The same in all versions.
 * @see Starknet JSON-RPC specification, `starknet_api_openrpc.json`, `starknet_trace_api_openrpc.json`,
 *   `starknet_write_api.json`
 */
const FOREIGN: readonly string[] = [
  'starknet_call',
  'starknet_estimateFee',
  'starknet_estimateMessageFee',
  'starknet_getMessagesStatus',
  'starknet_traceTransaction',
  'starknet_traceBlockTransactions',
  'starknet_simulateTransactions',
  'starknet_addInvokeTransaction',
  'starknet_addDeclareTransaction',
  'starknet_addDeployAccountTransaction',
];
