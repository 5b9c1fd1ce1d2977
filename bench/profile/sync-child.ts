/** The process that is profiled: one node from an empty folder to the tip of a served devnet. Told by its argument. */
import { type NetworkParams, starknet } from '../../src/chains/starknet/index.ts';
import { createNode } from '../../src/node/index.ts';
import { followSync } from '../harness/sync-run.ts';
import type { ServedDevnet } from '../rows/devnet-process.ts';

const { served, dataDir } = JSON.parse(process.argv[2] ?? '{}') as { served: ServedDevnet; dataDir: string };
const startedMs = performance.now();
const node = await createNode({
  chain: starknet({ network: served.network as Partial<NetworkParams> }), // the devnet's own parameters
  sources: [served.url],
  dataDir,
  until: served.head.height,
});
const run = await followSync(node, startedMs, served.head.height);
await node.close();
process.send?.(run);
process.disconnect();
