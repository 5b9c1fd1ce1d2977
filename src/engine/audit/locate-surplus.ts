import { concatBytes, equalBytes, fromHex, readU64be, toHex, u64be } from '../../lib/index.ts';
import type { StateView } from '../store.ts';
import type { Height } from '../types.ts';
import type { AuditContext } from './context.ts';
import { differs, recordDiffers } from './difference.ts';
import { bucketOf } from './key-tally.ts';
import { ReplayedState } from './replayed-state.ts';
import { loadBlocks } from './stored-blocks.ts';

/** A bucket of a table that holds another number of records than blocks write there. */
export interface Surplus {
  readonly table: 'history' | 'index';
  readonly bucket: number;
  readonly expected: number;
  readonly got: number;
  /** Highest block that was verified. */
  readonly to: number;
  /** Where the last step ended, hexadecimal. */
  readonly after: string | null;
}

/**
 * Goes through a bucket and makes the block behind each record again, until one does not write it.
 *
 * @returns Where to go on.
 * @throws {DifferenceFound} at that record, or at the end of the table.
 */
export async function locateSurplus(
  context: AuditContext,
  view: StateView,
  surplus: Surplus,
): Promise<{ readonly after: string }> {
  const { table, bucket, to, after } = surplus;
  const start = after === null ? {} : { start: fromHex(after) };
  let looked = 0;
  let made = 0;
  for (const [key, value] of view.range(table, start)) {
    if (made === MADE_PER_STEP || looked++ === LOOKED_PER_STEP) return { after: toHex(key) };
    if (bucketOf(key) !== bucket) continue;
    const height = table === 'index' ? (context.rules.audit?.indexHeight(key, value) ?? to + 1) : heightOf(key);
    if (height > to) continue;
    made++;
    const written = await writtenAt(context, view, table, height as Height);
    if (written.some((one) => equalBytes(one, key))) continue;
    throw recordDiffers({ table, key, height }, 'no record: the block does not write it', value);
  }
  const numbers = { expected: `${surplus.expected} records`, got: `${surplus.got} records` };
  throw differs({ check: table, table, ...numbers, reason: 'in one bucket' });
}

function heightOf(historyKey: Uint8Array): number {
  return readU64be(historyKey, historyKey.length - 8);
}

async function writtenAt(
  { rules }: AuditContext,
  view: StateView,
  table: 'history' | 'index',
  height: Height,
): Promise<readonly Uint8Array[]> {
  const [audited] = rules.audit?.blocks(loadBlocks(view, { from: height, to: height }, 0)) ?? [];
  if (audited?.block == null) return [];
  if (table === 'index') return audited.block.index.map(({ key }) => key);
  const state = new ReplayedState(view, height);
  await rules.execute(state, audited.block);
  return state.changedKeys().map((key) => concatBytes(key, u64be(height)));
}

const MADE_PER_STEP = 16;
const LOOKED_PER_STEP = 20_000;
