import {
  type BlockRef,
  type Delivery,
  type FetchRequest,
  type Hash32,
  type Height,
  parseHeight,
  type Source,
  type SourceLimits,
} from '../../../engine/index.ts';
import { SynclineError } from '../../../lib/index.ts';
import type { PartName } from '../types.ts';
import { encodeBlock } from '../wire/block-codec.ts';

/** A chain in memory, as a source serves it. Answers may change between calls, as a peer's do in a reorg. */
export interface BlockProvider {
  /** The newest block, `null` while there is none. */
  head(): BlockRef | null;
  /** The block at a height, `null` where it has none (too new, or pruned). */
  blockAt(height: Height): ProvidedBlock | null;
  /** Lowest height it still has. Default 0. */
  lowest?(): Height;
  /** Part `memo` for a hash as `0x` hex, `null` if it does not have it. */
  memo(id: string): Uint8Array | null;
  /** Part `archivedMemo`: a pack that holds the memo. */
  archivedMemo(id: string): Uint8Array | null;
}

export interface ProvidedBlock {
  readonly hash: Hash32;
  /** Part `header`. */
  readonly header: Uint8Array;
  /** Part `transactions`, for an empty block too. */
  readonly transactions: Uint8Array;
}

export interface LedgerSourceOptions {
  readonly id: string;
  readonly provider: BlockProvider;
  /** Default `carrier`. */
  readonly standing?: Source['standing'];
  /** What it serves; it is sure not to have the others. Default: all. */
  readonly parts?: readonly PartName[];
  /** Default: 8 requests at once, no rate limit. */
  readonly limits?: SourceLimits;
}

/**
 * Serves a provider's blocks without waiting and without failing: what a faulty source is wrapped around.
 *
 * Its calls throw the signal's reason, and `SOURCE_CLOSED` (fault `caller`) after closing.
 */
export function createLedgerSource(options: LedgerSourceOptions): Source {
  const { id, provider, standing = 'carrier', parts = ALL_PARTS, limits = { concurrencyMax: 8 } } = options;
  const served = new Set<string>(parts);
  let closed = false;
  const check = (signal: AbortSignal) => {
    signal.throwIfAborted();
    if (closed) throw new SynclineError('SOURCE_CLOSED', 'caller', 'source is closed', { data: { source: id } });
  };
  return {
    id,
    standing,
    parts,
    limits,
    async survey({ signal }) {
      check(signal);
      const head = provider.head();
      if (head === null) return { spans: [], head };
      return { spans: [{ from: provider.lowest?.() ?? parseHeight(0), to: head.height }], head };
    },
    async *fetch(request, { signal }) {
      for (const part of request.parts) {
        check(signal);
        const bytes = served.has(part) ? partBytes(provider, request, part) : null;
        yield delivery(part, bytes);
      }
    },
    async hashAt(height, { signal }) {
      check(signal);
      return provider.blockAt(height)?.hash ?? null;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

function partBytes(provider: BlockProvider, request: FetchRequest, part: string): Uint8Array | null {
  if (part === 'memo') return provider.memo(request.id ?? '');
  if (part === 'archivedMemo') return provider.archivedMemo(request.id ?? '');
  const block = provider.blockAt(request.height);
  if (block === null) return null;
  if (part === 'header') return block.header;
  if (part === 'transactions') return block.transactions;
  return part === 'block' ? encodeBlock(block.header, block.transactions) : null;
}

function delivery(part: string, bytes: Uint8Array | null): Delivery {
  // A copy: what one receiver does to its bytes must not show elsewhere.
  return bytes === null ? { type: 'absent', part } : { type: 'bytes', part, bytes: new Uint8Array(bytes) };
}

const ALL_PARTS: readonly PartName[] = ['header', 'transactions', 'block', 'memo', 'archivedMemo'];
