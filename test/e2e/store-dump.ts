import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ReadStore, Table } from '../../src/engine/index.ts';
import { openLmdb } from '../../src/store/index.ts';

/** What two runs must agree on: everything but who delivered a block, and what was rejected on the way. */
const TABLES: readonly Table[] = ['meta', 'block', 'part', 'height', 'state', 'history', 'undo', 'trie', 'index'];

/** One digest for each table of a closed data folder. Equal digests, equal stores. */
export async function digestOf(dataDir: string): Promise<Readonly<Record<string, string>>> {
  await using store = openLmdb({ path: join(dataDir, 'db'), readOnly: true });
  return digestStore(store);
}

export function digestStore(store: ReadStore): Readonly<Record<string, string>> {
  using view = store.view();
  return Object.fromEntries(
    TABLES.map((table) => {
      const hash = createHash('sha256');
      let entries = 0;
      for (const [key, value] of view.range(table, {})) {
        if (table === 'meta' && Buffer.from(key).toString() === 'reject-sequence') continue;
        hash
          .update(key)
          .update('=')
          .update(comparable(table, key, value))
          .update('\n');
        entries++;
      }
      return [table, `${entries} ${hash.digest('hex')}`];
    }),
  );
}

function comparable(table: Table, key: Uint8Array, value: Uint8Array): Uint8Array | string {
  // After 104 bytes a block record tells, among other things, who delivered the block.
  if (table === 'block') return value.subarray(0, 104);
  if (table !== 'meta' || Buffer.from(key).toString() !== 'counts') return value;
  // Classes arrive on their own: how many there are when a run ends is chance.
  const {
    classes: _,
    compiledClasses: __,
    ...counts
  } = JSON.parse(Buffer.from(value).toString()) as {
    readonly [name: string]: number;
  };
  return JSON.stringify(counts);
}
