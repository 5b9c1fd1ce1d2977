import { type RenderedObject, renderBlock, renderStateUpdate } from '../../chains/starknet/wire/index.ts';
import type { StarknetDevnet } from './starknet-devnet.ts';

/** A devnet whose newest block is shown as being built: it becomes the head when the next one is made. */
export interface Building {
  /** The devnet without its newest block. */
  readonly closed: StarknetDevnet;
  /**
   * What `get_preconfirmed_block` answers for the newest block, null for other heights. With each answer one more
   * transaction has been executed; the one behind it is a candidate.
   */
  preConfirmed(height: number): RenderedObject | null;
}

export function createBuilding(devnet: StarknetDevnet): Building {
  let ofHash = '';
  let executed = 0;
  /** Genesis is never being built. */
  const topHeight = () => Math.max(0, devnet.head.height - 1);
  const isClosed = (height: number) => height <= topHeight();
  const closed: StarknetDevnet = Object.create(devnet, {
    head: { get: () => devnet.shelvedAt(topHeight())?.ref ?? devnet.head },
    blockAt: { value: (height: number) => (isClosed(height) ? devnet.blockAt(height) : null) },
    shelvedAt: { value: (height: number) => (isClosed(height) ? devnet.shelvedAt(height) : null) },
    heightOf: {
      value: (hash: Uint8Array) => {
        const height = devnet.heightOf(hash);
        return height !== null && isClosed(height) ? height : null;
      },
    },
  });
  return {
    closed,
    preConfirmed(height) {
      if (height !== devnet.head.height || isClosed(height)) return null;
      const made = devnet.blockAt(height);
      if (made === null) return null;
      const block = renderBlock(made.block);
      const hash = String(block.block_hash);
      if (hash !== ofHash) [ofHash, executed] = [hash, 0];
      const transactions = block.transactions as readonly RenderedObject[]; // as rendered above
      const receipts = block.transaction_receipts as readonly RenderedObject[]; // likewise
      executed = Math.min(executed + 1, transactions.length);
      const shown = transactions.slice(0, executed + 1);
      const diff = renderStateUpdate(made.stateUpdate).state_diff as RenderedObject;
      return {
        status: 'PRE_CONFIRMED',
        ...pick(block, CIRCUMSTANCES),
        transactions: shown,
        transaction_receipts: shown.map((_, i) => (i < executed ? receipts[i] : null)),
        // The last one brings all that the block changes.
        transaction_state_diffs: shown.map((_, i) =>
          i >= executed ? null : i === transactions.length - 1 ? diff : NO_CHANGES,
        ),
      };
    },
  };
}

function pick(object: RenderedObject, names: readonly string[]): RenderedObject {
  return Object.fromEntries(names.filter((name) => name in object).map((name) => [name, object[name]]));
}

const CIRCUMSTANCES = [
  'starknet_version',
  'l1_da_mode',
  'l1_gas_price',
  'l1_data_gas_price',
  'l2_gas_price',
  'timestamp',
  'sequencer_address',
];
const NO_CHANGES = {
  storage_diffs: {},
  nonces: {},
  deployed_contracts: [],
  declared_classes: [],
  old_declared_contracts: [],
  replaced_classes: [],
};
