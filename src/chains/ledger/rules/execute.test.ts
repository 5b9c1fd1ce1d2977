import { describe, expect, it } from 'vitest';
import {
  createLedgerDevnet,
  createSigningKey,
  type DevnetBlock,
  type Forgery,
  forgeBlock,
  signTransfer,
} from '../../../devnet/ledger/index.ts';
import { parseHeight, type SealedBlock, type StateTransition, type Verified } from '../../../engine/index.ts';
import { toHex } from '../../../lib/index.ts';
import { type LedgerParams, parseLedgerOptions } from '../params.ts';
import { createRules } from '../rules-module.ts';
import type { Address, Transfer } from '../types.ts';
import { accountKey, decodeAccount } from './accounts.ts';
import { executeGenesis, executeTransfers } from './execute.ts';

const alice = createSigningKey('alice');
const bob = createSigningKey('bob');
const params: LedgerParams = parseLedgerOptions({
  network: 'test',
  genesis: {
    chainId: 'test',
    timestampS: 0,
    validators: [toHex(alice.publicKey)],
    accounts: [{ address: toHex(alice.address), balance: '100' }],
  },
});

/** A state after genesis, with a look into it. */
function createState(chain: LedgerParams = params) {
  const entries = new Map<string, Uint8Array>();
  const state: StateTransition = {
    get: (key) => entries.get(toHex(key)),
    set(key, value) {
      if (value === null) entries.delete(toHex(key));
      else entries.set(toHex(key), value);
    },
  };
  executeGenesis(chain, state);
  const account = (address: Address) => decodeAccount(state.get(accountKey(address)));
  return { state, account };
}

function transferOf(amount: bigint, nonce: number, to: Address = bob.address): Transfer {
  return signTransfer(alice, 'test', { to, amount, nonce, memo: null });
}

describe('ledger execution', () => {
  it('a transfer moves its amount and counts for its sender', () => {
    const { state, account } = createState();
    executeTransfers(params, state, [transferOf(30n, 0), transferOf(5n, 1)], parseHeight(1));
    expect(account(alice.address)).toEqual({ balance: 65n, nonce: 2 });
    expect(account(bob.address)).toEqual({ balance: 35n, nonce: 0 });
  });

  it('a transfer to oneself changes only the nonce', () => {
    const { state, account } = createState();
    executeTransfers(params, state, [transferOf(100n, 0, alice.address)], parseHeight(1));
    expect(account(alice.address)).toEqual({ balance: 100n, nonce: 1 });
  });

  it('an account that gave all away stays, for its nonce', () => {
    const { state, account } = createState();
    executeTransfers(params, state, [transferOf(100n, 0)], parseHeight(1));
    expect(account(alice.address)).toEqual({ balance: 0n, nonce: 1 });
    expect(state.get(accountKey(alice.address))).toBeDefined();
  });

  it('more than the balance is refused, with what there is', () => {
    const { state } = createState();
    const play = () => executeTransfers(params, state, [transferOf(101n, 0)], parseHeight(4));
    expect(play).toThrow(
      expect.objectContaining({
        code: 'TRANSFER_INVALID',
        fault: 'peer',
        data: expect.objectContaining({ check: 'balance', expected: 'at least 101', got: '100', height: 4 }),
      }),
    );
  });

  it.each([
    [1, 0],
    [0, 1],
  ])('the nonce %i is refused after %i transfers', (nonce, made) => {
    const { state } = createState();
    const before = Array.from({ length: made }, (_, i) => transferOf(1n, i));
    const play = () => executeTransfers(params, state, [...before, transferOf(1n, nonce)], parseHeight(1));
    expect(play).toThrow(
      expect.objectContaining({
        code: 'TRANSFER_INVALID',
        data: expect.objectContaining({ check: 'nonce', expected: String(made), got: String(nonce) }),
      }),
    );
  });
});

describe('ledger blocks that are signed and cannot be executed', () => {
  const devnet = createLedgerDevnet({ seed: 5 });
  devnet.produce(1);
  const rules = createRules(devnet.options);

  it.each<[Forgery, string]>([
    ['overdraft', 'balance'],
    ['nonce', 'nonce'],
  ])('%s passes examination and fails execution', async (forgery, check) => {
    const block = sealed(forgeBlock(devnet, devnet.head, forgery));
    const { state } = createState(parseLedgerOptions(devnet.options));
    const play = async () => rules.execute(state, block);
    await expect(play()).rejects.toMatchObject({ code: 'TRANSFER_INVALID', fault: 'peer', data: { check } });
  });

  function sealed(block: DevnetBlock): Verified<SealedBlock> {
    const examined = rules.examine({
      height: block.ref.height,
      candidates: [
        { part: 'header', bytes: block.header, from: 'a' },
        { part: 'transactions', bytes: block.transactions, from: 'a' },
      ],
      absent: [],
    });
    if (examined.type !== 'sealed') throw new Error('the forged block was not sealed');
    return examined.block;
  }
});
