import type { AuditedBlock, ChainAudit, ChainRules, StoredBlock } from '../../../engine/index.ts';
import { equalBytes, isSynclineError, readU64be, toHex } from '../../../lib/index.ts';
import type { PartName } from '../types.ts';
import { sha256 } from './hashes.ts';
import { memoKey } from './memos.ts';

/**
 * The ledger's half of an audit. Parts are stored as they came, so a stored block is examined like one that comes.
 *
 * @param examine The rules' own.
 */
export function createAudit(examine: ChainRules['examine']): ChainAudit {
  return {
    blocks: (stored) => stored.map((one) => auditBlock(examine, one)),
    indexHeight(key, value) {
      if (key.length !== 33 || key[0] !== TRANSFER_INDEX || value.length !== 12) return null;
      return value[0] === 0 && (value[1] ?? 0) < 0x20 ? readU64be(value) : null; // heights are below 2^53
    },
    content(key, value) {
      const expected = memoKey(sha256(value));
      const ok = equalBytes(expected, key);
      return {
        verdicts: [{ check: 'memo-hash', ok, expected: toHex(key), got: toHex(expected) }],
        counts: { memos: 1 },
      };
    },
  };
}

function auditBlock(examine: ChainRules['examine'], { record, parts }: StoredBlock): AuditedBlock {
  const { height } = record.ref;
  const candidates = [...parts].map(([part, bytes]) => ({ part, bytes, from: record.from[part] ?? '' }));
  const whole = candidates.find(({ part }) => part === ('block' satisfies PartName));
  if (whole !== undefined) return failed('parts', 'header and transactions', 'a part block');
  try {
    const seen = examine({ height, candidates, absent: [] });
    if (seen.type === 'sealed') return { verdicts: CHECKS.map((check) => ({ check, ok: true })), block: seen.block };
    return failed('parts', `a part ${seen.needs[0]?.part}`, 'none');
  } catch (thrown) {
    if (!isSynclineError(thrown) || (thrown.fault !== 'peer' && thrown.fault !== 'source')) throw thrown;
    const { check = 'parts', expected, got } = thrown.data;
    return failed(String(check), String(expected), String(got), thrown.message);
  }
}

function failed(check: string, expected: string, got: string, reason?: string): AuditedBlock {
  return { verdicts: [{ check, ok: false, expected, got, ...(reason === undefined ? {} : { reason }) }], block: null };
}

/** What a block that is sealed has passed. */
const CHECKS = ['block-hash', 'signature', 'transactions-root', 'transfer-signature'];
/** As `examine.ts` writes it: transfer id 32 → height u64 | position u32. */
const TRANSFER_INDEX = 0x01;
