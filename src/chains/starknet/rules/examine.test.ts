import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import type { Candidate, Examination, Height, Need } from '../../../engine/index.ts';
import { parseHash32, parseHeight } from '../../../engine/index.ts';
import { fromHex, readU64be, toHex } from '../../../lib/index.ts';
import { testChain } from '../../../testing/index.ts';
import { feltFromNumber, parseFelt } from '../felt.ts';
import { NETWORKS } from '../params.ts';
import { decodeHeader, decodeReceipts, decodeSignature, decodeStateDiff, decodeTransactions } from '../stored/index.ts';
import { createStarknetRules, type StarknetRulesOptions } from './create-rules.ts';
import { eventIndexWrites } from './event-index.ts';
import { transactionIndexKey } from './examine.ts';
import { networkOf, openVectors } from './testing.ts';

const root = vectorsDir();
const vectors = openVectors(root === null ? null : (file) => readFileSync(`${root}/starknet/${file}`, 'utf8'));

const FOLDERS = { block: 'block', stateUpdate: 'state_update', signature: 'signature', class: 'class' } as const;

/** @param name Height, or class hash. */
function read(network: string, part: keyof typeof FOLDERS, name: number | string): Uint8Array | null {
  const path = `${root}/starknet/${network}/${FOLDERS[part]}/${name}.json`;
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : null;
}

function rulesOf(network: string, options: Partial<StarknetRulesOptions> = {}) {
  return createStarknetRules({ network: networkOf(network), ...options });
}

function examine(
  network: string,
  height: number,
  candidates: readonly Candidate[],
  options: Partial<StarknetRulesOptions> & { readonly absent?: readonly string[] } = {},
): Examination {
  const { absent = [], ...rest } = options;
  return rulesOf(network, rest).examine({ height: height as Height, candidates, absent });
}

function candidate(part: string, json: unknown, from = `source of ${part}`): Candidate {
  return { part, bytes: new TextEncoder().encode(JSON.stringify(json)), from };
}

function json(file: string): Record<string, unknown> {
  return vectors.json(file) as Record<string, unknown>;
}

/** What examining throws, as code, fault and data. */
function refusal(call: () => unknown): { code: string; fault: string; data: Record<string, unknown> } {
  try {
    call();
  } catch (error) {
    return error as { code: string; fault: string; data: Record<string, unknown> };
  }
  throw new Error('nothing was thrown');
}

describe.skipIf(!vectors.areThere)('the rules of a captured network', () => {
  const chains: readonly (readonly [string, number, number])[] = [
    ['sepolia', 6, 4],
    ['mainnet', 9, 1],
    ['goerli2', 6, 1],
  ];
  for (const [network, head, damagesPerPart] of chains) {
    testChain({ describe, it }, `starknet, ${network}`, () => ({
      rules: rulesOf(network),
      head,
      damagesPerPart,
      supply: ({ part, height, id }: Need) => read(network, part as keyof typeof FOLDERS, id ?? height),
      expected(height) {
        const { header } = vectors.block(`${network}/block/${height}.json`);
        return { hash: parseHash32(header.hash), stateRoot: parseHash32(header.stateRoot) };
      },
      report(finding) {
        throw new Error(finding); // with another hash in one part, the parts contradict each other
      },
    }));
  }
});

describe.skipIf(!vectors.areThere)('examining', () => {
  const parts = (network: string, height: number): Candidate[] =>
    (['block', 'stateUpdate', 'signature'] as const).map((part) =>
      candidate(part, json(`${network}/${FOLDERS[part]}/${height}.json`)),
    );
  const bundle = () => candidate('bundle', json('sepolia/state_update_with_block/100000.json'));

  test('asks for what is missing, the signature included', () => {
    const [block, stateUpdate, signature] = parts('sepolia', 3) as [Candidate, Candidate, Candidate];
    const asks = (...candidates: Candidate[]) => {
      const seen = examine('sepolia', 3, candidates);
      return seen.type === 'needs' ? seen.needs.map(({ part, weight }) => `${part} ${weight}`) : seen.type;
    };
    expect(asks()).toEqual(['block seal', 'stateUpdate seal', 'signature wanted']);
    expect(asks(block)).toEqual(['stateUpdate seal', 'signature wanted']);
    expect(asks(stateUpdate, signature)).toEqual(['block seal']);
    expect(asks(block, stateUpdate)).toEqual(['signature wanted']);
    expect(asks(block, stateUpdate, signature)).toBe('sealed');
    expect(examine('sepolia', 3, [block, stateUpdate], { absent: ['signature'] }).type).toBe('sealed');
  });

  test('seals what was captured, in the encoding of the store', () => {
    const seen = examine('sepolia', 4, parts('sepolia', 4));
    if (seen.type !== 'sealed') throw new Error('the block was not sealed');
    const { parts: stored, index, counts, proofs, late, from } = seen.block;
    const block = vectors.block('sepolia/block/4.json');
    expect(decodeHeader(stored.header as Uint8Array)).toEqual(block.header);
    expect(decodeTransactions(stored.transactions as Uint8Array)).toEqual(block.transactions);
    expect(decodeReceipts(stored.receipts as Uint8Array)).toEqual(block.receipts);
    expect(decodeStateDiff(stored.stateDiff as Uint8Array)).toEqual(
      vectors.stateUpdate('sepolia/state_update/4.json').stateDiff,
    );
    expect(decodeSignature(stored.signature as Uint8Array).form).toBe('block-hash-and-diff');
    expect(index.slice(block.transactions.length)).toEqual(
      eventIndexWrites(parseHeight(block.header.number), block.receipts),
    );
    const { key, value } = index[2] as (typeof index)[number];
    expect(toHex(key)).toBe(toHex(transactionIndexKey(block.transactions[2]?.hash ?? feltFromNumber(0))));
    expect([readU64be(value as Uint8Array), value?.[11], value?.length]).toEqual([4, 2, 12]);
    expect(counts).toEqual({ transactions: 4, events: block.receipts.flatMap(({ events }) => events).length });
    expect(proofs).toMatchObject({ blockHash: 'signature', stateDiff: 'signature', transactions: 'hash' });
    expect(late).toEqual([]);
    expect(from).toEqual({
      block: 'source of block',
      stateUpdate: 'source of stateUpdate',
      signature: 'source of signature',
    });
  });

  test('takes a bundle for the parts it holds', () => {
    const absent = ['signature'];
    const seen = examine('sepolia', 100000, [bundle()], { absent, signaturePolicy: 'warn' });
    if (seen.type !== 'sealed') throw new Error('the block was not sealed');
    expect(seen.block.from).toEqual({ block: 'source of bundle', stateUpdate: 'source of bundle' });
    expect(seen.block.proofs).toMatchObject({ stateDiff: 'hash', receipts: 'hash', gasPrices: 'hash' });
    expect(examine('sepolia', 100000, [bundle()])).toMatchObject({ type: 'needs', needs: [{ part: 'signature' }] });
  });

  test('wants a signature from 0.13.2 on where the network has a key, unless the policy is to warn', () => {
    const absent = ['signature'];
    expect(refusal(() => examine('sepolia', 100000, [bundle()], { absent }))).toMatchObject({
      code: 'SIGNATURE_MISSING',
      fault: 'source',
    });
    const network = { ...networkOf('sepolia'), publicKey: null };
    expect(examine('sepolia', 100000, [bundle()], { absent, network }).type).toBe('sealed');
  });

  test('names the check, the numbers and the part at fault', () => {
    const [block, stateUpdate, signature] = parts('sepolia', 4) as [Candidate, Candidate, Candidate];
    const file = json('sepolia/block/4.json');
    const forgeries: readonly (readonly [string, Candidate[], object])[] = [
      [
        'a timestamp',
        [candidate('block', { ...file, timestamp: 1 }), stateUpdate, signature],
        { check: 'block-hash', parts: ['block'] },
      ],
      [
        'a signature',
        [
          block,
          stateUpdate,
          candidate('signature', { ...json('sepolia/signature/4.json'), signature: ['0x1', '0x2'] }),
        ],
        { check: 'signature', parts: ['signature'] },
      ],
      [
        'a nonce in the state diff',
        [block, candidate('stateUpdate', withNonce(json('sepolia/state_update/4.json'))), signature],
        { check: 'state-diff-commitment', parts: ['stateUpdate'] },
      ],
    ];
    for (const [, candidates, data] of forgeries) {
      const error = refusal(() => examine('sepolia', 4, candidates));
      expect(error).toMatchObject({
        code: 'BLOCK_REJECTED',
        fault: 'peer',
        data: { ...data, height: 4, hash: toHex(parseFelt(file.block_hash)) },
      });
      expect(error.data.expected).toEqual(expect.any(String));
      expect(error.data.got).toEqual(expect.any(String));
    }
  });

  test('blames the bundle for a false part of a bundle', () => {
    const whole = json('sepolia/state_update_with_block/100000.json');
    const update = withNonce(whole.state_update as Record<string, unknown>);
    const error = refusal(() =>
      examine('sepolia', 100000, [candidate('bundle', { ...whole, state_update: update })], { absent: ['signature'] }),
    );
    expect(error).toMatchObject({
      code: 'BLOCK_REJECTED',
      data: { check: 'state-diff-commitment', parts: ['bundle'] },
    });
  });

  test('a block that was cut short is never sealed', () => {
    const cut = candidate('bundle', json('sepolia-integration/state_update_with_block/11493796.json'));
    const error = refusal(() => examine('sepolia-integration', 11493796, [cut]));
    expect(error).toMatchObject({
      code: 'BLOCK_REJECTED',
      data: { check: 'transaction-commitment', parts: ['bundle'] },
    });
  });

  test('a header that lacks what is hashed is never sealed', () => {
    const whole = json('sepolia/state_update_with_block/100000.json');
    const { l1_da_mode: _, ...block } = whole.block as Record<string, unknown>;
    const error = refusal(() =>
      examine('sepolia', 100000, [candidate('bundle', { ...whole, block })], { absent: ['signature'] }),
    );
    expect(error).toMatchObject({
      code: 'BLOCK_REJECTED',
      data: { check: 'block-hash', reason: expect.stringContaining('l1_da_mode') as string },
    });
  });

  test('parts of different blocks are a contradiction of honest sources', () => {
    const [block, stateUpdate, signature] = parts('sepolia', 4) as [Candidate, Candidate, Candidate];
    const [, otherUpdate, otherSignature] = parts('sepolia', 5) as [Candidate, Candidate, Candidate];
    const contradictions: readonly (readonly [number, Candidate[], object])[] = [
      [4, [block, otherUpdate, signature], { check: 'same-block', parts: ['block', 'stateUpdate'] }],
      [4, [block, stateUpdate, otherSignature], { check: 'height', parts: ['signature'] }],
      [5, [block, stateUpdate], { check: 'height', parts: ['block'] }],
      [
        4,
        [block, candidate('stateUpdate', { ...json('sepolia/state_update/4.json'), new_root: '0x1' })],
        { check: 'state-root', parts: ['block', 'stateUpdate'] },
      ],
      [
        4,
        [block, candidate('signature', { block_hash: '0x1', signature: ['0x1', '0x2'] })],
        { check: 'same-block', parts: ['block', 'signature'] },
      ],
    ];
    for (const [height, candidates, data] of contradictions) {
      const error = refusal(() => examine('sepolia', height, candidates));
      expect(error).toMatchObject({ code: 'GATEWAY_CONTRADICTION', fault: 'source', data });
      expect(error.data.expected).not.toBe(error.data.got);
    }
  });

  test('a version that is none is refused before anything is recomputed', () => {
    const block = candidate('block', { ...json('sepolia/block/4.json'), starknet_version: 'zero' });
    const error = refusal(() => examine('sepolia', 4, [block, ...parts('sepolia', 4).slice(1)]));
    expect(error).toMatchObject({ code: 'BLOCK_REJECTED', data: { check: 'version', got: 'zero', parts: ['block'] } });
  });

  test('another genesis than the pinned one is refused', () => {
    const network = { ...networkOf('goerli2'), genesisHash: '0x1' };
    const error = refusal(() => examine('goerli2', 0, parts('goerli2', 0), { network }));
    expect(error).toMatchObject({
      code: 'BLOCK_REJECTED',
      data: { check: 'genesis', expected: '0x1', parts: ['block'] },
    });
  });

  test('a false signature is let pass, and proves nothing, where the policy is to warn', () => {
    const forged = candidate('signature', { ...json('sepolia/signature/4.json'), signature: ['0x1', '0x2'] });
    const candidates = [...parts('sepolia', 4).slice(0, 2), forged];
    const seen = examine('sepolia', 4, candidates, { signaturePolicy: 'warn' });
    if (seen.type !== 'sealed') throw new Error('the block was not sealed');
    expect(seen.block.proofs).toMatchObject({
      stateDiff: 'state-root',
      blockHash: { unverified: expect.any(String) as string },
    });
  });

  test('a body that is no JSON is refused with the part it came as', () => {
    const [block] = parts('sepolia', 4) as [Candidate];
    const error = refusal(() =>
      examine('sepolia', 4, [block, { ...block, part: 'stateUpdate', bytes: fromHex('0xff') }]),
    );
    expect(error).toMatchObject({ fault: 'peer', data: { check: 'parse', parts: ['stateUpdate'], height: 4 } });
  });
});

test('the needs of a height ask for the three parts of a block', () => {
  const rules = createStarknetRules({
    network: NETWORKS['starknet-mainnet'] as NonNullable<(typeof NETWORKS)[string]>,
  });
  expect(rules.needs(7 as Height)).toEqual([
    { height: 7, part: 'block', weight: 'seal' },
    { height: 7, part: 'stateUpdate', weight: 'seal' },
    { height: 7, part: 'signature', weight: 'wanted' },
  ]);
});

/** The state update with one more nonce. */
function withNonce(update: Record<string, unknown>): unknown {
  const diff = update.state_diff as Record<string, object>;
  return { ...update, state_diff: { ...diff, nonces: { ...diff.nonces, '0x7': '0x1' } } };
}
