import type { RpcEnvironment, RpcMethod, RpcService, RpcSubscription } from '../../../engine/index.ts';
import type { L1Messages } from '../l1-messages.ts';
import type { NetworkParams } from '../params.ts';
import type { ApiVersion } from './api-version.ts';
import type { MethodContext } from './context.ts';
import { DecodedParts } from './decoded-parts.ts';
import { createEventsMethod } from './events/index.ts';
import { FAULTS } from './faults.ts';
import { createL1Handlers } from './l1-handlers.ts';
import { blockMethods } from './methods/blocks.ts';
import { classMethods } from './methods/classes.ts';
import { MESSAGES_STATUS, messageMethods } from './methods/messages.ts';
import { nodeMethods } from './methods/node.ts';
import { stateMethods } from './methods/state.ts';
import { storageProofMethods } from './methods/storage-proof.ts';
import { transactionMethods } from './methods/transactions.ts';
import { events } from './subscriptions/events.ts';
import { newHeads } from './subscriptions/new-heads.ts';
import { transactionStatus } from './subscriptions/transaction-status.ts';
import { newTransactionReceipts, newTransactions, pendingTransactions } from './subscriptions/transactions.ts';

/**
 * The Starknet JSON-RPC in three versions, the newest first. What needs an execution engine or a sequencer to send to is
 * foreign, and without an L1 so is what became of its messages.
 *
 * @param l1Messages Who knows what L1 sent; null where nobody does.
 * @see https://github.com/starkware-libs/starknet-specs/tree/master/api
 */
export function createStarknetRpc(
  environment: RpcEnvironment,
  network: NetworkParams,
  l1Messages: L1Messages | null = null,
): readonly RpcService[] {
  const decoded = new DecodedParts();
  const l1Handlers = l1Messages === null ? null : createL1Handlers(l1Messages, network);
  return VERSIONS.map((version) => createService({ environment, network, version, decoded, l1Handlers }));
}

function createService(context: MethodContext): RpcService {
  const { version, l1Handlers } = context;
  return {
    path: `/rpc/v0_${version}`,
    methods: readMethods(context),
    subscriptions: subscriptionsOf(context),
    unsubscribe: { method: 'starknet_unsubscribe', param: 'subscription_id', unknown: FAULTS.unknownSubscription },
    foreign: l1Handlers === null ? [...FOREIGN, MESSAGES_STATUS] : FOREIGN,
    foreignReasons: { [MESSAGES_STATUS]: NO_L1 },
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
    ...messageMethods(context),
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
  'starknet_traceTransaction',
  'starknet_traceBlockTransactions',
  'starknet_simulateTransactions',
  'starknet_addInvokeTransaction',
  'starknet_addDeclareTransaction',
  'starknet_addDeployAccountTransaction',
];

const NO_L1 =
  'this node has no L1 to ask; started with --l1.url URL it answers by itself, with --rpc.upstream URL it passes such calls on';
