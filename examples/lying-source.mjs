// Two gateways, one of which lies: each false answer is refused and says who gave it, and the node ends at the tip all
// the same. Run it with `node examples/lying-source.mjs`.
import assert from 'node:assert/strict';
import { createNode } from 'syncline';
import { createStarknetDevnet, serveStarknetDevnet } from 'syncline/devnet';
import { feltToHex, starknet } from 'syncline/starknet';

const devnet = createStarknetDevnet({ seed: 4, blocks: 40 });
// States another hash for every second block; `syncline devnet starknet --fault list` shows what else can go wrong.
const liar = await serveStarknetDevnet({ devnet, faults: ['wrong-hash:every2'] });
const honest = await serveStarknetDevnet({ devnet });

const node = await createNode({
  chain: starknet({ network: devnet.network }),
  sources: [liar.url, honest.url],
  until: devnet.head.height,
  onNotice(notice) {
    if (notice.type !== 'reject') return;
    console.log(`rejected: block ${notice.height} fails the check ${notice.check}`);
    console.log(`  expected ${notice.expected}`);
    console.log(`  got      ${notice.got}`);
    console.log(`  from     ${notice.source}`);
  },
});
try {
  await node.ended;
  const { confirmed, rejected, sources } = node.status();
  for (const { id, state, ok, fail } of sources) console.log(`${id}: ${state}, ${ok} answers taken, ${fail} failures`);
  assert.equal(confirmed?.hash, feltToHex(devnet.head.hash));
  console.log(`at the tip: block ${confirmed.height} ${confirmed.hash}, after ${rejected} rejections`);
} finally {
  await node.close();
  await liar.close();
  await honest.close();
}
