import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseFelt, starknet } from '../../src/chains/starknet/index.ts';
import { readClass } from '../../src/chains/starknet/rules/index.ts';
import { serveFolder } from '../../src/devnet/folder-gateway.ts';
import type { Notice } from '../../src/engine/index.ts';
import { createNode, type Node } from '../../src/node/index.ts';
import { vectorsDir } from '../vectors/locate.ts';
import { temporaryFolder } from './folders.ts';

const vectors = vectorsDir();
const captures = join(vectors ?? '', 'starknet', 'mainnet');
/** The only class of mainnet's first blocks. */
const CLASS_HASH = '0x10455c752b86932ce552f2b0fe81a880746649b9aee7e0d842bf3f52378f9f8';
const chain = starknet({ network: 'starknet-mainnet' });
const policy = { late: { retryBaseMs: 200 } };

describe.skipIf(vectors === null)('a node on real mainnet blocks', () => {
  it('has the class that they deploy, byte for byte, from a folder and from a gateway', async () => {
    const captured = await readFile(join(captures, 'class', `${CLASS_HASH}.json`));
    await using gateway = await serveFolder({ path: captures, faults: ['429:5'] });
    for (const source of [pathToFileURL(captures), gateway.url]) {
      await using node = await createNode({ chain, sources: [source], policy });
      await reached(node, () => node.status().counts.classes === 1 && node.status().confirmed?.height === 9);
      expect(node.status()).toMatchObject({ quarantined: 0, rejected: 0, counts: { blocks: 10, classes: 1 } });
      using view = node.store.view();
      const stored = readClass(view, parseFelt(CLASS_HASH));
      expect(stored).toMatchObject({ kind: 'cairo0', height: 0 });
      expect(Buffer.from(stored?.bytes ?? []).equals(captured)).toBe(true);
    }
    expect(gateway.requests.filter((path) => path.includes('get_class_by_hash'))).toContain(
      `/feeder_gateway/get_class_by_hash?classHash=${CLASS_HASH}&blockNumber=latest`,
    );
  });

  it('quarantines an altered Cairo 0 class, goes on, and takes the true one when it comes', async () => {
    const folder = temporaryFolder('classes');
    for (const part of ['block', 'state_update', 'signature']) {
      await cp(join(captures, part), join(folder, part), { recursive: true });
    }
    await mkdir(join(folder, 'class'));
    const file = join(folder, 'class', `${CLASS_HASH}.json`);
    await cp(join(vectors ?? '', 'starknet', 'negative', `mainnet.class.${CLASS_HASH}.json`), file);
    const notices: Notice[] = [];
    const onNotice = (notice: Notice) => notices.push(notice);
    await using node = await createNode({ chain, sources: [pathToFileURL(folder)], policy, onNotice });
    await reached(node, () => node.status().quarantined === 1 && node.status().confirmed?.height === 9);
    expect(node.status()).toMatchObject({ rejected: 0, sources: [{ fail: 0 }] });
    expect(node.status().counts.classes).toBeUndefined();
    expect(notices.filter(({ type }) => type === 'quarantine')).toEqual([
      {
        type: 'quarantine',
        what: 'class',
        id: CLASS_HASH,
        reason: expect.stringContaining('0x2220884df4e83cf7ba6e968416ccd44f31c9846f47a021e2a52b6da29a1781e'),
      },
    ]);
    expect(notices.filter(({ type }) => type === 'reject')).toEqual([]);

    await rm(file, { force: true });
    await cp(join(captures, 'class', `${CLASS_HASH}.json`), file);
    await reached(node, () => node.status().counts.classes === 1);
    expect(node.status()).toMatchObject({ quarantined: 0, rejected: 0 });
  });
});

async function reached(node: Node, isReached: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!isReached()) {
    if (Date.now() > deadline) throw new Error(`not reached: ${JSON.stringify(node.status())}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
