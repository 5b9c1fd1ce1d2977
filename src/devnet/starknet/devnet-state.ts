import type { Felt, StateDiff } from '../../chains/starknet/index.ts';
import { commitState, executeDiff } from '../../chains/starknet/rules/index.ts';
import type { FeltHasher } from '../../crypto/index.ts';
import type { StateView } from '../../engine/index.ts';

/** Flat state and tries of the newest block in memory, with what it takes to go back. */
export interface DevnetState {
  /** Plays one block through the chain's rules and returns the state root after it. */
  advance(diff: StateDiff): Felt;
  /** Takes back the newest `blocks` blocks. Takes one update of the tries, however many blocks it is. */
  rewind(blocks: number): void;
  /** Every record of the flat state, in no order; keys as the rules make them, not to be changed. */
  records(): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
}

/** @param versionAt Protocol version of a height. */
export function createDevnetState({
  hasher,
  versionAt,
}: {
  readonly hasher: FeltHasher;
  readonly versionAt: (height: number) => string;
}): DevnetState {
  const tables = { state: new Map<string, Uint8Array>(), trie: new Map<string, Uint8Array>() };
  const undo: Changes[] = [];
  const view: StateView = {
    get: (table, key) => (table === 'state' || table === 'trie' ? tables[table].get(text(key)) : undefined),
    range: () => [], // the rules look up single keys
    [Symbol.dispose]() {},
  };

  /** Puts changes in place, brings the tries up to date, and returns the root. */
  const settle = (changes: Changes): Felt => {
    const changed = [...changes].filter(([id, value]) => !isSame(tables.state.get(id), value));
    for (const [id, value] of changed) put(tables.state, id, value);
    const keys = changed.map(([id]) => id).sort();
    const commitment = commitState(hasher, view, keys.map(bytes), versionAt(undo.length - 1));
    for (const { table, key, value } of commitment.writes) {
      put(table === 'trie' ? tables.trie : tables.state, text(key), value); // commitState writes to no other table
    }
    return commitment.root as Uint8Array as Felt; // roots are hashes of felts
  };

  return {
    advance(diff) {
      const changes: Changes = new Map();
      executeDiff(
        {
          get(key) {
            const id = text(key);
            return changes.has(id) ? (changes.get(id) ?? undefined) : tables.state.get(id);
          },
          set(key, value) {
            changes.set(text(key), value);
          },
        },
        diff,
      );
      undo.push(new Map([...changes.keys()].map((id) => [id, tables.state.get(id) ?? null])));
      return settle(changes);
    },
    rewind(blocks) {
      const former: Changes = new Map();
      // Newest first, so that of several values the oldest stays.
      for (let i = 0; i < blocks; i++) for (const [id, value] of undo.pop() ?? []) former.set(id, value);
      settle(former);
    },
    *records() {
      for (const [id, value] of tables.state) yield [bytes(id), value];
    },
  };
}

/** State key as text → new value. */
type Changes = Map<string, Uint8Array | null>;

function isSame(before: Uint8Array | undefined, after: Uint8Array | null): boolean {
  if (before === undefined || after === null) return before === undefined && after === null;
  return Buffer.compare(before, after) === 0;
}

function put(table: Map<string, Uint8Array>, id: string, value: Uint8Array | null): void {
  if (value === null) table.delete(id);
  else table.set(id, value);
}

/** Bytes as text of one character each: sorts as bytes do. */
function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function bytes(id: string): Uint8Array {
  return new Uint8Array(Buffer.from(id, 'latin1'));
}
