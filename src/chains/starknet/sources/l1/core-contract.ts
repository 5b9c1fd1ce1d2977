import { sourceError } from '../source-error.ts';
import type { RpcClient } from './json-rpc.ts';
import {
  type CoreState,
  type L1Block,
  parseCoreState,
  parseL1Block,
  parseQuantity,
  parseStateUpdateLog,
  STATE_UPDATE_TOPIC,
  type StateUpdateLog,
  toQuantity,
  VIEWS,
} from './l1-values.ts';

/** Heights of L1, both included. */
export interface L1Range {
  readonly from: number;
  readonly to: number;
}

/** Typed questions about L1 and the core contract on it. Each throws what `RpcClient.call` does. */
export interface CoreContract {
  /** EIP-155 chain id. */
  chainId(): Promise<number>;
  latest(): Promise<number>;
  finalized(): Promise<L1Block>;
  /** What the contract says after a block of L1. */
  stateAt(l1Block: number): Promise<CoreState>;
  /** State updates in a range, in order. */
  updates(range: L1Range): Promise<readonly StateUpdateLog[]>;
  /** New state updates as they come, and those that a reorg took back; null where the node cannot push. */
  readonly subscribe: ((onLog: (log: unknown) => void) => Promise<void>) | null;
  /** Parses what `subscribe` delivers. @throws {SynclineError} `SOURCE_BAD_ANSWER`. */
  parseLog(log: unknown): StateUpdateLog;
}

/** @param address The core contract, `0x` and 40 digits. */
export function createCoreContract(rpc: RpcClient, address: string, signal: AbortSignal): CoreContract {
  const call = (method: string, params: readonly unknown[]) => rpc.call(method, params, { signal });
  const filter = { address, topics: [STATE_UPDATE_TOPIC] };
  const view = (selector: string, l1Block: number) =>
    call('eth_call', [{ to: address, data: selector }, toQuantity(l1Block)]);
  const { subscribeLogs } = rpc;
  return {
    chainId: async () => parseQuantity(await call('eth_chainId', []), 'chain id'),
    latest: async () => parseQuantity(await call('eth_blockNumber', []), 'block number'),
    async finalized() {
      const block = await call('eth_getBlockByNumber', ['finalized', false]);
      if (block === null) throw sourceError('SOURCE_UNAVAILABLE', 'L1 has no finalized block yet', {});
      return parseL1Block(block);
    },
    async stateAt(l1Block) {
      const stateRoot = await view(VIEWS.stateRoot, l1Block);
      const stateBlockNumber = await view(VIEWS.stateBlockNumber, l1Block);
      const stateBlockHash = await view(VIEWS.stateBlockHash, l1Block);
      return parseCoreState({ stateRoot, stateBlockNumber, stateBlockHash });
    },
    async updates({ from, to }) {
      const range = { fromBlock: toQuantity(from), toBlock: toQuantity(to) };
      const logs = await call('eth_getLogs', [{ ...filter, ...range }]);
      if (!Array.isArray(logs)) throw sourceError('SOURCE_BAD_ANSWER', 'logs are no list', { got: typeof logs });
      const updates = logs.map((log) => parseStateUpdateLog(log, address)).filter(({ removed }) => !removed);
      const outside = updates.find(({ l1Block }) => l1Block < from || l1Block > to);
      if (outside === undefined) return updates;
      const data = { expected: `${from} to ${to}`, got: outside.l1Block };
      throw sourceError('SOURCE_BAD_ANSWER', 'a log is outside the range that was asked for', data);
    },
    subscribe: subscribeLogs === null ? null : (onLog) => subscribeLogs(filter, onLog, { signal }),
    parseLog: (log) => parseStateUpdateLog(log, address),
  };
}
