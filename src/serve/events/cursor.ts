import {
  type BlockRef,
  type EventsFrom,
  type Hash32,
  type Height,
  parseHash32,
  parseHeight,
} from '../../engine/index.ts';
import { fromHex, SynclineError, toHex } from '../../lib/index.ts';

/** Where a reader of events stands, as text: `height:0x…`, or `genesis` before the first block. */
export function formatCursor(at: { readonly height: Height; readonly hash: Hash32 | null } | null): string {
  // Confirmed blocks have a hash, and cursors are about nothing else.
  return at === null ? 'genesis' : `${at.height}:${toHex(at.hash ?? new Uint8Array(32))}`;
}

/**
 * Reads a cursor, `genesis` or `now`. A hash may lack zeros at its front, as some chains write theirs.
 * @throws {SynclineError} `CURSOR_MALFORMED` (fault `caller`).
 */
export function parseCursor(text: string): EventsFrom {
  if (text === 'genesis' || text === 'now') return text;
  const match = /^([0-9]{1,15}):0x([0-9a-fA-F]{1,64})$/.exec(text);
  const [, height, digits] = match ?? [];
  if (height === undefined || digits === undefined) {
    throw new SynclineError('CURSOR_MALFORMED', 'caller', 'a cursor is genesis, now, or height:0x… of a block', {
      data: { got: text.slice(0, 100) },
    });
  }
  return {
    height: parseHeight(Number(height)),
    hash: parseHash32(fromHex(digits.padStart(64, '0'))),
  } satisfies BlockRef;
}
