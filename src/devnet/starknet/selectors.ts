import type { Felt } from '../../chains/starknet/index.ts';
import { starknetKeccak } from '../../crypto/index.ts';

/** The selector of a function or event. @see https://docs.starknet.io/learn/protocol/cryptography, "Starknet Keccak" */
export function selectorOf(name: string): Felt {
  return starknetKeccak(new TextEncoder().encode(name)) as Felt; // 250 bits
}

/** A function that contracts of the devnet may have. */
export interface NamedFunction {
  readonly name: string;
  readonly selector: Felt;
}

/** Functions to be called from outside, in the order of their selectors, as compilers list them. */
export const EXTERNALS: readonly NamedFunction[] = named([
  'transfer',
  'approve',
  'balance_of',
  'swap',
  'mint',
  'burn',
  'stake',
  'vote',
  'claim',
]);
export const L1_HANDLERS: readonly NamedFunction[] = named(['handle_deposit', 'handle_message']);
export const CONSTRUCTORS: readonly NamedFunction[] = named(['constructor']);

function named(names: readonly string[]): readonly NamedFunction[] {
  return names
    .map((name) => ({ name, selector: selectorOf(name) }))
    .sort((a, b) => Buffer.compare(a.selector, b.selector));
}
