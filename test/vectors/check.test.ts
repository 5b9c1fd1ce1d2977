import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CheckFileResult, checkFiles } from '../../src/chains/starknet/check.ts';
import { vectorsDir } from './locate.ts';

/** What the manifest says of one capture, as far as blocks, state updates and signatures go. */
interface Entry {
  readonly file: string;
  readonly network?: string;
  readonly kind?: string;
  readonly number?: number | string | null;
  readonly proves: {
    readonly block_hash?: boolean | 'header only';
    readonly block_hash_form?: string | null;
    readonly transaction_hashes?: boolean;
    readonly header_commitments?: Readonly<Record<string, string | null>>;
    readonly state_diff_commitment?: boolean;
    readonly old_state_diff_commitment?: boolean;
    readonly signature?: boolean | string;
    readonly must_be_rejected?: boolean;
    readonly reason?: string;
  };
}

const KINDS = new Set(['block', 'state_update', 'state_update_with_block', 'signature', 'signature_resigned']);
const root = vectorsDir();
const folder = join(root ?? '', 'starknet');
const entries: readonly Entry[] =
  root === null
    ? []
    : (JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { files: Entry[] }).files.filter(
        (entry) => KINDS.has(entry.kind ?? '') && entry.network !== undefined,
      );

describe.skipIf(root === null)('every captured block, state update and signature gets the manifest’s verdict', () => {
  it('has captures to check', () => {
    expect(entries.length).toBeGreaterThan(150);
  });

  for (const entry of entries) {
    it(entry.file, () => {
      const result = check([entry])[0] as CheckFileResult; // one file, one result
      expect(result.error, 'the file is understood').toBeUndefined();
      expectVerdict(entry, result);
    });
  }

  it('signatures of the older form prove the state update they come with', () => {
    let proven = 0;
    for (const signature of entries.filter((entry) => entry.proves.old_state_diff_commitment === true)) {
      const update = entries.find(
        (other) =>
          other.kind === 'state_update' && other.network === signature.network && other.number === signature.number,
      );
      if (signature.kind !== 'signature' || update === undefined) continue;
      const [ofUpdate] = check([update, signature]);
      expect(verdictOf(ofUpdate, 'state-diff-commitment'), update.file).toMatchObject({ ok: true });
      proven++;
    }
    expect(proven).toBeGreaterThan(5);
  });
});

function check(files: readonly Entry[]): readonly CheckFileResult[] {
  const [first] = files as readonly [Entry];
  return checkFiles(
    files.map(({ file }) => ({ name: file, bytes: readFileSync(join(folder, file)) })),
    { network: `starknet-${first.network}` },
  );
}

function expectVerdict({ file, kind, proves }: Entry, result: CheckFileResult): void {
  if (proves.must_be_rejected === true) {
    expect(result.ok).toBe(false);
    expect(result.checks.filter((one) => one.ok === false).map((one) => one.name)).toEqual(['transaction-hashes']);
    return;
  }
  expect(
    result.checks.filter((one) => one.ok === false),
    `${file} fails no check`,
  ).toEqual([]);
  if (proves.block_hash !== undefined) expectBlock(proves, result);
  if (kind === 'signature' || kind === 'signature_resigned') {
    expect(verdictOf(result, 'signature')?.ok).toBe(proves.signature === true ? true : null);
  }
  if (proves.state_diff_commitment === true && kind === 'state_update_with_block') {
    expect(verdictOf(result, 'state-diff-commitment')?.ok).toBe(true);
  }
  // Whatever cannot be told says why.
  for (const one of result.checks) if (one.ok === null) expect(one.reason, `${file} ${one.name}`).toMatch(/\w+ \w+/);
}

function expectBlock(proves: Entry['proves'], result: CheckFileResult): void {
  const hash = verdictOf(result, 'block-hash');
  expect(hash?.ok, hash?.reason).toBe(proves.block_hash === true ? true : null);
  if (proves.block_hash === true) expect(hash?.form).toBe(proves.block_hash_form?.[0]);
  if (proves.transaction_hashes === true) expect(verdictOf(result, 'transaction-hashes')?.ok).toBe(true);
  if (proves.header_commitments?.transactions === 'match') {
    expect(verdictOf(result, 'transaction-commitment')?.ok).not.toBe(false);
  }
}

function verdictOf(result: CheckFileResult | undefined, name: string): CheckFileResult['checks'][number] | undefined {
  return result?.checks.find((one) => one.name === name);
}
