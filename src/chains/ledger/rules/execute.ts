import type { Height, StateTransition } from '../../../engine/index.ts';
import { SynclineError, toHex } from '../../../lib/index.ts';
import type { LedgerParams } from '../params.ts';
import type { Account, Address, PartName, Transfer } from '../types.ts';
import { encodeUnsignedTransfer } from '../wire/transactions-codec.ts';
import { accountKey, decodeAccount, encodeAccount } from './accounts.ts';
import { addressOf, transferId } from './hashes.ts';

/** Gives the genesis accounts their balances: what block 0 does. */
export function executeGenesis(params: LedgerParams, state: StateTransition): void {
  for (const { address, balance } of params.accounts) saveAccount(state, address, { balance, nonce: 0 });
}

/**
 * Plays the transfers of one block in order.
 * @throws {SynclineError} `TRANSFER_INVALID` (fault `peer`), with `check` `nonce` or `balance`.
 */
export function executeTransfers(
  params: LedgerParams,
  state: StateTransition,
  transfers: readonly Transfer[],
  height: Height,
): void {
  for (const transfer of transfers) {
    const from = addressOf(transfer.sender);
    const account = loadAccount(state, from);
    if (transfer.nonce !== account.nonce) {
      throw invalid(params, transfer, height, 'nonce', String(account.nonce), String(transfer.nonce));
    }
    if (transfer.amount > account.balance) {
      throw invalid(params, transfer, height, 'balance', `at least ${transfer.amount}`, String(account.balance));
    }
    saveAccount(state, from, { balance: account.balance - transfer.amount, nonce: account.nonce + 1 });
    // Read only now: sender and receiver may be one.
    const receiver = loadAccount(state, transfer.to);
    saveAccount(state, transfer.to, { ...receiver, balance: receiver.balance + transfer.amount });
  }
}

function loadAccount(state: StateTransition, address: Address): Account {
  return decodeAccount(state.get(accountKey(address)));
}

function saveAccount(state: StateTransition, address: Address, account: Account): void {
  state.set(accountKey(address), encodeAccount(account));
}

function invalid(
  params: LedgerParams,
  transfer: Transfer,
  height: Height,
  check: 'nonce' | 'balance',
  expected: string,
  got: string,
): SynclineError {
  // The proposer signed a block that cannot be executed, so its header is as false as the transfer.
  const parts: readonly PartName[] = ['header', 'transactions'];
  return new SynclineError('TRANSFER_INVALID', 'peer', `a transfer in block ${height} fails the check ${check}`, {
    data: {
      check,
      expected,
      got,
      height,
      transfer: toHex(transferId(params.chainId, encodeUnsignedTransfer(transfer))),
      sender: toHex(addressOf(transfer.sender)),
      parts,
    },
  });
}
