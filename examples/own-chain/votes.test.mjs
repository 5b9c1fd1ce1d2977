// The library's own suites say whether rules and source keep to what the engine relies on:
// `node --test examples/own-chain/votes.test.mjs`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parseHeight } from 'syncline';
import { testChain, testSource } from 'syncline/testing';
import { folderSource } from './chain.mjs';
import { makeBlocks } from './make-blocks.mjs';
import { createRules } from './rules.mjs';

const folder = await mkdtemp(join(tmpdir(), 'votes-'));
after(() => rm(folder, { recursive: true }));
const { publicKey, blocks } = await makeBlocks(folder, 12);

testChain({ describe, it }, 'votes', () => ({
  rules: createRules({ publicKey }),
  head: blocks.length - 1,
  supply: ({ part, height }) => (part === 'block' ? (blocks[height]?.bytes ?? null) : null),
  expected(height) {
    const block = blocks[height];
    if (block === undefined) throw new RangeError(`no block ${height}`);
    return block;
  },
  report(finding) {
    throw new Error(finding); // every bit of a block is signed
  },
}));

testSource({ describe, it }, 'folder of votes', {
  open: async () => ({
    source: folderSource(folder),
    present: [parseHeight(0), parseHeight(11)],
    absent: parseHeight(12),
  }),
});
