import { FELT_ZERO, feltFromBigint, feltFromNumber, NO_FELTS, type V3Fields } from '../../chains/starknet/index.ts';
import type { DraftSite } from './draft.ts';
import type { DevnetContract } from './world.ts';

/** Takes the sender's next nonce, which the state diff will show. */
export function useNonce({ world, changes }: DraftSite, sender: DevnetContract): number {
  changes.senders.add(sender);
  return world.useNonce(sender);
}

/** Draws what transactions of version 3 have in common. */
export function v3Fields({ random, prices }: DraftSite, nonce: number): V3Fields {
  const price = (fri: bigint) => feltFromBigint((fri * 3n) / 2n);
  const amount = (end: number) => feltFromNumber(random.below(end));
  return {
    nonce: feltFromNumber(nonce),
    tip: random.chance(0.2) ? random.amount() : FELT_ZERO,
    l1Gas: { maxAmount: FELT_ZERO, maxPricePerUnit: price(prices.l1DataFri) },
    l2Gas: { maxAmount: amount(2 ** 31), maxPricePerUnit: price(prices.l2Fri) },
    // Older wallets leave this bound out, which gives another hash than a bound of zero.
    l1DataGas: random.chance(0.06) ? null : { maxAmount: amount(2 ** 12), maxPricePerUnit: price(prices.l1DataFri) },
    paymasterData: NO_FELTS,
    nonceDataAvailabilityMode: 0,
    feeDataAvailabilityMode: 0,
  };
}
