import { deepStrictEqual } from 'node:assert/strict';
import type { KeyRange, StateView, Table, Write } from '../engine/index.ts';
import { compareBytes, fromHex, toHex } from '../lib/index.ts';

/** A batch of writes, or a question; what a store is put through beside its model. */
export type StoreStep =
  | { readonly type: 'commit'; readonly writes: readonly Write[] }
  | { readonly type: 'get'; readonly table: Table; readonly key: Uint8Array }
  | { readonly type: 'range'; readonly table: Table; readonly range: KeyRange };

/** The plainest thing that behaves as a store must: the standard that stores are compared with. */
export interface StoreModel {
  commit(writes: readonly Write[]): void;
  get(table: Table, key: Uint8Array): Uint8Array | undefined;
  /** Entries of a range in the order in which a store yields them. */
  range(table: Table, range: KeyRange): readonly (readonly [key: Uint8Array, value: Uint8Array])[];
  /** The model as it stands, unmoved by later commits. */
  snapshot(): StoreModel;
}

export function createStoreModel(entries: ReadonlyMap<string, Uint8Array> = new Map()): StoreModel {
  const values = new Map(entries);
  const nameOf = (table: Table, key: Uint8Array) => `${table}/${toHex(key)}`;
  return {
    commit(writes) {
      for (const { table, key, value } of writes) {
        if (value === null) values.delete(nameOf(table, key));
        else values.set(nameOf(table, key), value.slice());
      }
    },
    get: (table, key) => values.get(nameOf(table, key)),
    range(table, { start, end, reverse = false, limit }) {
      const found: [key: Uint8Array, value: Uint8Array][] = [];
      for (const [name, value] of values) {
        if (!name.startsWith(`${table}/`)) continue;
        const key = fromHex(name.slice(table.length + 1));
        if (start !== undefined && compareBytes(key, start) < 0) continue;
        if (end !== undefined && compareBytes(key, end) >= 0) continue;
        found.push([key, value]);
      }
      found.sort(([a], [b]) => compareBytes(a, b));
      if (reverse) found.reverse();
      return found.slice(0, limit);
    },
    snapshot: () => createStoreModel(values),
  };
}

/** Asks view and model the same question. @throws {AssertionError} when they disagree. */
export function compareWithModel(view: StateView, model: StoreModel, question: Exclude<StoreStep, { type: 'commit' }>) {
  if (question.type === 'get') {
    deepStrictEqual(view.get(question.table, question.key), model.get(question.table, question.key));
  } else {
    deepStrictEqual([...view.range(question.table, question.range)], model.range(question.table, question.range));
  }
}
