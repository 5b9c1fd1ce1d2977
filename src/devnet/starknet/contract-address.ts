import {
  FELT_ZERO,
  type Felt,
  type Felts,
  feltFromAscii,
  feltFromBigint,
  feltToBigint,
  joinFelts,
} from '../../chains/starknet/index.ts';
import type { FeltHasher } from '../../crypto/index.ts';

/**
 * The address of a contract that a DEPLOY_ACCOUNT transaction deploys, whose deployer counts as zero.
 * @see https://docs.starknet.io/learn/protocol/contract-address
 */
export function accountAddress(
  hasher: FeltHasher,
  deployed: { readonly classHash: Felt; readonly salt: Felt; readonly constructorCalldata: Felts },
): Felt {
  const { classHash, salt, constructorCalldata } = deployed;
  const calldataHash = hasher.pedersenArrays([constructorCalldata]);
  const hash = hasher.pedersenArrays([joinFelts(PREFIX, FELT_ZERO, salt, classHash, calldataHash)]);
  return feltFromBigint(feltToBigint(hash) % ADDRESS_BOUND);
}

const PREFIX = feltFromAscii('STARKNET_CONTRACT_ADDRESS');
/** Addresses leave 256 values free at the upper end. @see cairo-lang, `storage.cairo`, `ADDR_BOUND` */
const ADDRESS_BOUND = 2n ** 251n - 256n;
