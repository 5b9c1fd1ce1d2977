import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLedgerDevnet } from '../../../devnet/ledger/index.ts';
import type { StateView } from '../../../engine/index.ts';
import { toHex } from '../../../lib/index.ts';
import { createMemoryStore } from '../../../store/index.ts';
import type { Address } from '../types.ts';
import { accountKey, encodeAccount } from './accounts.ts';
import { commitAccounts } from './state-trie.ts';

/** README, section "AppHash", once more and in the plainest way: whole numbers, strings of bits, recursion. */
function appHashOf(accounts: readonly { address: Uint8Array; balance: bigint; nonce: number }[]): bigint {
  const sha256 = (hex: string) => BigInt(`0x${createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex')}`);
  const hex = (value: bigint, bytes: number) => value.toString(16).padStart(bytes * 2, '0');
  const low = (value: bigint, bits: bigint) => value % 2n ** bits;
  const pair = (left: bigint, right: bigint) => low(sha256(hex(left, 32) + hex(right, 32)), 250n);

  const leaves = accounts.map(({ address, balance, nonce }) => {
    const name = Buffer.from(address).toString('hex');
    return {
      path: low(sha256(name), 251n).toString(2).padStart(251, '0'),
      value: low(sha256(name + hex(balance, 8) + hex(BigInt(nonce), 8)), 250n),
    };
  });
  const rootOf = (below: readonly { path: string; value: bigint }[], depth: number): bigint => {
    const [first] = below;
    if (first === undefined) return 0n;
    let shared = depth;
    while (shared < 251 && below.every(({ path }) => path[shared] === first.path[shared])) shared++;
    const child =
      shared === 251
        ? first.value
        : pair(
            rootOf(
              below.filter(({ path }) => path[shared] === '0'),
              shared + 1,
            ),
            rootOf(
              below.filter(({ path }) => path[shared] === '1'),
              shared + 1,
            ),
          );
    if (shared === depth) return child;
    return pair(child, BigInt(`0b${first.path.slice(depth, shared)}`)) + BigInt(shared - depth);
  };
  return rootOf(leaves, 0);
}

const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
const account = fc.record({ address, balance: fc.bigInt(0n, 2n ** 64n - 1n), nonce: fc.maxSafeNat() });
const distinct = fc.uniqueArray(account, { maxLength: 40, selector: ({ address }) => toHex(address) });

/** Accounts in a store in memory, committed as the engine would. */
function createAccounts() {
  const store = createMemoryStore();
  return (changes: readonly { address: Uint8Array; balance: bigint; nonce: number }[]): string => {
    const writes = changes.map(({ address, balance, nonce }) => ({
      table: 'state' as const,
      key: accountKey(address as Address),
      value: encodeAccount({ balance, nonce }),
    }));
    store.commit(writes);
    using view = store.view();
    const commitment = commitAccounts(view, writes.map(({ key }) => key).sort(Buffer.compare));
    store.commit(commitment.writes);
    return toHex(commitment.root);
  };
}

const asHex = (value: bigint) => `0x${value.toString(16).padStart(64, '0')}`;

describe('the AppHash', () => {
  it('is zero without accounts', () => {
    expect(createAccounts()([])).toBe(asHex(0n));
  });

  it('is what its formula says for any accounts', () => {
    fc.assert(
      fc.property(distinct, (accounts) => {
        const present = accounts.filter(({ balance, nonce }) => balance > 0n || nonce > 0);
        expect(createAccounts()(accounts)).toBe(asHex(appHashOf(present)));
      }),
      { numRuns: 40 },
    );
  });

  it('does not depend on the way that led to the accounts', () => {
    fc.assert(
      fc.property(distinct, distinct, (first, last) => {
        const commit = createAccounts();
        commit(first);
        commit(first.map(({ address }) => ({ address, balance: 0n, nonce: 0 })));
        expect(commit(last)).toBe(createAccounts()(last));
      }),
      { numRuns: 40 },
    );
  });

  it('of a devnet block is that of the accounts after it', () => {
    const devnet = createLedgerDevnet({ seed: 21 });
    for (const count of [0, 1, 60]) {
      devnet.produce(count);
      const accounts = devnet.accounts().map(({ address, account }) => ({ address, ...account }));
      expect(toHex(devnet.head.signed.header.appHash)).toBe(asHex(appHashOf(accounts)));
    }
  });

  it('is not computed over keys that are no accounts', () => {
    const view: StateView = { get: () => undefined, range: () => [], [Symbol.dispose]() {} };
    const commit = (key: Uint8Array) => () => commitAccounts(view, [key]);
    expect(commit(new Uint8Array(21))).toThrow(expect.objectContaining({ code: 'STATE_KEY_UNKNOWN', fault: 'bug' }));
    expect(commit(new Uint8Array(20).fill(1))).toThrow(expect.objectContaining({ code: 'STATE_KEY_UNKNOWN' }));
  });
});
