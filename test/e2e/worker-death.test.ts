import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { starknet } from '../../src/chains/starknet/index.ts';
import { createStarknetDevnet, serveStarknetDevnet } from '../../src/devnet/starknet/index.ts';
import type { Chain, Notice, PlainData } from '../../src/engine/index.ts';
import { createSystemEnv, silentLogger } from '../../src/lib/index.ts';
import { builtUrl } from '../../src/node/built-url.ts';
import { createNode } from '../../src/node/index.ts';
import { temporaryFolder } from './folders.ts';

const devnet = createStarknetDevnet({ seed: 8, blocks: 40, transactionsPerBlock: 1, storageUpdatesPerBlock: 3 });

/** The devnet's chain with rules that end their thread, as `testdata/mortal-rules.mjs` says. */
function mortal(options: { readonly [key: string]: PlainData }): Chain {
  const chain = starknet({ network: devnet.network });
  const inner = builtUrl(chain.rulesModule).href;
  const rulesModule = new URL('./testdata/mortal-rules.mjs', import.meta.url);
  return { ...chain, rulesModule, options: { inner, options: chain.options, ...options } };
}

async function sync(chain: Chain, sources: readonly URL[]) {
  const notices: Notice[] = [];
  const node = await createNode({
    chain,
    sources,
    dataDir: temporaryFolder('mortal'),
    until: devnet.head.height,
    onNotice: (notice) => notices.push(notice),
  });
  try {
    return { end: await node.ended, status: node.status(), notices };
  } finally {
    await node.close();
  }
}

it('when the verifier dies its work is done again, and nobody is blamed', async () => {
  await using gateway = await serveStarknetDevnet({ devnet });
  const mark = join(temporaryFolder('mark'), 'died');
  const { end, notices } = await sync(mortal({ diesOnceAt: 17, mark }), [gateway.url]);
  expect(existsSync(mark)).toBe(true);
  expect(end).toMatchObject({ type: 'reached', confirmed: { height: devnet.head.height } });
  expect(notices.filter(({ type }) => type === 'reject')).toEqual([]);
});

it('bytes that kill the verifier again and again are refused, and the block is fetched elsewhere', async () => {
  await using deadly = await serveStarknetDevnet({ devnet });
  await using honest = await serveStarknetDevnet({ devnet });
  const deadlySource = starknet({ network: devnet.network }).createSource(deadly.url, {
    env: createSystemEnv(),
    log: silentLogger,
  }).id;
  const { end, notices } = await sync(mortal({ deadlySource }), [deadly.url, honest.url]);
  expect(end).toMatchObject({ type: 'reached' });
  const rejects = notices.filter((notice) => notice.type === 'reject');
  expect(new Set(rejects.map(({ check, source }) => `${check} ${source}`))).toEqual(
    new Set([`resources ${deadlySource}`]),
  );
});
