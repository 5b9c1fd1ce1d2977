import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createStarknetDevnet } from '../../devnet/starknet/index.ts';
import { checkFiles } from './check.ts';

const devnet = createStarknetDevnet({ seed: 31, blocks: 2, transactionsPerBlock: 1, contracts: 4, emptyShare: 0 });

function bundle(height: number, change: (bundle: { block: Record<string, unknown> }) => void = () => {}) {
  const json = JSON.parse(gunzipSync(devnet.shelvedAt(height)?.bundle ?? Buffer.of()).toString());
  change(json);
  return { name: `${height}.json`, bytes: Buffer.from(JSON.stringify(json)), json };
}

describe('checking files', () => {
  it('says of a block whose version nobody can read that it is not understood, and goes on', () => {
    const odd = bundle(0, ({ block }) => Object.assign(block, { starknet_version: 'soon' }));
    const oddBlock = { name: 'block/1.json', bytes: Buffer.from(JSON.stringify({ ...odd.json.block })) };
    const files = [odd, oddBlock, bundle(1)];
    const [first, second, third] = checkFiles(files, { network: devnet.network });
    for (const result of [first, second]) {
      expect(result).toMatchObject({ ok: null, checks: [], error: expect.stringContaining('dotted numbers') });
    }
    expect(third).toMatchObject({ file: '1.json', ok: true });
  });
});
