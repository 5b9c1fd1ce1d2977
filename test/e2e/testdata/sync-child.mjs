// A node in a process of its own, for tests that kill it or measure it. Reads its task as JSON from argv:
// { network, source, dataDir, until, applyDelayMs?, stateMode? }; prints one JSON line for each moment worth knowing.

import { starknet } from '../../../dist/chains/starknet/index.js';
import { createNode } from '../../../dist/index.js';

const task = JSON.parse(process.argv[2]);
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let chain = starknet({ network: task.network });
if (task.applyDelayMs !== undefined) {
  // The same rules with an applier that takes its time; the writer's worker loads them by URL.
  const slow = { inner: chain.rulesModule.href, options: chain.options, delayMs: task.applyDelayMs };
  chain = { ...chain, rulesModule: new URL('./slow-rules.mjs', import.meta.url), options: slow };
}
const startedMs = Date.now();
const node = await createNode({
  chain,
  sources: [task.source],
  dataDir: task.dataDir,
  until: task.until,
  policy: {
    pipeline: { pollMs: 100 },
    state: { mode: task.stateMode ?? 'auto', rebuildBlocksMin: 8, pivotWithinBlocks: 4 },
  },
});
tell({ type: 'open', confirmed: node.status().confirmed?.height ?? -1 });
const observe = (async () => {
  let first = true;
  for await (const event of node.events()) {
    if (first && event.type === 'extend') tell({ type: 'first', afterMs: Date.now() - startedMs });
    first = false;
  }
})();
let rssMax = 0;
let heldMax = 0;
const sampler = setInterval(() => {
  rssMax = Math.max(rssMax, process.memoryUsage.rss());
  heldMax = Math.max(heldMax, node.report().pipeline.windowBytes);
}, 20);
const end = await node.ended;
clearInterval(sampler);
const { confirmed, stateRoot, counts } = node.status();
await node.close();
await observe;
tell({ type: 'end', end: end.type, confirmed, stateRoot, counts, rssMax, heldMax, tookMs: Date.now() - startedMs });
