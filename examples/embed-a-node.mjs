// A node inside your own program: it syncs a chain into memory, tells what happens, and is closed again.
// Run it with `node examples/embed-a-node.mjs`.
import { createNode } from 'syncline';
import { createStarknetDevnet, serveStarknetDevnet } from 'syncline/devnet';
import { starknet } from 'syncline/starknet';

// A chain to sync from. For a public network leave out these two lines and `sources`, and write
// `starknet({ network: 'starknet-mainnet' })`.
const devnet = createStarknetDevnet({ seed: 1, blocks: 12 });
const gateway = await serveStarknetDevnet({ devnet });

const node = await createNode({ chain: starknet({ network: devnet.network }), sources: [gateway.url] });
try {
  for await (const event of node.events({ from: 'genesis' })) {
    if (event.type === 'extend') console.log(`blocks ${event.blocks.map(({ height }) => height).join(' ')}`);
    if (event.type === 'unwind') console.log(`rolled back to ${event.to?.height ?? 'nothing'}`);
    // On a chain that goes on, this loop goes on too, until the node is closed.
    if (event.tips.acceptedOnL2?.height === devnet.head.height) break;
  }
  const { confirmed, stateRoot, state } = node.status();
  console.log(`at the tip: block ${confirmed?.height} ${confirmed?.hash}`);
  console.log(`state root ${stateRoot}, proven up to block ${state.proven}`);
} finally {
  await node.close();
  await gateway.close();
}
