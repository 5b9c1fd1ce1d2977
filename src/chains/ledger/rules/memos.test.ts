import { describe, expect, it } from 'vitest';
import type { Need } from '../../../engine/index.ts';
import { parseHeight } from '../../../engine/index.ts';
import { toHex } from '../../../lib/index.ts';
import type { Transfer } from '../types.ts';
import { encodeArchivedMemos } from '../wire/memo-codec.ts';
import { sha256 } from './hashes.ts';
import { memoKey, memoNeeds, verifyMemo } from './memos.ts';

const height = parseHeight(9);
const memo = Buffer.from('for the rent');
const other = Buffer.from('something else');
const need: Need = { height, part: 'memo', id: toHex(sha256(memo)), weight: 'wanted' };
const candidate = (part: string, bytes: Uint8Array) => ({ part, bytes, from: 'a' });

describe('memos', () => {
  it('a document named by several transfers is needed once, with the archive to fall back on', () => {
    const transfer = (hash: Uint8Array | null) => ({ transfer: { memo: hash } as Transfer, bytes: new Uint8Array(0) });
    const needs = memoNeeds(height, [transfer(sha256(memo)), transfer(null), transfer(sha256(memo))]);
    expect(needs).toEqual([{ ...need, fallbacks: [{ ...need, part: 'archivedMemo' }] }]);
  });

  it('a document with the right hash is stored under it', () => {
    expect(verifyMemo(need, candidate('memo', memo))).toEqual({
      writes: [{ table: 'content', key: memoKey(sha256(memo)), value: new Uint8Array(memo) }],
      counts: { memos: 1 },
    });
  });

  it('the same is stored when an archive has it among others', () => {
    const pack = encodeArchivedMemos([other, memo]);
    expect(verifyMemo(need, candidate('archivedMemo', pack))).toEqual(verifyMemo(need, candidate('memo', memo)));
  });

  it.each([
    ['memo', other],
    ['archivedMemo', encodeArchivedMemos([other])],
    ['archivedMemo', encodeArchivedMemos([])],
  ])('another document as %s is refused', (part, bytes) => {
    expect(() => verifyMemo(need, candidate(part, bytes))).toThrow(
      expect.objectContaining({
        code: 'MEMO_REJECTED',
        fault: 'peer',
        data: expect.objectContaining({ check: 'memo-hash', expected: need.id, parts: [part] }),
      }),
    );
  });
});
