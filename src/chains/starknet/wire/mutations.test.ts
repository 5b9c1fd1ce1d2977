import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
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
      const outcome = outcomeOf(mutate(text, random), kind, `round ${round}, ${mutate.name} of ${file}`);
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

type Random = () => number;
type Mutator = (text: string, random: Random) => Uint8Array;

/** Structure first: most rounds change one value somewhere in the document. */
const MUTATORS: readonly Mutator[] = [
  function dropMember(text, random) {
    return edit(text, random, (slot) => slot.remove());
  },
  function changeValue(text, random) {
    return edit(text, random, (slot) => slot.set(pick(VALUES, random)));
  },
  function nestValue(text, random) {
    const depth = pick([1, 3, 100, 200], random);
    return edit(text, random, (slot) => {
      let value = slot.get();
      for (let i = 0; i < depth; i++) value = random() < 0.5 ? [value] : { value };
      slot.set(value);
    });
  },
  function spoilText(text, random) {
    return edit(
      text,
      random,
      (slot) => slot.set(spoil(String(slot.get()), random)),
      (value) => typeof value === 'string',
    );
  },
  function swapValues(text, random) {
    let first: unknown;
    const once = edit(text, random, (slot) => {
      first = slot.get();
    });
    return edit(new TextDecoder().decode(once), random, (slot) => slot.set(first));
  },
  function repeatItem(text, random) {
    return edit(
      text,
      random,
      (slot) => {
        const list = slot.get() as unknown[]; // the filter below
        slot.set([...list, ...list.slice(0, 1 + Math.floor(random() * 3))]);
      },
      (value) => Array.isArray(value) && value.length > 0,
    );
  },
  function renameMember(text, random) {
    const names = [...text.matchAll(/"([a-z_0-9A-Z]+)":/g)];
    const name = pick(names, random);
    const other = pick(['__proto__', 'constructor', 'toString', pick(names, random)[1] as string], random);
    return utf8(`${text.slice(0, name.index)}"${other}":${text.slice(name.index + name[0].length)}`);
  },
  function duplicateKey(text, random) {
    const name = pick([...text.matchAll(/"([a-z_0-9A-Z]+)":/g)], random);
    const value = JSON.stringify(pick(VALUES, random));
    return utf8(`${text.slice(0, name.index)}${name[0]}${value},${text.slice(name.index)}`);
  },
  function truncate(text, random) {
    return utf8(text.slice(0, Math.floor(random() * text.length)));
  },
  function spoilCharacters(text, random) {
    const at = Math.floor(random() * text.length);
    return utf8(
      text.slice(0, at) + pick(['', '"', '\\', ']', '}', ',', '\u0000', '9', '0x', 'é'], random) + text.slice(at + 1),
    );
  },
  function spoilBytes(text, random) {
    const bytes = utf8(text);
    for (let i = 0; i < 3; i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return bytes;
  },
  function replaceBody(_, random) {
    return utf8(
      pick(
        ['', 'null', '[]', '"0x1"', '<html>busy</html>', '{"code":"StarknetErrorCode.BLOCK_NOT_FOUND"}', '\ufeff{}'],
        random,
      ),
    );
  },
];

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  2 ** 53 - 1,
  '',
  '0x',
  '0x0',
  '0xg',
  '00',
  '12345',
  '1'.repeat(78),
  `0x${'f'.repeat(64)}`,
  `0x0800000000000011${'0'.repeat(47)}1`,
  `0x0800000000000011${'0'.repeat(48)}`,
  'PENDING',
  'REVERTED',
  'SUCCEEDED',
  'L1_HANDLER',
  'DECLARE',
  '0x3',
  '0x4',
  '\ud800',
  'x'.repeat(10_000),
  [],
  {},
  [[]],
  [null],
  ['0x1'],
  { __proto__: null, constructor: 1 },
];

interface Slot {
  get(): unknown;
  set(value: unknown): void;
  remove(): void;
}

/** Applies `change` to one value of the document, chosen evenly among those that satisfy `wanted`. */
function edit(
  text: string,
  random: Random,
  change: (slot: Slot) => void,
  wanted: (value: unknown) => boolean = () => true,
): Uint8Array {
  const root = JSON.parse(text);
  const slots: Slot[] = [];
  collect(root, slots, wanted);
  if (slots.length > 0) change(pick(slots, random));
  return utf8(JSON.stringify(root));
}

function collect(value: unknown, slots: Slot[], wanted: (value: unknown) => boolean): void {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>; // lists too: their indices are names
  for (const key of Object.keys(holder)) {
    if (wanted(holder[key])) {
      slots.push({
        get: () => holder[key],
        set: (changed) => {
          holder[key] = changed;
        },
        remove: () => {
          if (Array.isArray(holder)) holder.splice(Number(key), 1);
          else delete holder[key];
        },
      });
    }
    collect(holder[key], slots, wanted);
  }
}

function spoil(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  return pick(
    [
      text.slice(0, at) + pick(['', 'g', 'F', '-', ' ', '\n', '0x', '\ud83d', 'ü'], random) + text.slice(at + 1),
      text.slice(0, at),
      text.slice(2),
      text.toUpperCase(),
      `${text}0`,
      `0x00${text.slice(2)}`,
      text + text,
    ],
    random,
  );
}

function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)] as T; // `from` is never empty here
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Mulberry32. */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
