import { describe, expect, it } from 'vitest';
import { createLedgerDevnet, type DevnetBlock, type Forgery, forgeBlock } from '../../../devnet/ledger/index.ts';
import type { Candidate, ChainRules, Examination } from '../../../engine/index.ts';
import { toHex } from '../../../lib/index.ts';
import { createRules } from '../rules-module.ts';
import { encodeBlock } from '../wire/block-codec.ts';

const devnet = createLedgerDevnet({ seed: 11 });
devnet.produce(30);
const rules: ChainRules = createRules(devnet.options);

/** The first block with, or without, transfers. */
function blockWith(transfers: boolean): DevnetBlock {
  for (let height = 1; ; height++) {
    const block = devnet.blockAt(height);
    if (block === null) throw new Error('the devnet made no such block');
    if (block.transfers.length > 0 === transfers) return block;
  }
}

const full = blockWith(true);
const empty = blockWith(false);

const header = (block: DevnetBlock, from = 'a'): Candidate => ({ part: 'header', bytes: block.header, from });
const transactions = (block: DevnetBlock): Candidate => ({
  part: 'transactions',
  bytes: block.transactions,
  from: 'b',
});
const whole = (block: DevnetBlock): Candidate => ({
  part: 'block',
  bytes: encodeBlock(block.header, block.transactions),
  from: 'c',
});

function examine(block: DevnetBlock, ...candidates: readonly Candidate[]): Examination {
  return rules.examine({ height: block.ref.height, candidates, absent: [] });
}

function rejection(check: string, parts: readonly string[], fault = 'peer') {
  return expect.objectContaining({ code: 'BLOCK_REJECTED', fault, data: expect.objectContaining({ check, parts }) });
}

describe('ledger examination', () => {
  it('asks for the header first, else for the whole block', () => {
    expect(rules.needs(full.ref.height)).toEqual([
      {
        height: full.ref.height,
        part: 'header',
        weight: 'seal',
        fallbacks: [{ height: full.ref.height, part: 'block', weight: 'seal' }],
      },
    ]);
  });

  it('asks for transactions once the header says that there are some', () => {
    expect(examine(full, header(full))).toEqual({
      type: 'needs',
      needs: [expect.objectContaining({ part: 'transactions', weight: 'seal' })],
    });
  });

  it('seals an empty block with its header alone', () => {
    const examined = examine(empty, header(empty));
    expect(examined).toMatchObject({ type: 'sealed', block: { counts: { transactions: 0 }, from: { header: 'a' } } });
  });

  it.each([
    ['header and transactions', () => [header(full), transactions(full)], { header: 'a', transactions: 'b' }],
    ['header and block', () => [header(full), whole(full)], { header: 'a', transactions: 'c' }],
    ['block', () => [whole(full)], { header: 'c', transactions: 'c' }],
    ['transactions and block', () => [transactions(full), whole(full)], { header: 'c', transactions: 'b' }],
  ])('seals the same block from %s', (_, candidates, from) => {
    expect(examine(full, ...candidates())).toEqual({
      type: 'sealed',
      block: expect.objectContaining({
        ref: full.ref,
        stateRoot: full.signed.header.appHash,
        proofs: { header: 'signature', transactions: 'hash', state: 'state-root' },
        parts: { header: full.header, transactions: full.transactions },
        from,
      }),
    });
  });

  it.each<[Forgery, string]>([
    ['block-hash', 'block-hash'],
    ['signature', 'signature'],
    ['proposer', 'proposer'],
  ])('refuses a header with a false %s before asking for transactions', (forgery, check) => {
    const forged = forgeBlock(devnet, full, forgery);
    expect(() => examine(full, header(forged))).toThrow(rejection(check, ['header']));
  });

  it('refuses the header of another height, of another chain, and another genesis', () => {
    const other = createLedgerDevnet({ seed: 11, chainId: 'elsewhere' }).head;
    const sibling = createLedgerDevnet({ seed: 12 }).head;
    const genesis = devnet.blockAt(0) as DevnetBlock; // there is always a genesis
    expect(() => examine(full, header(empty))).toThrow(rejection('height', ['header']));
    expect(() => examine(genesis, header(other))).toThrow(rejection('chain-id', ['header']));
    expect(() => examine(genesis, header(sibling))).toThrow(rejection('genesis', ['header']));
  });

  it('refuses transactions that the header does not commit to, and blames only them', () => {
    const forged = forgeBlock(devnet, full, 'transactions');
    expect(() => examine(full, header(full), transactions(forged))).toThrow(
      rejection('transactions-root', ['transactions']),
    );
    const added = forgeBlock(devnet, empty, 'transactions');
    expect(() => examine(empty, header(empty), transactions(added))).toThrow(
      rejection('transaction-count', ['transactions']),
    );
  });

  it('blames the proposer too for a transfer that its sender did not sign', () => {
    const forged = forgeBlock(devnet, full, 'transfer-signature');
    expect(() => examine(full, header(forged), transactions(forged))).toThrow(
      rejection('transfer-signature', ['header', 'transactions']),
    );
  });

  it('calls it the fault of a source, not a lie, when two parts are from two branches', () => {
    const twin = createLedgerDevnet({ seed: 11 });
    twin.produce(30);
    twin.reorg(30 - full.ref.height + 1, 1);
    const rival = twin.head;
    expect(rival.ref.height).toBe(full.ref.height);
    expect(() => examine(full, header(full), transactions(rival))).toThrow(
      rejection('branch', ['transactions'], 'source'),
    );
    expect(() => examine(full, header(full), whole(rival))).toThrow(rejection('branch', ['header', 'block'], 'source'));
  });

  it('calls it a lie when a block joins the header of one branch with the transactions of another', () => {
    const bytes = encodeBlock(full.header, empty.transactions);
    expect(() => examine(full, { part: 'block', bytes, from: 'c' })).toThrow(rejection('branch', ['block']));
  });

  it('uses the first of two candidates for one part', () => {
    const forged = forgeBlock(devnet, empty, 'signature');
    expect(examine(empty, header(empty), header(forged))).toMatchObject({
      type: 'sealed',
      block: { from: { header: 'a' } },
    });
    expect(() => examine(empty, header(forged), header(empty))).toThrow(rejection('signature', ['header']));
  });

  it('a verdict names the block that was meant, with expected and got', () => {
    const forged = forgeBlock(devnet, full, 'block-hash');
    try {
      examine(full, header(forged));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        data: {
          expected: toHex(full.hash),
          got: toHex(forged.hash),
          hash: toHex(forged.hash),
          height: full.ref.height,
        },
      });
    }
  });
});
