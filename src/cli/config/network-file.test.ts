import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadNetwork } from './network-file.ts';

const known = { starknet: ['starknet-mainnet', 'starknet-sepolia'], ledger: [] };
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'syncline-network-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

it('a known name is taken as it is', async () => {
  const choice = await loadNetwork('starknet-sepolia', known, cwd);
  expect(choice).toEqual({ family: 'starknet', name: 'starknet-sepolia', params: 'starknet-sepolia' });
});

it.each([
  ['mine.yaml', 'family: starknet\nname: mine\nchainIds: [SN_MINE]\nunverifiableBlocks:\n  - { from: 1, to: 2 }\n'],
  ['mine.json', '{"family":"starknet","name":"mine","chainIds":["SN_MINE"],"unverifiableBlocks":[{"from":1,"to":2}]}'],
  [
    'mine.toml',
    'family = "starknet"\nname = "mine"\nchainIds = ["SN_MINE"]\nunverifiableBlocks = [{ from = 1, to = 2 }]\n',
  ],
])('a file describes another: %s', async (file, text) => {
  writeFileSync(join(cwd, file), text);
  expect(await loadNetwork(file, known, cwd)).toEqual({
    family: 'starknet',
    name: 'mine',
    params: { name: 'mine', chainIds: ['SN_MINE'], unverifiableBlocks: [{ from: 1, to: 2 }] },
  });
});

it('a file without a family is of the family that its name begins with', async () => {
  writeFileSync(join(cwd, 'n.yaml'), 'name: starknet-private\n');
  expect(await loadNetwork('./n.yaml', known, cwd)).toMatchObject({ family: 'starknet', name: 'starknet-private' });
  writeFileSync(join(cwd, 'n.yaml'), 'name: private\n');
  await expect(loadNetwork('./n.yaml', known, cwd)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('a name that nobody knows is answered with the one that was meant', async () => {
  await expect(loadNetwork('starknet-manet', known, cwd)).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: 'no network is called starknet-manet, did you mean starknet-mainnet?',
  });
  await expect(loadNetwork('gone.yaml', known, cwd)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
});
