import type { ChainAudit } from '../../../engine/index.ts';
import { isSynclineError, readU64be } from '../../../lib/index.ts';
import { type ClassHashers, createClassHashers } from '../classes/index.ts';
import { auditBlocks } from './audit-blocks.ts';
import { auditContent } from './audit-content.ts';
import { CROWDED_BLOCKS, EVENTS_BY_EMITTER, EVENTS_BY_KEY, eventIndexHeight } from './event-index.ts';
import { type ExamineContext, TRANSACTION_INDEX } from './examine.ts';

/** Starknet's half of an audit: blocks by their own hashes, classes by theirs. */
export function createAudit(context: ExamineContext): ChainAudit {
  // Made when the first class comes: a store may have none.
  let classHashers: ClassHashers | null = null;
  return {
    blocks: (stored) => auditBlocks(context, stored),
    indexHeight,
    content(key, value) {
      classHashers ??= createClassHashers(context.hasher);
      return auditContent(classHashers, key, value);
    },
  };
}

function indexHeight(key: Uint8Array, value: Uint8Array): number | null {
  switch (key[0]) {
    case TRANSACTION_INDEX:
      return key.length === 33 && value.length === 12 ? heightIn(value) : null;
    case EVENTS_BY_EMITTER:
      return key.length === EVENT_KEY_BYTES && value.length === 4 ? eventIndexHeight(key) : null;
    case EVENTS_BY_KEY:
    case CROWDED_BLOCKS:
      return key.length === EVENT_KEY_BYTES && value.length === 0 ? eventIndexHeight(key) : null;
    default:
      return null;
  }
}

function heightIn(value: Uint8Array): number | null {
  try {
    return readU64be(value);
  } catch (thrown) {
    if (!isSynclineError(thrown)) throw thrown;
    return null; // above every height
  }
}

const EVENT_KEY_BYTES = 11;
