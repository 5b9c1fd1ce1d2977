import { concatBytes, readU64be, SynclineError, toHex, u64be } from '../../../lib/index.ts';
import type { Account, Address } from '../types.ts';
import { bigU64be } from '../wire/integers.ts';

/** Sub-table of `state`: address 20 → balance u64 | nonce u64. An account with neither is not there. */
export const ACCOUNT_PREFIX = 0x01;

export function accountKey(address: Address): Uint8Array {
  const key = new Uint8Array(1 + address.length);
  key[0] = ACCOUNT_PREFIX;
  key.set(address, 1);
  return key;
}

export function encodeAccount(account: Account): Uint8Array | null {
  if (account.balance === 0n && account.nonce === 0) return null;
  return concatBytes(bigU64be(account.balance), u64be(account.nonce));
}

/** Reads what `encodeAccount` stored. @throws {SynclineError} `STORE_CORRUPT` (fault `local`). */
export function decodeAccount(value: Uint8Array | undefined): Account {
  if (value === undefined) return { balance: 0n, nonce: 0 };
  if (value.length !== 16) {
    throw new SynclineError('STORE_CORRUPT', 'local', 'a stored account is not 16 bytes', {
      data: { got: toHex(value) },
    });
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return { balance: view.getBigUint64(0), nonce: readU64be(value, 8) };
}
