import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { feltToHex } from '../../src/chains/starknet/index.ts';
import { createStarknetRpc } from '../../src/chains/starknet/rpc/index.ts';
import { callMethod } from '../../src/chains/starknet/rpc/methods/testing.ts';
import { type ChainFixture, createChainFixture } from '../../src/chains/starknet/rpc/testing.ts';
import { readAnswer } from '../../src/chains/starknet/sources/gateway/gateway-answer.ts';
import { readProvisional } from '../../src/chains/starknet/sources/gateway/provisional.ts';
import {
  decodeHeader,
  decodeReceipts,
  decodeStateDiff,
  decodeTransactions,
} from '../../src/chains/starknet/stored/index.ts';
import { renderBlock, renderStateUpdate } from '../../src/chains/starknet/wire/index.ts';
import { createStarknetDevnet, type DevnetBlock } from '../../src/devnet/starknet/index.ts';
import {
  type BlockRef,
  type Height,
  type ProvisionalBlock,
  parseHash32,
  type RpcService,
} from '../../src/engine/index.ts';
import { equalBytes, fromHex } from '../../src/lib/index.ts';
import { vectorsDir } from '../vectors/locate.ts';
import { mutate } from './mutators.ts';
import { chance, pick, pickWeighted, type Random } from './random.ts';
import { fuzz, shareOfBodies, type Trial } from './run.ts';
import { refusalCode, SOURCE_CODES, WIRE_CODES } from './typed-error.ts';

/*
 * Genuine answers about blocks that are being built, damaged. Nothing proves them, so what the parsers let pass is
 * served: it is asked for over JSON-RPC here.
 */

interface Base {
  readonly label: string;
  readonly call: 'pending' | 'preConfirmed';
  readonly text: string;
  /** The block below the one being built. */
  readonly on: BlockRef;
}

describe('damaged answers about blocks being built', () => {
  it('are refused with an error of ours, or can be served', async () => {
    const fixture = await createChainFixture(devnet.network);
    let tip: BlockRef | null = null;
    for (let height = 0; height <= TIP; height++) {
      tip = await fixture.commit(height, { bundle: gunzipSync(devnet.shelvedAt(height)?.bundle ?? Buffer.of()) });
    }
    const on = tip ?? expect.unreachable();
    const bases = [...devnetBases(on), ...capturedBases(on)];
    const services = createStarknetRpc(fixture.environment, devnet.network).slice(0, 2);
    const rounds = shareOfBodies(0.33);
    const outcomes = await fuzz({
      name: 'blocks being built',
      rounds,
      draw: (random) => drawDamaged({ bases, fixture, services, tip: on }, random),
    });
    for (const outcome of ['GATEWAY_MALFORMED', 'shown 1']) {
      expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(rounds / 100 - 5);
    }
  }, 900_000);
});

interface Served {
  readonly bases: readonly Base[];
  readonly fixture: ChainFixture;
  /** Of the versions that show such blocks. */
  readonly services: readonly RpcService[];
  readonly tip: BlockRef;
}

function drawDamaged(served: Served, random: Random): Trial {
  const { bases } = served;
  const base = pickWeighted(
    bases.map((one) => [1 / (2_000 + one.text.length), one] as const),
    random,
  );
  const { bytes, by } = mutate(base.text, random, pick(bases, random).text);
  const other = chance(0.5, random) ? null : pick(bases, random);
  const isServed = chance(0.2, random);
  return {
    label: `${by} of ${base.label}`,
    bytes,
    async judge() {
      const blocks = await read(base, { bytes, other });
      if (typeof blocks === 'string') return blocks;
      blocks.forEach(requireConsistent);
      if (isServed) await requireServable(served, blocks);
      return `shown ${blocks.length}`;
    },
  };
}

/** As the gateway source reads them, with a transport that has the two answers at hand. */
async function read(
  { call, on }: Base,
  { bytes, other }: { readonly bytes: Uint8Array; readonly other: Base | null },
): Promise<readonly ProvisionalBlock[] | string> {
  const ask = async (path: string) => {
    const asked = path === 'get_preconfirmed_block' ? 'preConfirmed' : 'pending';
    const beside = other?.call === asked ? Buffer.from(other.text) : NOT_FOUND;
    const body = asked === call ? bytes : beside;
    return readAnswer({ status: body === NOT_FOUND ? 400 : 200, body, url: `http://127.0.0.1/${path}` });
  };
  try {
    return await readProvisional(ask, { id: 'liar', on, signal: new AbortController().signal });
  } catch (thrown) {
    return refusalCode(thrown, { codes: [...WIRE_CODES, ...SOURCE_CODES] });
  }
}

/** What is served is read again from what is kept, a receipt for each transaction that was executed. */
function requireConsistent({ parts, height, size }: ProvisionalBlock): void {
  const { header, transactions, receipts, stateDiff } = parts as Record<string, Uint8Array>;
  if (decodeHeader(header as Uint8Array).number !== height) throw new Error('a header of another height');
  const all = decodeTransactions(transactions as Uint8Array);
  const executed = decodeReceipts(receipts as Uint8Array);
  decodeStateDiff(stateDiff as Uint8Array);
  if (all.length + executed.length !== size) throw new Error('another size');
  for (const [i, { transactionHash }] of executed.entries()) {
    const hash = all[i]?.hash;
    if (hash === undefined || !equalBytes(hash, transactionHash))
      throw new Error(`a receipt of no transaction at ${i}`);
  }
}

/** Whatever is asked of them has a result or a fault of the specification: anything else is thrown. */
async function requireServable(
  { fixture, services, tip }: Served,
  offered: readonly ProvisionalBlock[],
): Promise<void> {
  const blocks = offered.map((block, i) => ({ ...block, on: tip, height: (tip.height + 1 + i) as Height }));
  fixture.build(blocks);
  const newest = blocks.at(-1)?.parts.transactions;
  const hashes = newest === undefined ? [] : decodeTransactions(newest).map(({ hash }) => feltToHex(hash));
  const about = new Set([hashes[0] ?? '0x1', hashes.at(-1) ?? '0x1']);
  for (const service of services) {
    for (const name of BLOCK_METHODS) JSON.stringify(await callMethod(service, name, { block_id: 'pre_confirmed' }));
    for (const transaction_hash of about) {
      for (const name of TRANSACTION_METHODS) JSON.stringify(await callMethod(service, name, { transaction_hash }));
    }
  }
}

const BLOCK_METHODS = ['BlockWithTxHashes', 'BlockWithTxs', 'BlockWithReceipts', 'StateUpdate'].map(
  (name) => `starknet_get${name}`,
);
const TRANSACTION_METHODS = ['ByHash', 'Receipt', 'Status'].map((name) => `starknet_getTransaction${name}`);

/** Each block above the tip as one that is being built, in both of the forms that gateways have for it. */
function devnetBases(tip: BlockRef): readonly Base[] {
  return Array.from({ length: devnet.head.height - TIP }, (_, i) => blockAt(TIP + 1 + i)).flatMap((block, i) => [
    { label: `pending block ${i} of the devnet`, call: 'pending', text: pendingText(block, tip), on: tip },
    { label: `pre-confirmed block ${i} of the devnet`, call: 'preConfirmed', text: preConfirmedText(block), on: tip },
  ]);
}

function pendingText({ block, stateUpdate }: DevnetBlock, { hash }: BlockRef): string {
  const { block_hash: _, block_number: __, state_root: ___, ...rest } = renderBlock(block);
  const { block_hash: _hash, new_root: _root, ...update } = renderStateUpdate(stateUpdate);
  return JSON.stringify({
    block: { ...rest, parent_block_hash: feltToHex(hash), status: 'PENDING' },
    state_update: update,
  });
}

/** All changes as those of the first transaction; the last one is not executed yet. */
function preConfirmedText({ block, stateUpdate }: DevnetBlock): string {
  const { block_hash: _, block_number: __, state_root: ___, parent_block_hash: ____, ...rest } = renderBlock(block);
  const receipts = rest.transaction_receipts as readonly unknown[];
  const last = receipts.length - 1;
  const { state_diff: diff } = renderStateUpdate(stateUpdate);
  return JSON.stringify({
    ...rest,
    status: 'PRE_CONFIRMED',
    transaction_receipts: receipts.map((receipt, i) => (i === last ? null : receipt)),
    transaction_state_diffs: receipts.map((_receipt, i) => (i === last ? null : i === 0 ? diff : {})),
  });
}

function capturedBases(tip: BlockRef): readonly Base[] {
  const root = vectorsDir();
  if (root === null) return [];
  const read = (file: string) => readFileSync(join(root, 'starknet', file), 'utf8');
  const pending = ['integration', 'sepolia-integration', 'mainnet'].map((network): Base => {
    const text = read(`${network}/state_update_with_block/pending.json`);
    const parent = JSON.parse(text).block.parent_block_hash as string; // a captured hash
    const hash = parseHash32(fromHex(`0x${parent.slice(2).padStart(64, '0')}`));
    return { label: `pending block of ${network}`, call: 'pending', text, on: { height: tip.height, hash } };
  });
  const file = 'sepolia-integration/preconfirmed_block/955821.json';
  return [...pending, { label: 'captured pre-confirmed block', call: 'preConfirmed', text: read(file), on: tip }];
}

function blockAt(height: number): DevnetBlock {
  const block = devnet.blockAt(height);
  if (block === null) throw new Error(`no block ${height}`);
  return block;
}

const devnet = createStarknetDevnet({ seed: 6, blocks: 8, transactionsPerBlock: 3, emptyShare: 0, contracts: 4 });
/** Blocks above this height are being built. */
const TIP = 3;
const NOT_FOUND = Buffer.from('{"code":"StarknetErrorCode.BLOCK_NOT_FOUND","message":"There is no such block."}');
