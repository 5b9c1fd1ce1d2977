import {
  type Event,
  type ExecutionResources,
  FELT_ZERO,
  type Felt,
  feltFromBigint,
  joinFelts,
  type MessageToL1,
  type Receipt,
} from '../../chains/starknet/index.ts';
import { starknetKeccak } from '../../crypto/index.ts';
import type { DraftSite } from './draft.ts';
import type { DevnetContract } from './world.ts';

/** What came of a transaction. */
export interface Outcome {
  /** Who pays the fee; null where none is paid. */
  readonly payer: DevnetContract | null;
  readonly events: readonly Event[];
  readonly messages: readonly MessageToL1[];
  readonly revertError: string | null;
}

/** Drafts the receipt of a transaction, with the token's event for the fee at the end. The index is 0. */
export function draftReceipt(site: DraftSite, { payer, events, messages, revertError }: Outcome): Receipt {
  const { random, prices } = site;
  const l1DataGas = 128 * random.below(8);
  const l2Gas = random.between(500_000, 12_000_000);
  const fee = payer === null ? 0n : prices.l1DataFri * BigInt(l1DataGas) + prices.l2Fri * BigInt(l2Gas);
  const gas = { l1Gas: 0, l1DataGas, l2Gas };
  return {
    transactionHash: FELT_ZERO,
    transactionIndex: 0,
    actualFee: feltFromBigint(fee),
    events: payer === null ? events : [...events, feeEvent(site, payer, fee)],
    messagesToL1: messages,
    consumedMessage: null,
    revertError,
    executionResources: draftResources(site, gas),
  };
}

function feeEvent({ random, world }: DraftSite, payer: DevnetContract, fee: bigint): Event {
  const token = world.contracts[0]; // genesis deploys it first
  return {
    fromAddress: token?.address ?? FELT_ZERO,
    keys: joinFelts(TRANSFER, payer.address, random.pick(world.contracts).address),
    data: joinFelts(feltFromBigint(fee), FELT_ZERO),
  };
}

function draftResources({ random }: DraftSite, gas: NonNullable<ExecutionResources['totalGasConsumed']>) {
  const builtins = BUILTINS.filter(() => random.chance(0.5)).map((name) => [name, random.between(1, 4000)]);
  return {
    steps: random.between(2_000, 200_000),
    memoryHoles: random.below(2_000),
    builtins: Object.fromEntries(builtins),
    dataAvailability: { l1Gas: 0, l1DataGas: gas.l1DataGas, l2Gas: 0 },
    totalGasConsumed: gas,
  };
}

const TRANSFER = starknetKeccak(new TextEncoder().encode('Transfer')) as Felt; // 250 bits

/** In the order in which the gateway writes them. */
const BUILTINS = ['bitwise_builtin', 'ec_op_builtin', 'pedersen_builtin', 'poseidon_builtin', 'range_check_builtin'];
