import { type Account, type Address, accountKey, commitAccounts, decodeAccount } from '../../chains/ledger/index.ts';
import type { Hash32, StateTransition, StateView } from '../../engine/index.ts';

/** The accounts of the newest block in memory, with what it takes to go back. */
export interface DevnetState {
  account(address: Address): Account;
  /** Plays one block and returns the AppHash after it. When `play` throws, nothing has happened. */
  advance(play: (state: StateTransition) => void): Hash32;
  /** Takes back the newest `blocks` blocks. */
  rewind(blocks: number): void;
  /** Every account there is. */
  accounts(): readonly { readonly address: Address; readonly account: Account }[];
  /** Another one with the same accounts and the same past. */
  copy(): DevnetState;
}

/** State key as text → new value. */
type Changes = Map<string, Uint8Array | null>;

interface Tables {
  readonly state: Map<string, Uint8Array>;
  readonly trie: Map<string, Uint8Array>;
}

export function createDevnetState(): DevnetState {
  return openState({ state: new Map(), trie: new Map() }, []);
}

/** @param undo For each block, oldest first, the values from before it. */
function openState(tables: Tables, undo: Changes[]): DevnetState {
  const view: StateView = {
    get: (table, key) => (table === 'state' || table === 'trie' ? tables[table].get(text(key)) : undefined),
    range: () => [], // commitAccounts looks up keys only
    [Symbol.dispose]() {},
  };

  /** Puts changes in place, brings the trie up to date, and returns the root. */
  const settle = (changes: Changes): Hash32 => {
    for (const [key, value] of changes) put(tables.state, key, value);
    const keys = [...changes.keys()].sort().map(bytes);
    const commitment = commitAccounts(view, keys);
    for (const { key, value } of commitment.writes) put(tables.trie, text(key), value);
    return commitment.root;
  };

  return {
    account: (address) => decodeAccount(tables.state.get(text(accountKey(address)))),
    advance(play) {
      const changes: Changes = new Map();
      play({
        get(key) {
          const id = text(key);
          return changes.has(id) ? (changes.get(id) ?? undefined) : tables.state.get(id);
        },
        set(key, value) {
          changes.set(text(key), value);
        },
      });
      undo.push(new Map([...changes.keys()].map((id) => [id, tables.state.get(id) ?? null])));
      return settle(changes);
    },
    rewind(blocks) {
      const former: Changes = new Map();
      // Newest first, so that of several values the oldest stays.
      for (let i = 0; i < blocks; i++) for (const [id, value] of undo.pop() ?? []) former.set(id, value);
      settle(former);
    },
    accounts: () =>
      [...tables.state].map(([id, value]) => ({
        address: bytes(id).slice(1) as Address, // state keys are one byte and an address
        account: decodeAccount(value),
      })),
    copy: () => openState({ state: new Map(tables.state), trie: new Map(tables.trie) }, [...undo]),
  };
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
