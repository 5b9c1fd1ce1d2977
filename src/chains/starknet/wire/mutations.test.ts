import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MUTATORS } from '../../../../test/fuzz/mutators.ts';
import { createRandom, pick } from '../../../../test/fuzz/random.ts';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { isSynclineError } from '../../../lib/index.ts';
import {
  decodeHeader,
  decodeReceipts,
  decodeStateDiff,
  decodeTransactions,
  encodeHeader,
  encodeReceipts,
  encodeStateDiff,
  encodeTransactions,
} from '../stored/index.ts';
import {
  detectKind,
  type GatewayKind,
  parseBlock,
  parseBundle,
  parseJsonBytes,
  parseSignature,
  parseStateUpdate,
  renderBlock,
  renderStateUpdate,
} from './index.ts';

/*
 * Genuine answers damaged at random, in their structure, their text or their bytes. Whatever comes out, it is either
 * a value that survives storing and rendering, or a SynclineError that blames the remote; never another exception.
 * SYNCLINE_SEED=<number> repeats a run or tries another, SYNCLINE_MUTATIONS=<number> makes it longer.
 */

const MUTATIONS = Number(process.env.SYNCLINE_MUTATIONS ?? 3_000);
const SEED = Number(process.env.SYNCLINE_SEED ?? 20260801);

/** Together they have nearly every transaction type, both signature forms and every list of a state diff. */
const BASES = [
  'goerli/block/39232.json',
  'goerli/block/47543.json',
  'goerli/block/843893.json',
  'integration/block/283364.json',
  'mainnet/block/7320.json',
  'mainnet/block/619596.json',
  'sepolia-integration/state_update_with_block/3077642.json',
  'mainnet/signature/0.json',
  'mainnet/signature_resigned/0.json',
  'mainnet/state_update/0.json',
  'integration/state_update/283364.json',
  'integration/state_update/283428.json',
  'sepolia-integration/state_update_with_block/9703.json',
  'sepolia/state_update_with_block/1.json',
  'sepolia-integration/state_update/63881.json',
];
const CODES = ['GATEWAY_MALFORMED', 'PROTOCOL_UNSUPPORTED', 'BLOCK_NOT_STORABLE'];

const dir = vectorsDir();

describe.skipIf(dir === null)('damaged gateway answers', () => {
  it(`are refused with an error of ours or survive a round trip (${MUTATIONS} mutations, seed ${SEED})`, () => {
    process.stderr.write(`mutations of gateway answers: seed ${SEED}\n`);
    const random = createRandom(SEED);
    const bases = BASES.map((file) => {
      const text = abridged(readFileSync(join(dir as string, 'starknet', file), 'utf8'));
      return { file, text, kind: detectKind(JSON.parse(text)) };
    });
    const outcomes = new Map<string, number>();
    for (let round = 0; round < MUTATIONS; round++) {
      const { file, text, kind } = pick(bases, random);
      const mutate = pick(MUTATORS, random);
      const body = mutate(text, random, pick(bases, random).text);
      const outcome = outcomeOf(body, kind, `round ${round}, ${mutate.name} of ${file}`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect(outcomes.get('GATEWAY_MALFORMED')).toBeGreaterThan(MUTATIONS / 2);
  });
});

/** The document with one transaction of each kind in its block: rounds are quick and hit what differs. */
function abridged(text: string): string {
  const json = JSON.parse(text);
  const block = json.block ?? json;
  if (!Array.isArray(block.transactions)) return text;
  const kinds = new Set<string>();
  const kept = [...block.transactions.keys()].filter((index) => {
    const { type, version } = block.transactions[index];
    const { execution_status: status, l2_to_l1_messages: messages } = block.transaction_receipts[index];
    const kind = [type, version, status, messages.length > 0].join();
    return !kinds.has(kind) && kinds.add(kind);
  });
  block.transactions = kept.map((index) => block.transactions[index]);
  block.transaction_receipts = kept.map((from, index) => ({
    ...block.transaction_receipts[from],
    transaction_index: index,
  }));
  return JSON.stringify(json);
}

function outcomeOf(bytes: Uint8Array, kind: GatewayKind | null, label: string): string {
  try {
    expectSurvives(parseJsonBytes(bytes, label), kind, label);
    return 'accepted';
  } catch (error) {
    if (!isSynclineError(error)) throw new Error(`not one of our errors: ${label}`, { cause: error });
    if (!CODES.includes(error.code)) throw new Error(`unexpected code ${error.code}: ${label}`, { cause: error });
    if (error.fault !== (error.code === 'GATEWAY_MALFORMED' ? 'peer' : 'source')) throw new Error(`fault: ${label}`);
    if (JSON.stringify(error.data).length > 1_000) throw new Error(`too talkative: ${label}`);
    return error.code;
  }
}

function expectSurvives(json: unknown, kind: GatewayKind | null, label: string): void {
  detectKind(json); // looks at anything without a complaint
  const bundle = kind === 'state-update-with-block' ? parseBundle(json) : null;
  const block = bundle?.block ?? (kind === 'block' ? parseBlock(json) : null);
  const update = bundle?.stateUpdate ?? (kind === 'state-update' ? parseStateUpdate(json) : null);
  if (kind === 'signature') parseSignature(json);
  const same = (a: unknown, b: unknown) => {
    if (!isDeepStrictEqual(a, b)) throw new Error(`does not survive: ${label}`);
  };
  if (block !== null) {
    same(decodeHeader(encodeHeader(block.header)), block.header);
    same(decodeTransactions(encodeTransactions(block.transactions)), block.transactions);
    same(decodeReceipts(encodeReceipts(block.receipts)), block.receipts);
    same(parseBlock(JSON.parse(JSON.stringify(renderBlock(block)))), block);
  }
  if (update !== null) {
    same(decodeStateDiff(encodeStateDiff(update.stateDiff)), update.stateDiff);
    same(parseStateUpdate(JSON.parse(JSON.stringify(renderStateUpdate(update)))), update);
  }
}
