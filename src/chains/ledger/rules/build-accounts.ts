import type { StateBuild, StateBuildPiece, StateView, Write } from '../../../engine/index.ts';
import { parseHash32 } from '../../../engine/index.ts';
import { compareBytes, concatAll, concatBytes } from '../../../lib/index.ts';
import { buildTries, type TrieEntry } from '../../../trie/index.ts';
import { ACCOUNT_PREFIX } from './accounts.ts';
import { ACCOUNT_TRIE_PREFIX, hashPairs, KEY_BITS, trieEntry } from './state-trie.ts';

/**
 * Builds the account trie at once. Leaves lie in the order of hashed addresses, which is not the order of the state,
 * so all of them are gathered first, some in each step; nothing is written before the last, and an interrupted build
 * is begun anew.
 */
export function createAccountsBuild({ stepAccounts = STEP_ACCOUNTS }: { stepAccounts?: number } = {}): StateBuild {
  const leaves: TrieEntry[] = [];
  let takenTo: Uint8Array | null = null;
  return {
    step(view: StateView): StateBuildPiece {
      const start: Uint8Array =
        takenTo === null ? Uint8Array.of(ACCOUNT_PREFIX) : concatBytes(takenTo, Uint8Array.of(0));
      let taken = 0;
      for (const [key, account] of view.range('state', { start, end: ACCOUNTS_END, limit: stepAccounts })) {
        leaves.push(trieEntry(key, account));
        takenTo = key;
        taken++;
      }
      const common = { cursor: new Uint8Array(0), done: leaves.length };
      if (taken === stepAccounts)
        return { ...common, writes: [], root: null, share: shareOf(takenTo), hashes: 2 * taken };
      const sorted = leaves.toSorted((a, b) => compareBytes(a.key, b.key));
      const keys = concatAll(sorted.map(({ key }) => key));
      const values = concatAll(sorted.map(({ value }) => value));
      const built = buildTries(hashPairs, [{ prefix: ACCOUNT_TRIE_PREFIX, height: KEY_BITS, keys, values }]);
      const writes = built.writes.map(({ key, value }): Write => ({ table: 'trie', key, value }));
      const root = parseHash32(built.roots[0] as Uint8Array); // one trie, one root
      return { ...common, writes, root, share: 1, hashes: built.hashes + 2 * taken };
    },
  };
}

/** Addresses are hashes of keys and fill their space evenly. */
function shareOf(key: Uint8Array | null): number {
  return key === null ? 0 : (key[1] as number) / 256; // a prefix and 20 bytes
}

const ACCOUNTS_END = Uint8Array.of(ACCOUNT_PREFIX + 1);
const STEP_ACCOUNTS = 2 ** 15;
