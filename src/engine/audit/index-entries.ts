import { equalBytes, toHex, u64be } from '../../lib/index.ts';
import type { SealedBlock } from '../chain.ts';
import { decodeUndo, encodeUndo, type IndexChange, readBlock } from '../commit/records.ts';
import type { StateView, Write } from '../store.ts';
import type { Height } from '../types.ts';
import type { ChainAudit } from './chain-audit.ts';
import { decodeRecord, recordDiffers } from './difference.ts';
import { countKey, type KeyTally } from './key-tally.ts';
import { loadBlocks } from './stored-blocks.ts';
import type { CheckCounter } from './summary.ts';

/** What looking at the index entries of a block takes. */
export interface IndexAudit {
  readonly view: StateView;
  readonly audit: ChainAudit | undefined;
  readonly counter: CheckCounter;
}

/**
 * Every entry of a block stands in the index, or one of a later block stands in its place, whose undo list leads back
 * to it.
 *
 * @throws {DifferenceFound}
 */
export function requireIndex(on: IndexAudit, { ref, index }: SealedBlock, tally: KeyTally): void {
  const { height } = ref;
  const { view, audit, counter } = on;
  for (const { key, value } of lastOfEachKey(index)) {
    const found = view.get('index', key);
    if (found !== undefined && value !== null && equalBytes(found, value)) {
      countKey(tally, key);
      counter.pass('index');
      continue;
    }
    const owner = found === undefined ? null : (audit?.indexHeight(key, found) ?? null);
    if (owner === null || owner <= height || !isWriter(on, owner, { key, value: null })) {
      throw recordDiffers({ table: 'index', key, height }, value, found ?? null);
    }
    requireLeadsBack(on, owner, { height, key, value });
  }
}

/** From undo list to undo list, down to the one that holds what the block at `height` wrote. */
function requireLeadsBack(
  { view, audit, counter }: IndexAudit,
  owner: number,
  { height, key, value }: { readonly height: number; readonly key: Uint8Array; readonly value: Uint8Array | null },
): void {
  for (let at = owner; at > height; ) {
    const place = { table: 'undo', key: u64be(at), height: at } as const;
    const bytes = view.get('undo', place.key);
    if (bytes === undefined) return; // dropped, or missing: that block's to tell
    const change = decodeRecord(place, bytes, decodeUndo).index.find((one) => equalBytes(one.key, key));
    if (change?.before == null) {
      // Lists of earlier versions do not hold it.
      counter.undecided('undo', 'an undo list does not say what stood at an index key before');
      return;
    }
    const below = audit?.indexHeight(key, change.before) ?? -1;
    const isOurs = below === height && value !== null && equalBytes(change.before, value);
    if (below >= at || below < height || (below === height && !isOurs)) {
      throw recordDiffers(place, `${toHex(key)} was ${value === null ? 'absent' : toHex(value)}`, toHex(change.before));
    }
    at = below;
  }
}

/**
 * The undo list that the block must have, taking the list's own word for what stood at its index keys, once that is
 * what an earlier block wrote there.
 *
 * @throws {DifferenceFound}
 */
export function expectedUndo(
  on: IndexAudit,
  { ref, index }: SealedBlock,
  { changed, stored }: { readonly changed: readonly Uint8Array[]; readonly stored: Uint8Array | null },
): Uint8Array {
  const { height } = ref;
  const place = { table: 'undo', key: u64be(height), height } as const;
  const listed = stored === null ? [] : decodeRecord(place, stored, decodeUndo).index;
  const befores = new Map(listed.map((change) => [toHex(change.key), change.before]));
  const changes = lastOfEachKey(index).map(({ key }): IndexChange => {
    const before = befores.get(toHex(key)) ?? null;
    if (before === null) return { key, before };
    const owner = on.audit?.indexHeight(key, before) ?? height;
    if (owner < height && isWriter(on, owner, { key, value: before })) return { key, before };
    throw recordDiffers(place, `what an earlier block wrote at ${toHex(key)}`, toHex(before));
  });
  return encodeUndo({ state: changed, index: changes });
}

/** As the store holds them: in the order in which the keys came first. */
function lastOfEachKey(index: readonly Write[]): readonly Write[] {
  return [...new Map(index.map((write) => [toHex(write.key), write])).values()];
}

/** Whether the block writes the key: that value, or any where it is null. */
function isWriter({ view, audit }: IndexAudit, height: number, { key, value }: Omit<Write, 'table'>): boolean {
  if (audit === undefined || readBlock(view, height) === null) return false;
  const at = height as Height;
  const [audited] = audit.blocks(loadBlocks(view, { from: at, to: at }, 0));
  const writes = lastOfEachKey(audited?.block?.index ?? []);
  return writes.some(
    (write) =>
      equalBytes(write.key, key) && (value === null || (write.value !== null && equalBytes(write.value, value))),
  );
}
