import { createRequire } from 'node:module';
import type * as ScureStarknet from '@scure/starknet';

/**
 * The curve library, loaded when it is first needed: it computes tables of Pedersen points as it loads, for which every
 * thread would pay some 9 MB and 50 ms. Most never use it: it is the twin of the kernels, and signs.
 */
export function scureStarknet(): typeof ScureStarknet {
  loaded ??= createRequire(import.meta.url)('@scure/starknet') as typeof ScureStarknet;
  return loaded;
}

let loaded: typeof ScureStarknet | undefined;
