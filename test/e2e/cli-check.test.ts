import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorsDir } from '../vectors/locate.ts';
import { runCli } from './cli-run.ts';

const vectors = vectorsDir();
const file = (...path: string[]) => join(vectors ?? '', 'starknet', ...path);

interface Verdict {
  readonly file: string;
  readonly kind: string;
  readonly ok: boolean | null;
  readonly checks: readonly { readonly name: string; readonly ok: boolean | null; readonly reason?: string }[];
}

describe.skipIf(vectors === null)('syncline check starknet', () => {
  const check = async (network: string, ...files: string[]) => {
    const { code, stdout, stderr } = await runCli(['check', 'starknet', '--network', network, '--json', ...files]);
    return { code, stderr, verdicts: JSON.parse(stdout) as readonly Verdict[] };
  };

  it('verifies a block, its state update and its signature together', async () => {
    const files = ['block', 'state_update', 'signature'].map((folder) => file('mainnet', folder, '9.json'));
    const { code, verdicts } = await check('starknet-mainnet', ...files);
    expect(code).toBe(0);
    expect(verdicts.map(({ kind, ok }) => [kind, ok])).toEqual([
      ['block', true],
      ['state-update', null],
      ['signature', true],
    ]);
    const checks = Object.fromEntries(verdicts[0]?.checks.map(({ name, ok }) => [name, ok]) ?? []);
    expect(checks).toMatchObject({ 'transaction-hashes': true, 'block-hash': true, signature: true });
    for (const { ok, reason } of verdicts.flatMap((verdict) => verdict.checks)) {
      if (ok === null) expect(reason).toMatch(/\w/);
    }
  });

  it('finds a forged transaction, and only that check fails', async () => {
    const { code, verdicts } = await check('starknet-integration', file('negative', 'integration.block.329525.json'));
    expect(code).toBe(3);
    const failed = verdicts[0]?.checks.filter(({ ok }) => ok === false).map(({ name }) => name);
    expect(failed).toEqual(['transaction-hashes']);
  });

  it('verifies a class against the hash in its name, or one that is expected', async () => {
    const name = '0x28d1671fb74ecb54d848d463cefccffaef6df3ae40db52130e19fe8299a7b43';
    const captured = file('sepolia', 'class', `${name}.json`);
    const passing = await check('starknet-sepolia', captured);
    expect(passing).toMatchObject({
      code: 0,
      verdicts: [{ kind: 'class', ok: true, checks: [{ name: 'class-hash' }] }],
    });
    const failing = await check('starknet-sepolia', '--expect', '0x1', captured);
    expect(failing).toMatchObject({ code: 3, verdicts: [{ ok: false, checks: [{ expected: '0x1', got: name }] }] });
    const { code } = await runCli(['check', 'starknet', '--network', 'starknet-sepolia', '--expect', 'x', captured]);
    expect(code).toBe(2);
  });

  it('verifies a compiled class in the form in which it is expected', async () => {
    const classHash = '0x3cc90db763e736ca9b6c581ea4008408842b1a125947ab087438676a7e40b7b';
    const blake2s = '0x27bb6d7901eff6f4e187d1bae082583448eb116ce62b35b6ea7dc0288fb7605';
    const captured = file('sepolia', 'compiled_class', `${classHash}.json`);
    const { code, verdicts } = await check('starknet-sepolia', '--expect', blake2s, captured);
    expect(code).toBe(0);
    expect(verdicts).toMatchObject([
      { kind: 'compiled-class', ok: true, checks: [{ name: 'compiled-class-hash', ok: true, form: 'blake2s' }] },
    ]);
  });

  it('says of a file that it does not understand so, with code 2', async () => {
    const { code, verdicts } = await check('starknet-mainnet', file('manifest.json'));
    expect(code).toBe(2);
    expect(verdicts[0]).toMatchObject({ kind: null, checks: [], error: expect.any(String) });
  });

  it('writes one line for each check for people, with expected and got where it fails', async () => {
    const args = [
      'check',
      'starknet',
      '--network',
      'starknet-integration',
      file('negative', 'integration.block.329525.json'),
    ];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(3);
    expect(stdout).toMatch(/✗ transaction-hashes .*\n {6}expected {2}0x[0-9a-f]+\n {6}got {7}0x[0-9a-f]+\n/);
    expect(stdout).toMatch(/✓ block-hash +form B +0x[0-9a-f]+/);
    expect(stdout).toMatch(/– receipt-commitment +\w/);
  });
});
