import { encodeArchivedMemos, sha256 } from '../../chains/ledger/index.ts';
import type { Hash32 } from '../../engine/index.ts';
import { toHex } from '../../lib/index.ts';
import type { LedgerDevnetOptions } from './options.ts';
import type { SeededRandom } from './random.ts';

/** The documents that transfers have named so far. */
export interface MemoShelf {
  /** Writes a document and returns its hash. */
  write(): Hash32;
  /** Part `memo` by hash as hex: `null` for what was never written, is archived, or is lost. */
  memo(id: string): Uint8Array | null;
  /** Part `archivedMemo`: `null` for what was never written or is lost. */
  archivedMemo(id: string): Uint8Array | null;
  /** Another one with the same documents, which goes on with `random`. */
  copy(random: SeededRandom): MemoShelf;
}

type MemoOptions = Pick<Required<LedgerDevnetOptions>, 'archivedMemoShare' | 'lostMemoShare'>;

/** What stands on the shelf: hash as hex → bytes of the part. */
interface Stock {
  readonly present: Map<string, Uint8Array>;
  readonly archived: Map<string, Uint8Array>;
  last: Uint8Array | null;
}

export function createMemoShelf(random: SeededRandom, options: MemoOptions): MemoShelf {
  return openShelf(random, options, { present: new Map(), archived: new Map(), last: null });
}

function openShelf(random: SeededRandom, options: MemoOptions, stock: Stock): MemoShelf {
  const { present, archived } = stock;

  return {
    write() {
      const memo = Buffer.from(`memo ${toHex(random.bytes(8 + random.below(48)))}`, 'utf8');
      const hash = sha256(memo);
      const id = toHex(hash);
      if (random.chance(options.lostMemoShare)) return hash;
      if (!random.chance(options.archivedMemoShare)) present.set(id, new Uint8Array(memo));
      // Packs hold a neighbour too, so that finding the right one is not a matter of taking the first.
      archived.set(id, encodeArchivedMemos(stock.last === null ? [memo] : [stock.last, memo]));
      stock.last = memo;
      return hash;
    },
    memo: (id) => present.get(id) ?? null,
    archivedMemo: (id) => archived.get(id) ?? null,
    copy(other) {
      const copied = { present: new Map(present), archived: new Map(archived), last: stock.last };
      return openShelf(other, options, copied);
    },
  };
}
