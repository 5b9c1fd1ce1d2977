import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { FELT_ZERO, feltToHex } from '../felt.ts';
import { parsePending, parsePreConfirmed } from './parse-provisional.ts';

const root = vectorsDir();
const read = (file: string): Record<string, unknown> => JSON.parse(readFileSync(`${root}/starknet/${file}`, 'utf8'));
const at = { height: 955_821, parentHash: FELT_ZERO };

describe.skipIf(root === null)('a captured pre-confirmed block', () => {
  const file = 'sepolia-integration/preconfirmed_block/955821.json';

  it('is read with all that was executed and one merged state diff', () => {
    const block = parsePreConfirmed(read(file), at);
    expect(block.header).toMatchObject({
      number: 955_821,
      version: '0.14.0',
      l1DaMode: 'BLOB',
      timestampS: 1_750_070_979,
    });
    expect(block.transactions).toHaveLength(9);
    expect(block.receipts).toHaveLength(9);
    const addresses = block.stateDiff.storageDiffs.map(({ address }) => feltToHex(address));
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it('has its candidates behind what was executed, wherever they stood', () => {
    const json = read(file) as {
      transaction_receipts: unknown[];
      transaction_state_diffs: unknown[];
      transactions: { transaction_hash: string }[];
    };
    json.transaction_receipts[2] = null;
    json.transaction_state_diffs[2] = null;
    const block = parsePreConfirmed(json, at);
    expect(block.receipts).toHaveLength(8);
    expect(feltToHex(block.transactions[8]?.hash ?? FELT_ZERO)).toBe(json.transactions[2]?.transaction_hash);
    block.receipts.forEach((receipt, i) => {
      expect(receipt.transactionHash).toEqual(block.transactions[i]?.hash);
    });
  });

  it.each<[string, (json: Record<string, unknown[]>) => void]>([
    ['a receipt too few', (json) => void json.transaction_receipts?.pop()],
    ['a state diff too many', (json) => void json.transaction_state_diffs?.push(null)],
    ['the receipt of another transaction', (json) => void json.transaction_receipts?.reverse()],
    ['a status of a finished block', (json) => Object.assign(json, { status: 'ACCEPTED_ON_L2' })],
  ])('with %s is refused', (_, damage) => {
    const json = read(file) as Record<string, unknown[]>;
    damage(json);
    expect(() => parsePreConfirmed(json, at)).toThrow(
      expect.objectContaining({ code: 'GATEWAY_MALFORMED', fault: 'peer' }),
    );
  });
});

describe.skipIf(root === null)('a captured pending block', () => {
  it.each(['integration', 'sepolia-integration', 'mainnet'])('of %s is read as what it is', (network) => {
    const json = read(`${network}/state_update_with_block/pending.json`) as { block: Record<string, unknown> };
    const parsed = parsePending(json, 7);
    if (json.block.block_hash !== undefined) {
      expect(parsed).toBeNull();
      return;
    }
    expect(parsed?.header).toMatchObject({ number: 7, hash: FELT_ZERO, stateRoot: FELT_ZERO });
    expect(feltToHex(parsed?.parentHash ?? FELT_ZERO)).toBe(json.block.parent_block_hash);
  });

  it.each<[string, (receipts: { transaction_hash: string }[]) => void]>([
    ['the receipt of another transaction', (receipts) => void receipts.reverse()],
    ['a receipt too few', (receipts) => void receipts.pop()],
  ])('with %s is refused', (_, damage) => {
    const json = read('sepolia-integration/state_update_with_block/pending.json') as {
      block: { transaction_receipts: { transaction_hash: string }[] };
    };
    damage(json.block.transaction_receipts);
    expect(() => parsePending(json, 7)).toThrow(expect.objectContaining({ code: 'GATEWAY_MALFORMED', fault: 'peer' }));
  });
});
