import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClassHashers, parseClass, sierraClassHash } from '../../src/chains/starknet/classes/index.ts';
import { feltFromNumber, feltToHex } from '../../src/chains/starknet/index.ts';
import { decodeStateDiff, encodeStateDiff } from '../../src/chains/starknet/stored/index.ts';
import { createFeltHasher } from '../../src/crypto/index.ts';
import {
  type AuditDifference,
  type BlockRecord,
  encodeBefore,
  encodeBlockRecord,
  type Height,
  readBlock,
  readStateAt,
  type Store,
  type Table,
  type Write,
} from '../../src/engine/index.ts';
import { concatBytes, toHex, u64be } from '../../src/lib/index.ts';
import { openLmdb } from '../../src/store/index.ts';
import { temporaryFolder } from '../e2e/folders.ts';
import { applierOf, audit, fill, ledgerSubject, type Subject, starknetSubject } from './stores.ts';

/** What a difference must look like, as `toMatchObject` takes it. */
type Found = { readonly [Field in keyof AuditDifference]?: unknown };

/** A store that is damaged, looked at, and mended again. */
class Patient {
  readonly subject: Subject;
  readonly store: Store;

  constructor(subject: Subject, store: Store) {
    this.subject = subject;
    this.store = store;
  }

  records(table: Table, start?: Uint8Array, end?: Uint8Array): readonly (readonly [Uint8Array, Uint8Array])[] {
    using view = this.store.view();
    return [...view.range(table, { ...(start && { start }), ...(end && { end }) })];
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    using view = this.store.view();
    return view.get(table, key);
  }

  /** The difference that is found after these writes. */
  async with(writes: readonly Write[], deep = false): Promise<AuditDifference | null> {
    const before = writes.map(({ table, key }): Write => ({ table, key, value: this.get(table, key) ?? null }));
    this.store.commit(writes);
    try {
      return (await audit(this.subject, this.store, { deep })).difference;
    } finally {
      this.store.commit(before);
    }
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = new Uint8Array(bytes);
  out[at] = (out[at] as number) ^ 1;
  return out;
}

let starknet: Patient;
let ledger: Patient;
const folders: (() => void)[] = [];
beforeAll(async () => {
  const open = async (subject: Subject) => {
    const store = openLmdb({ path: temporaryFolder('damage', (clean) => folders.push(clean)) });
    await fill(subject, store);
    return new Patient(subject, store);
  };
  starknet = await open(
    starknetSubject({ blocks: 20, transactionsPerBlock: 3, storageUpdatesPerBlock: 6, contracts: 8 }),
  );
  await storeClass(starknet);
  ledger = await open(ledgerSubject());
});
afterAll(async () => {
  for (const { store } of [starknet, ledger]) await store[Symbol.asyncDispose]();
  for (const clean of folders) clean();
});

/** A Sierra class by the way that late parts take. */
async function storeClass({ subject, store }: Patient): Promise<void> {
  const bytes = Buffer.from(
    JSON.stringify({
      contract_class_version: '0.1.0',
      sierra_program: ['0x1', '0x2', '0x3'],
      abi: '[]',
      entry_points_by_type: { EXTERNAL: [], L1_HANDLER: [], CONSTRUCTOR: [] },
    }),
  );
  const definition = parseClass(bytes);
  if (definition.kind !== 'sierra') throw new TypeError('the class above is Sierra');
  const id = feltToHex(sierraClassHash(createClassHashers(createFeltHasher()), definition));
  const need = { height: 1 as Height, part: 'class', id, weight: 'wanted' } as const;
  const part = subject.rules.examinePart?.(need, { part: 'class', bytes, from: 'a' });
  if (part !== undefined) await applierOf(subject, store).commitParts([{ need, part }]);
}

const at = (height: number) => u64be(height);
const partKey = (height: number, name: string) => concatBytes(at(height), Buffer.from(name));
const get = (patient: Patient, table: Table, key: Uint8Array): Uint8Array => {
  const value = patient.get(table, key);
  if (value === undefined) throw new Error(`no record ${toHex(key)} in table ${table}`);
  return value;
};
const flip = (patient: Patient, table: Table, key: Uint8Array, offset: number): Write => ({
  table,
  key,
  value: flipped(get(patient, table, key), offset),
});
const remove = (table: Table, key: Uint8Array): Write => ({ table, key, value: null });
const insert = (table: Table, key: Uint8Array, value: Uint8Array): Write => ({ table, key, value });

function recordOf({ store }: Patient, height: number): BlockRecord {
  using view = store.view();
  const record = readBlock(view, height);
  if (record === null) throw new Error(`no block ${height}`);
  return record;
}

/** A block record with some fields replaced. */
function rewritten(patient: Patient, height: number, changes: Partial<BlockRecord>): Write {
  return insert('block', at(height), encodeBlockRecord({ ...recordOf(patient, height), ...changes }));
}

/** The history record in the middle of some key's three or more. */
function middleHistory(patient: Patient): { readonly key: Uint8Array; readonly height: number } {
  const records = patient.records('history');
  const stateKey = (i: number) => toHex((records[i]?.[0] ?? new Uint8Array(8)).subarray(0, -8));
  const index = records.findIndex(
    (_, i) => i > 0 && stateKey(i - 1) === stateKey(i) && stateKey(i) === stateKey(i + 1),
  );
  const key = records[index]?.[0] as Uint8Array; // some key changes thrice
  return { key, height: Buffer.from(key).readUInt32BE(key.length - 4) };
}

type Case = readonly [what: string, damage: (patient: Patient) => readonly Write[], found: Found, deep?: boolean];

const inAnyChain: readonly Case[] = [
  ['a block record is lost', () => [remove('block', at(5))], { check: 'block-record', table: 'block', height: 5 }],
  [
    'a block record has another root',
    (p) => [flip(p, 'block', at(5), 70)],
    { check: 'block-record', table: 'block', height: 5 },
  ],
  ['a block record has another hash', (p) => [flip(p, 'block', at(5), 3)], { check: 'block-record', height: 5 }],
  ['a block record has another parent', (p) => [flip(p, 'block', at(5), 40)], { check: 'block-record', height: 5 }],
  [
    'a block record is cut off',
    (p) => [insert('block', at(5), get(p, 'block', at(5)).subarray(0, 120))],
    { check: 'block-record', height: 5 },
  ],
  [
    'a block record is null',
    (p) => [insert('block', at(5), concatBytes(get(p, 'block', at(5)).subarray(0, 104), Buffer.from('null')))],
    { check: 'block-record', height: 5 },
  ],
  [
    'a block record says that a group is proven which is not',
    (p) => [rewritten(p, 5, { proofs: { ...recordOf(p, 5).proofs, other: 'hash' } })],
    { check: 'proofs', height: 5 },
  ],
  [
    'a block record has other counts',
    (p) => [rewritten(p, 5, { counts: { transactions: 99 } })],
    { check: 'block-record', height: 5 },
  ],
  [
    'a block record lies above the tip',
    (p) => [insert('block', at(900), get(p, 'block', at(5)))],
    { check: 'block', table: 'block', height: 900 },
  ],
  [
    'a block record has a key of nine bytes',
    (p) => [insert('block', concatBytes(at(5), Uint8Array.of(0)), get(p, 'block', at(5)))],
    { check: 'block', table: 'block' },
  ],
  [
    'the tip’s block record is lost',
    (p) => [remove('block', at(p.subject.blocks().length - 1))],
    { check: 'tips', table: 'meta' },
  ],
  ['a part is lost', () => [remove('part', partKey(5, 'header'))], { check: 'parts', table: 'part', height: 5 }],
  [
    'a part came from nowhere',
    () => [insert('part', partKey(5, 'strange'), new Uint8Array(9))],
    { check: expect.stringMatching(/^parts?$/), table: 'part', height: 5 },
  ],
  [
    'a part lies above the tip',
    () => [insert('part', partKey(900, 'header'), new Uint8Array(9))],
    { check: 'part', table: 'part', height: 900 },
  ],
  ['a part has no name', () => [insert('part', at(5), new Uint8Array(9))], { check: 'part', table: 'part' }],
  [
    'a hash leads nowhere',
    (p) => [remove('height', recordOf(p, 5).ref.hash)],
    { check: 'height-index', table: 'height', height: 5 },
  ],
  [
    'a hash leads to another block',
    (p) => [insert('height', recordOf(p, 5).ref.hash, at(6))],
    { check: 'height-index', table: 'height', height: 5 },
  ],
  [
    'a hash that no block has leads to one',
    () => [insert('height', new Uint8Array(32).fill(5), at(5))],
    { check: 'height-index', table: 'height', height: 5 },
  ],
  ['an undo list is lost', () => [remove('undo', at(5))], { check: 'undo', table: 'undo', height: 5 }],
  ['an undo list has another key', (p) => [flip(p, 'undo', at(5), 8)], { check: 'undo', table: 'undo', height: 5 }],
  [
    'an undo list lies above the tip',
    () => [insert('undo', at(900), new Uint8Array(0))],
    { check: 'undo', table: 'undo', height: 900 },
  ],
  [
    'a history record is lost',
    (p) => [remove('history', middleHistory(p).key)],
    { check: 'history', table: 'history' },
  ],
  [
    'a history record has another value',
    (p) => [flip(p, 'history', middleHistory(p).key, get(p, 'history', middleHistory(p).key).length - 1)],
    { check: 'history', table: 'history' },
  ],
  [
    'a history record cannot be read',
    (p) => [insert('history', middleHistory(p).key, Uint8Array.of(7))],
    { check: 'history', table: 'history' },
  ],
  [
    'a block has a history record of a key that it left alone',
    insertIdleHistory,
    { check: 'history', table: 'history' },
  ],
  [
    'a history record is of a key that never was',
    () => [insert('history', concatBytes(new Uint8Array(33).fill(1), at(5)), Uint8Array.of(0))],
    { check: 'history', table: 'history', height: 5 },
  ],
  [
    'a history record lies above the tip',
    (p) => [insert('history', concatBytes(middleHistory(p).key.subarray(0, -8), at(900)), Uint8Array.of(0))],
    { table: 'history' },
  ],
  [
    'a value came from nowhere',
    () => [insert('state', new Uint8Array(21).fill(1), new Uint8Array(16))],
    { check: 'state', table: 'state' },
  ],
  [
    'a value is in no sub-table',
    () => [insert('state', new Uint8Array(5).fill(0x77), new Uint8Array(16))],
    { check: 'state', table: 'state' },
  ],
  [
    'a value came with a history record',
    () => [
      insert('state', new Uint8Array(21).fill(1), new Uint8Array(16)),
      insert('history', concatBytes(new Uint8Array(21).fill(1), at(5)), Uint8Array.of(0)),
    ],
    { check: 'history', table: 'history', height: 5 },
  ],
  [
    'an index entry is lost',
    (p) => [remove('index', indexKeys(p, 7)[0] as Uint8Array)],
    { check: 'index', table: 'index', height: 7 },
  ],
  [
    'an index entry leads elsewhere',
    (p) => [flip(p, 'index', indexKeys(p, 7)[0] as Uint8Array, 11)],
    { check: 'index', table: 'index', height: 7 },
  ],
  [
    'an index entry came from nowhere',
    (p) => [
      insert(
        'index',
        concatBytes(Uint8Array.of(1), new Uint8Array(32).fill(3)),
        get(p, 'index', indexKeys(p, 7)[0] as Uint8Array),
      ),
    ],
    { check: 'index', table: 'index', height: 7 },
  ],
  [
    'an index entry leads above the tip',
    () => [
      insert(
        'index',
        concatBytes(Uint8Array.of(1), new Uint8Array(32).fill(3)),
        concatBytes(at(900), new Uint8Array(4)),
      ),
    ],
    { check: 'index', table: 'index' },
  ],
  [
    'an index entry is in no sub-table',
    () => [insert('index', Uint8Array.of(0x66, 1), new Uint8Array(12))],
    { check: 'index', table: 'index' },
  ],
  ['a trie page is lost', (p) => [remove('trie', lowerPage(p))], { check: 'trie', table: 'trie' }, true],
  ['a trie page has another hash', (p) => [flip(p, 'trie', lowerPage(p), 20)], { check: 'trie', table: 'trie' }, true],
  [
    'a trie has a page too many',
    (p) => [insert('trie', concatBytes(lowerPage(p), Uint8Array.of(9)), new Uint8Array(40))],
    { check: 'trie', table: 'trie' },
    true,
  ],
  [
    'a trie that nobody has',
    () => [insert('trie', Uint8Array.of(0x55, 0), new Uint8Array(40))],
    { check: 'trie', table: 'trie' },
    true,
  ],
  ['the tips are lost', () => [remove('meta', Buffer.from('tips'))], { check: 'block', table: 'block', height: 0 }],
  ['the tips name another block', (p) => [flip(p, 'meta', Buffer.from('tips'), 60)], { check: 'tips', table: 'meta' }],
  [
    'the tips cannot be read',
    () => [insert('meta', Buffer.from('tips'), Buffer.from('[1]'))],
    { check: 'meta', table: 'meta' },
  ],
  ['the sums are lost', () => [remove('meta', Buffer.from('counts'))], { check: 'meta', table: 'meta' }],
  [
    'the sums are others',
    () => [insert('meta', Buffer.from('counts'), Buffer.from('{"blocks":3}'))],
    { check: 'counts', table: 'meta' },
  ],
  ['the mark is lost', () => [remove('meta', Buffer.from('identity'))], { check: 'meta', table: 'meta' }],
  [
    'the mark is of another chain',
    () => [insert('meta', Buffer.from('identity'), Buffer.from('other:chain'))],
    { check: 'meta', table: 'meta', got: 'other:chain' },
  ],
  [
    'a record of the store’s own is unknown',
    () => [insert('meta', Buffer.from('strange'), Buffer.from('{}'))],
    { check: 'meta', table: 'meta' },
  ],
  ['a rejection is lost', () => [remove('reject', at(1))], { check: 'reject', table: 'reject' }],
  ['the newest rejection is lost', () => [remove('reject', at(2))], { check: 'reject', table: 'reject' }],
  ['a rejection cannot be read', (p) => [flip(p, 'reject', at(1), 0)], { check: 'reject', table: 'reject' }],
  [
    'a rejection has a number to come',
    (p) => [remove('reject', at(0)), insert('reject', at(9), get(p, 'reject', at(1)))],
    { check: 'reject', table: 'reject' },
  ],
  ['a want is lost', (p) => [remove('wanted', lastKey(p, 'wanted'))], { check: 'wanted', table: 'wanted' }],
  ['a want cannot be read', (p) => [flip(p, 'wanted', lastKey(p, 'wanted'), 0)], { check: 'wanted', table: 'wanted' }],
  [
    'a want has the key of another',
    (p) => [insert('wanted', Buffer.from('class\0other'), get(p, 'wanted', lastKey(p, 'wanted')))],
    { check: 'wanted', table: 'wanted' },
  ],
  [
    'a confirmed block is among the orphans',
    (p) => [insert('orphan', recordOf(p, 5).ref.hash, get(p, 'orphan', lastKey(p, 'orphan')))],
    { check: 'orphan', table: 'orphan', height: 5 },
  ],
  [
    'an orphan has no reason',
    (p) => [flip(p, 'orphan', lastKey(p, 'orphan'), 41)],
    { check: 'orphan', table: 'orphan' },
  ],
  [
    'an orphan is cut off',
    (p) => [insert('orphan', lastKey(p, 'orphan'), new Uint8Array(9))],
    { check: 'orphan', table: 'orphan' },
  ],
  [
    'a quarantine entry cannot be read',
    (p) => [flip(p, 'quarantine', lastKey(p, 'quarantine'), 1)],
    { check: 'quarantine', table: 'quarantine' },
  ],
  [
    'a quarantine entry has the key of another',
    (p) => [insert('quarantine', Buffer.from('x\0y'), get(p, 'quarantine', lastKey(p, 'quarantine')))],
    { check: 'quarantine', table: 'quarantine' },
  ],
];

/** One test for each damage: what is found is that, and nothing else. */
function nameEach(cases: readonly Case[], patientOf: () => Patient): void {
  for (const [what, damage, found, deep = false] of cases) {
    it(`${what}: that is what is named`, async () => {
      const patient = patientOf();
      expect(await patient.with(damage(patient), deep)).toMatchObject(found);
    });
  }
}

/** A block in the middle of a key's life gets a record that says it changed nothing. */
function insertIdleHistory(patient: Patient): readonly Write[] {
  const { key, height } = middleHistory(patient);
  const stateKey = key.subarray(0, -8);
  for (let idle = height + 1; ; idle++) {
    const historyKey = concatBytes(stateKey, at(idle));
    if (patient.get('history', historyKey) !== undefined) continue;
    using view = patient.store.view();
    return [insert('history', historyKey, encodeBefore(readStateAt(view, stateKey, idle as Height)))];
  }
}

/** A page below the root page of the largest trie. */
function lowerPage(patient: Patient): Uint8Array {
  const [first] = patient === starknet ? [2] : [1];
  const page = patient.records('trie').find(([key]) => key[0] === first && key.length > 2);
  if (page === undefined) throw new Error('there is only a root page');
  return page[0];
}

/** The state diff of a block with a storage value changed. */
function otherDiff(patient: Patient, height: number): Write {
  const key = partKey(height, 'stateDiff');
  const diff = decodeStateDiff(get(patient, 'part', key));
  const [contract, ...others] = diff.storageDiffs;
  if (contract === undefined) throw new Error(`block ${height} changes no storage`);
  const entries = contract.entries.map((entry) => ({ ...entry, value: feltFromNumber(77) }));
  const storageDiffs = [{ ...contract, entries }, ...others];
  return insert('part', key, encodeStateDiff({ ...diff, storageDiffs }));
}

function lastKey(patient: Patient, table: Table): Uint8Array {
  const key = patient.records(table).at(-1)?.[0];
  if (key === undefined) throw new Error(`table ${table} is empty`);
  return key;
}

/** Keys of the index entries of a block's transactions. */
function indexKeys(patient: Patient, height: number): readonly Uint8Array[] {
  const keys = patient
    .records('index', Uint8Array.of(1), Uint8Array.of(2))
    .filter(([, value]) => toHex(value.subarray(0, 8)) === toHex(at(height)))
    .map(([key]) => key);
  if (keys.length === 0) throw new Error(`block ${height} has no transactions`);
  return keys;
}

describe.each<[string, () => Patient]>([
  ['starknet', () => starknet],
  ['ledger', () => ledger],
])('in a store of %s', (_chain, patientOf) => {
  nameEach(inAnyChain, patientOf);

  /** Flips one bit of one record of these tables, many times over. */
  async function flipAnywhere(
    tables: readonly Table[],
    runs: number,
    judge: (difference: AuditDifference | null, where: string) => void,
  ): Promise<void> {
    const patient = patientOf();
    const records = tables
      .flatMap((table) => patient.records(table).map(([key, value]) => ({ table, key, value })))
      .filter(({ value }) => value.length > 0);
    const position = fc.tuple(fc.nat(records.length - 1), fc.nat(), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(position, async ([which, byte, bit]) => {
        const { table, key, value } = records[which] as (typeof records)[number]; // inside
        const bytes = new Uint8Array(value);
        const offset = byte % bytes.length;
        bytes[offset] = (bytes[offset] as number) ^ (1 << bit);
        judge(await patient.with([{ table, key, value: bytes }], true), `${table} ${toHex(key)} ${offset} ${bit}`);
      }),
      { numRuns: runs },
    );
  }

  it('a flipped bit anywhere in what is proven is found', async () => {
    const tables: readonly Table[] = ['height', 'state', 'history', 'undo', 'index', 'trie', 'content'];
    await flipAnywhere(tables, 24, (difference, where) => expect(difference, where).not.toBe(null));
  });

  it('a flipped bit anywhere else is found as what it is, or is of what nothing proves', async () => {
    const tables: readonly Table[] = ['meta', 'block', 'part', 'wanted', 'orphan', 'reject', 'quarantine'];
    await flipAnywhere(tables, 40, (difference, where) => {
      if (difference !== null) expect(tables, where).toContain(difference.table);
    });
  });

  it('nothing is found once all is mended', async () => {
    const { subject, store } = patientOf();
    expect((await audit(subject, store, { deep: true })).difference).toBe(null);
  });
});

describe('in a store of starknet', () => {
  const storageRoot = (p: Patient) => lastKeyOf(p, 5);
  const classKeyOf = (p: Patient) => p.records('content')[0]?.[0] as Uint8Array; // it was stored above
  nameEach(
    [
      [
        'a transaction is another',
        (p) => [insert('part', partKey(5, 'transactions'), get(p, 'part', partKey(6, 'transactions')))],
        { check: 'parts', table: 'part', height: 5 },
      ],
      [
        'the header has another root',
        (p) => [flip(p, 'part', partKey(5, 'header'), 90)],
        { check: 'block-hash', table: 'part', height: 5 },
      ],
      [
        'the state diff has another value',
        (p) => [otherDiff(p, 5)],
        { check: 'state-diff-commitment', table: 'part', height: 5 },
      ],
      [
        'the signature is lost',
        () => [remove('part', partKey(5, 'signature'))],
        { check: 'signature', table: 'part', height: 5 },
      ],
      [
        'the signature is another',
        (p) => [flip(p, 'part', partKey(5, 'signature'), 60)],
        { check: 'signature', height: 5 },
      ],
      [
        'the receipts are another block’s',
        (p) => [insert('part', partKey(5, 'receipts'), get(p, 'part', partKey(6, 'receipts')))],
        { check: 'parts', height: 5 },
      ],
      [
        'a whole block is another',
        (p) =>
          ['header', 'transactions', 'receipts', 'stateDiff', 'signature'].map((name) =>
            insert('part', partKey(5, name), get(p, 'part', partKey(6, name))),
          ),
        { check: 'block-record', height: 5 },
      ],
      ['a storage value is lost', (p) => [remove('state', lastKeyOf(p, 1))], { check: 'state', table: 'state' }],
      [
        'a storage value is another',
        (p) => [flip(p, 'state', lastKeyOf(p, 1), 30)],
        { check: 'state', table: 'state' },
      ],
      ['a nonce is another', (p) => [flip(p, 'state', lastKeyOf(p, 3), 30)], { check: 'state', table: 'state' }],
      ['a storage root is lost', (p) => [remove('state', storageRoot(p))], { check: 'trie', table: 'state' }, true],
      [
        'a storage root is another',
        (p) => [flip(p, 'state', storageRoot(p), 30)],
        { check: 'trie', table: 'state' },
        true,
      ],
      [
        'a contract that is none has a storage root',
        () => [insert('state', concatBytes(Uint8Array.of(5), feltFromNumber(12_345)), feltFromNumber(6))],
        { check: 'trie', table: 'state' },
        true,
      ],
      [
        'the root page of the contracts trie is another',
        (p) => [flip(p, 'trie', Uint8Array.of(2, 0), 20)],
        { check: 'state-root', table: 'trie' },
      ],
      [
        'the root page of the contracts trie is lost',
        () => [remove('trie', Uint8Array.of(2, 0))],
        { check: 'state-root', table: 'trie' },
      ],
      [
        'an event is not where the index says',
        (p) => [insert('index', flipped(lastKey(p, 'index'), 5), new Uint8Array(0))],
        { check: 'index', table: 'index' },
      ],
      ['a class is another', (p) => [flip(p, 'content', classKeyOf(p), 40)], { check: 'class-hash', table: 'content' }],
      [
        'a class has the hash of another',
        (p) => [insert('content', Buffer.from('class\u00000x123'), get(p, 'content', classKeyOf(p)))],
        { check: 'class-hash', table: 'content', expected: '0x123' },
      ],
      ['a class is lost', (p) => [remove('content', classKeyOf(p))], { check: 'counts', table: 'meta' }],
      [
        'content is no class',
        () => [insert('content', Buffer.from('note\u0000x'), new Uint8Array(9))],
        { check: 'content', table: 'content' },
      ],
    ],
    () => starknet,
  );

  it('expected and got are told', async () => {
    const difference = await starknet.with([flip(starknet, 'part', partKey(5, 'header'), 90)]);
    expect(difference).toMatchObject({ expected: expect.stringMatching(/^0x/), got: expect.stringMatching(/^0x/) });
    expect(difference?.expected).not.toBe(difference?.got);
  });

  it('only the first of several is named', async () => {
    const writes = [9, 5, 12].map((height) => remove('height', recordOf(starknet, height).ref.hash));
    expect(await starknet.with(writes)).toMatchObject({ check: 'height-index', height: 5 });
  });

  it('trie pages below the root are only looked at when asked to', async () => {
    const page = remove('trie', lowerPage(starknet));
    expect(await starknet.with([page])).toBe(null);
    expect(await starknet.with([page], true)).toMatchObject({ table: 'trie' });
  });
});

describe('in a store of the ledger', () => {
  nameEach(
    [
      [
        'a transfer is another',
        (p) => [flip(p, 'part', partKey(withTransfers(p), 'transactions'), 60)],
        { check: 'transactions-root', table: 'part' },
      ],
      [
        'the header is another',
        (p) => [flip(p, 'part', partKey(5, 'header'), 60)],
        { check: 'block-hash', table: 'part', height: 5 },
      ],
      ['a balance is another', (p) => [flip(p, 'state', lastKeyOf(p, 1), 7)], { check: 'state', table: 'state' }],
      [
        'a memo is another',
        (p) => [flip(p, 'content', lastKey(p, 'content'), 0)],
        { check: 'memo-hash', table: 'content' },
      ],
      ['a memo is lost', (p) => [remove('content', lastKey(p, 'content'))], { check: 'wanted', table: 'wanted' }],
      [
        'a memo came from nowhere',
        () => [insert('content', new Uint8Array(33).fill(1), new Uint8Array(3))],
        { check: 'memo-hash', table: 'content' },
      ],
    ],
    () => ledger,
  );
});

function withTransfers(patient: Patient): number {
  const height = patient.subject.blocks().findIndex(({ counts }) => (counts.transactions ?? 0) > 0);
  if (height === -1) throw new Error('no block has a transfer');
  return height;
}

/** The last key of a sub-table of the state. */
function lastKeyOf(patient: Patient, subTable: number): Uint8Array {
  const key = patient.records('state', Uint8Array.of(subTable), Uint8Array.of(subTable + 1)).at(-1)?.[0];
  if (key === undefined) throw new Error(`sub-table ${subTable} is empty`);
  return key;
}
