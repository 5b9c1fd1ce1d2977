// A consumer that keeps its place: stopped at any block and started again, also after a reorg that removed that very
// block, it ends with each block of the chain once. The node keeps its data folder: it remembers what was removed.
// Run it with `node examples/resume-events.mjs`.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode, parseHash32, parseHeight } from 'syncline';
import { createStarknetDevnet, serveStarknetDevnet } from 'syncline/devnet';
import { feltToHex, parseFelt, starknet } from 'syncline/starknet';

const folder = await mkdtemp(join(tmpdir(), 'resume-events-'));
const devnet = createStarknetDevnet({ seed: 2, blocks: 10 });
const gateway = await serveStarknetDevnet({ devnet });

/** What the consumer makes of the chain. Its last row is also its place, so that the two can never disagree. */
const file = join(folder, 'rows.json');
/** @returns {Promise<{ height: number, hash: string }[]>} */
const load = async () => JSON.parse(await readFile(file, 'utf8'));
/** @param {{ height: number, hash: string }[]} rows */
async function save(rows) {
  await writeFile(`${file}.new`, JSON.stringify(rows)); // with a database: one transaction for each block
  await rename(`${file}.new`, file);
}

/** Goes on after the last row and stops when it has handled the block `until`. @param {string} until */
async function consume(until) {
  const rows = await load();
  const last = rows.at(-1);
  const place = last && { height: parseHeight(last.height), hash: parseHash32(parseFelt(last.hash)) };
  const chain = starknet({ network: devnet.network });
  const node = await createNode({ chain, sources: [gateway.url], dataDir: join(folder, 'node') });
  try {
    for await (const event of node.events({ from: place ?? 'genesis' })) {
      if (event.type === 'unwind') {
        rows.length = event.to === null ? 0 : event.to.height + 1;
        await save(rows);
        console.log(`  took back blocks ${event.from.height} down to ${rows.length}`);
      } else if (event.type === 'extend') {
        for (const { height, hash } of event.blocks) {
          assert.equal(height, rows.length, 'neither lost nor doubled');
          const row = { height, hash: feltToHex(hash) };
          rows.push(row);
          await save(rows);
          console.log(`  handled block ${height}`);
          if (row.hash === until) return; // even in the middle of an event
        }
      }
    }
  } finally {
    await node.close();
  }
}

try {
  await save([]);
  console.log('first run, stopped early');
  await consume(hashAt(4));
  console.log('second run, to the tip');
  await consume(hashAt(9));
  devnet.reorg({ depth: 4, extend: 6 });
  console.log('third run, after a reorg of 4 blocks');
  await consume(hashAt(11));
  const rows = await load();
  assert.equal(rows.length, devnet.head.height + 1);
  for (const { height, hash } of rows) assert.equal(hash, hashAt(height));
  console.log(`${rows.length} rows: each block of the chain once`);
} finally {
  await gateway.close();
  await rm(folder, { recursive: true });
}

/** @param {number} height */
function hashAt(height) {
  const made = devnet.blockAt(height);
  assert(made);
  return feltToHex(made.block.header.hash);
}
