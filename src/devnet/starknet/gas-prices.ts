import { feltFromBigint, type ResourcePrice } from '../../chains/starknet/index.ts';
import type { GasPrices } from './draft.ts';
import type { DevnetRandom } from './random.ts';

/** Prices for one block, of the size that mainnet had in 2025. */
export function drawGasPrices(random: DevnetRandom): GasPrices {
  const l1Wei = between(random, 500_000_000, 4_000_000_000);
  const l1DataWei = between(random, 1, 40_000);
  const l2Wei = between(random, 120_000, 200_000);
  const l1Data = inBoth(l1DataWei);
  const l2 = inBoth(l2Wei);
  return {
    l1DataFri: l1Data.fri,
    l2Fri: l2.fri,
    header: { l1GasPrice: toFelts(inBoth(l1Wei)), l1DataGasPrice: toFelts(l1Data), l2GasPrice: toFelts(l2) },
  };
}

interface BothTokens {
  readonly wei: bigint;
  readonly fri: bigint;
}

function inBoth(wei: bigint): BothTokens {
  return { wei, fri: wei * FRI_PER_WEI };
}

function toFelts({ wei, fri }: BothTokens): ResourcePrice {
  return { wei: feltFromBigint(wei), fri: feltFromBigint(fri) };
}

function between(random: DevnetRandom, min: number, max: number): bigint {
  return BigInt(random.between(min, max));
}

/** About what one ETH cost in STRK in 2025; chosen. */
const FRI_PER_WEI = 22_000n;
