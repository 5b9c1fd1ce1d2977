import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../../../../test/vectors/locate.ts';
import { isSynclineError } from '../../../lib/index.ts';
import {
  decodeHeader,
  decodeReceipts,
  decodeSignature,
  decodeStateDiff,
  decodeTransactions,
  encodeHeader,
  encodeReceipts,
  encodeSignature,
  encodeStateDiff,
  encodeTransactions,
} from '../stored/index.ts';
import type { Block, BlockSignature, StateUpdate } from '../types.ts';
import {
  detectKind,
  type GatewayKind,
  parseBareSignature,
  parseBlock,
  parseBundle,
  parseJsonBytes,
  parseSignature,
  parseStateUpdate,
  renderBareSignature,
  renderBlock,
  renderSignature,
  renderStateUpdate,
} from './index.ts';

/*
 * Every genuine gateway answer among the published vectors, from 2021 to 2026 and five networks, through the wire
 * parsers, the storage encoding and the renderer. `manifest.json` there names the origin of each file.
 */

interface Entry {
  readonly file: string;
  readonly kind: string;
  readonly number: number | null;
  readonly transactions?: number;
}

const dir = vectorsDir();
const entries: readonly Entry[] =
  dir === null ? [] : JSON.parse(readFileSync(join(dir, 'starknet/manifest.json'), 'utf8')).files;

/** Kinds whose meaning the content shows, by the manifest's words. */
const KINDS: Readonly<Record<string, GatewayKind>> = {
  block: 'block',
  preconfirmed_block: 'block',
  state_update: 'state-update',
  state_update_with_block: 'state-update-with-block',
  class: 'class',
  compiled_class: 'compiled-class',
  signature: 'signature',
  signature_resigned: 'signature',
};

const named = entries.filter((entry) => KINDS[entry.kind] !== undefined);
/** `mainnet/state_update/pending.json` has its name from a fixture and holds the update of an accepted block. */
const building = named.filter(({ file, kind }) => kind === 'preconfirmed_block' || /block\/pending\.json$/.test(file));
const ofKind = (kind: string) => named.filter((entry) => entry.kind === kind && !building.includes(entry));

function load(file: string): unknown {
  return parseJsonBytes(readFileSync(join(dir as string, 'starknet', file)), file); // entries exist only with a folder
}

describe.skipIf(dir === null)('captured gateway answers', () => {
  it('are all looked at', () => {
    expect(ofKind('block').length).toBeGreaterThanOrEqual(72);
    expect(ofKind('state_update').length).toBeGreaterThanOrEqual(36);
    expect(ofKind('state_update_with_block').length).toBeGreaterThanOrEqual(18);
    expect(ofKind('signature').length).toBeGreaterThanOrEqual(57);
    expect(building.length).toBeGreaterThanOrEqual(5);
  });

  it.each(named)('are recognised by content: $file', ({ file, kind }) => {
    expect(detectKind(load(file))).toBe(KINDS[kind]);
  });

  it.each(['proofs/sepolia_storage_proof.json', 'proofs/pathfinder_proof_1309254.json'])(
    'are recognised by content: %s',
    (file) => {
      expect(detectKind(load(file))).toBe('storage-proof');
    },
  );

  it.each(entries.filter(({ file, kind }) => kind === 'public_key' || file.startsWith('errors/')))(
    'are recognised as none of the kinds: $file',
    ({ file }) => {
      expect(detectKind(load(file))).toBeNull();
    },
  );

  it.each(ofKind('block'))('parse as blocks and survive storing and rendering: $file', (entry) => {
    const block = parseBlock(load(entry.file));
    if (typeof entry.number === 'number') expect(block.header.number).toBe(entry.number);
    if (entry.transactions !== undefined) expect(block.transactions).toHaveLength(entry.transactions);
    expectBlockSurvives(block);
  });

  it.each(ofKind('state_update'))('parse as state updates and survive storing and rendering: $file', ({ file }) => {
    expectStateUpdateSurvives(parseStateUpdate(load(file)));
  });

  it.each(ofKind('state_update_with_block'))(
    'parse as bundles and survive storing and rendering: $file',
    ({ file }) => {
      const { block, stateUpdate, signature } = parseBundle(load(file));
      expect(stateUpdate.blockHash).toEqual(block.header.hash);
      expectBlockSurvives(block);
      expectStateUpdateSurvives(stateUpdate);
      if (signature === null) return;
      expect(decodeSignature(encodeSignature(signature))).toEqual(signature);
      expect(parseBareSignature(renderBareSignature(signature), block.header.hash)).toEqual(signature);
    },
  );

  it.each([...ofKind('signature'), ...ofKind('signature_resigned')])(
    'parse as signatures and survive storing and rendering: $file',
    ({ file, kind }) => {
      const signature = parseSignature(load(file));
      if (kind === 'signature_resigned') expect(signature.form).toBe('block-hash');
      expectSignatureSurvives(signature);
    },
  );

  it.each(building)('of blocks that are still being built are refused as such: $file', ({ file }) => {
    const json = load(file);
    const code = codeOf(() => (detectKind(json) === 'block' ? parseBlock(json) : parseBundle(json)));
    expect(code).toBe('BLOCK_NOT_STORABLE');
    if (detectKind(json) === 'block') return;
    const { state_update: update } = json as { state_update: unknown }; // that is how its kind was detected
    expect(codeOf(() => parseStateUpdate(update))).toBe('BLOCK_NOT_STORABLE');
  });
});

function expectBlockSurvives(block: Block): void {
  const { header, transactions, receipts } = block;
  // isDeepStrictEqual: the matcher's own comparison takes seconds on lists of this size.
  expect(isDeepStrictEqual(decodeHeader(encodeHeader(header)), header)).toBe(true);
  expect(isDeepStrictEqual(decodeTransactions(encodeTransactions(transactions)), transactions)).toBe(true);
  expect(isDeepStrictEqual(decodeReceipts(encodeReceipts(receipts)), receipts)).toBe(true);
  expect(isDeepStrictEqual(parseBlock(overTheWire(renderBlock(block))), block)).toBe(true);
}

function expectStateUpdateSurvives(update: StateUpdate): void {
  const { stateDiff } = update;
  expect(isDeepStrictEqual(decodeStateDiff(encodeStateDiff(stateDiff)), stateDiff)).toBe(true);
  expect(isDeepStrictEqual(parseStateUpdate(overTheWire(renderStateUpdate(update))), update)).toBe(true);
}

function expectSignatureSurvives(signature: BlockSignature): void {
  expect(decodeSignature(encodeSignature(signature))).toEqual(signature);
  expect(parseSignature(overTheWire(renderSignature(signature)))).toEqual(signature);
}

function overTheWire(rendered: unknown): unknown {
  return parseJsonBytes(new TextEncoder().encode(JSON.stringify(rendered)), 'rendered');
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (isSynclineError(error)) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}
