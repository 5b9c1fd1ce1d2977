// A node for a chain of your own: `node examples/own-chain/run.mjs`. See docs/guides/write-a-chain.md.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createNode, readTips } from 'syncline';
import { votes } from './chain.mjs';
import { makeBlocks } from './make-blocks.mjs';

const folder = await mkdtemp(join(tmpdir(), 'own-chain-'));
const captures = join(folder, 'blocks');
await mkdir(captures);
const { publicKey } = await makeBlocks(captures, 20);

const node = await createNode({
  chain: votes({ publicKey }),
  sources: [pathToFileURL(captures)],
  dataDir: join(folder, 'node'), // hence the rules run in worker threads
  until: 19,
});
try {
  await node.ended;
  const view = node.store.view();
  console.log(`counted up to block ${readTips(view).counted?.height}, state root ${node.status().stateRoot}`);
  for (const [key, value] of view.range('state', {})) {
    console.log(`candidate ${key[1]}: ${Buffer.from(value).readUIntBE(0, 6)} votes`);
  }
  view[Symbol.dispose]();
} finally {
  await node.close();
  await rm(folder, { recursive: true });
}
