import { createHash } from 'node:crypto';
import { readBlock, type StateView } from '../../../../engine/index.ts';
import { SynclineError, toHex } from '../../../../lib/index.ts';
import { fault } from '../faults.ts';
import { type OpenBlock, openConfirmed } from '../open-block.ts';

/** Where the next page begins. */
export interface EventPosition {
  readonly height: number;
  /** Events of that block that are done, whether they were wanted or not. */
  readonly offset: number;
  /** Whether those were read from a block that was still being built; `offset` is at least 1 then. */
  readonly isProvisional: boolean;
}

export interface TokenContext {
  readonly view: StateView;
  /** The blocks being built. */
  readonly provisional: readonly OpenBlock[];
  /** The filter as a text that differs for every other filter. */
  readonly filter: string;
}

/**
 * A continuation token: the position, `c` or `p` (provisional), and a checksum of position, filter and the branch that
 * was read so far.
 *
 *     c 1234 - 56 - 32 hex digits
 *
 * The branch is the last block that was read: its hash, or while it was being built the transaction of the last event
 * that was read of it, since blocks being built grow and are confirmed with the transactions in the same order. So a
 * token outlives everything but its branch, and a reorg below it is not passed over in silence. Nobody is kept from
 * making a token of their own; all they get is another page.
 */
export function encodeToken(position: EventPosition, context: TokenContext): string {
  const checksum = checksumOf(position, context);
  if (checksum === null) {
    throw new SynclineError('EVENT_POSITION', 'bug', 'a page ends in a block that is not there', {
      data: { height: position.height, offset: position.offset },
    });
  }
  return `${position.isProvisional ? 'p' : 'c'}${position.height}-${position.offset}-${checksum}`;
}

/** @throws {RpcFault} 33, also for a token of another filter or of a branch that is gone. */
export function decodeToken(token: string, context: TokenContext): EventPosition {
  const match = TOKEN.exec(token);
  if (match === null) throw fault('invalidContinuationToken');
  const [, kind, height, offset, checksum] = match;
  const position = { height: Number(height), offset: Number(offset), isProvisional: kind === 'p' };
  if (checksumOf(position, context) !== checksum) throw fault('invalidContinuationToken');
  return position;
}

/** At most 15 digits, so that numbers are safe integers. */
const TOKEN = /^([cp])(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,9})-([0-9a-f]{32})$/;

/** Null where the position's block is not there. */
function checksumOf(position: EventPosition, context: TokenContext): string | null {
  const branch = position.isProvisional ? provisionalBranch(position, context) : confirmedBranch(position, context);
  if (branch === null) return null;
  const { height, offset, isProvisional } = position;
  const text = JSON.stringify([height, offset, isProvisional, branch, context.filter]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function confirmedBranch({ height, offset }: EventPosition, { view }: TokenContext): string | null {
  const record = readBlock(view, offset > 0 ? height : height - 1);
  return record === null ? null : toHex(record.ref.hash);
}

/** The block may be confirmed by now. */
function provisionalBranch({ height, offset }: EventPosition, { view, provisional }: TokenContext): string | null {
  const ref = readBlock(view, height)?.ref;
  const block = ref === undefined ? provisional.find((one) => one.height === height) : openConfirmed(view, ref);
  let left = offset;
  for (const { transactionHash, events } of block?.receipts() ?? []) {
    if (left <= events.length) return toHex(transactionHash);
    left -= events.length;
  }
  return null;
}
