// A node that serves: its HTTP server answers Starknet's JSON-RPC to this program as to any wallet or indexer.
// Run it with `node examples/read-state.mjs`.
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { createNode, serveNode } from 'syncline';
import { createStarknetDevnet, serveStarknetDevnet } from 'syncline/devnet';
import { feltToHex, starknet, verifyStorageProof } from 'syncline/starknet';

const devnet = createStarknetDevnet({ seed: 3, blocks: 8, emptyShare: 0 });
const gateway = await serveStarknetDevnet({ devnet });
const chain = starknet({ network: devnet.network });

// The server comes first, so that health checks have something to ask. Port 0 takes any free one.
const server = await serveNode({ addr: { host: '127.0.0.1', port: 0 }, chain });
const node = await createNode({ chain, sources: [gateway.url] });
server.attach(node);

/**
 * Calls a method. While the node opens, the server answers 503 and says when to try again.
 * @param {string} method
 * @param {object} params
 */
async function call(method, params) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  for (let tries = 1; ; tries++) {
    const answer = await fetch(new URL('/rpc/v0_10', server.url), request);
    if (answer.status === 503 && tries < 10) {
      await answer.body?.cancel();
      await setTimeout(1000 * Number(answer.headers.get('retry-after')));
      continue;
    }
    const { result, error } = /** @type {any} */ (await answer.json());
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }
}

try {
  for await (const { tips } of node.events({ from: 'genesis' })) {
    if (tips.acceptedOnL2?.height === devnet.head.height) break;
  }

  const block = await call('starknet_getBlockWithTxHashes', { block_id: 'latest' });
  console.log(`block ${block.block_number} ${block.block_hash}, ${block.transactions.length} transactions`);

  const { state_diff: diff } = await call('starknet_getStateUpdate', { block_id: 'latest' });
  const { address, storage_entries: entries } = diff.storage_diffs[0];
  const at = { contract_address: address, key: entries[0].key };
  const value = await call('starknet_getStorageAt', { ...at, block_id: 'latest' });
  assert.equal(value, entries[0].value);
  const before = await call('starknet_getStorageAt', { ...at, block_id: { block_number: 1 } });
  console.log(`storage ${address} ${at.key} = ${value}, at block 1 ${before}`);

  const proof = await call('starknet_getStorageProof', {
    block_id: 'latest',
    contract_addresses: [address],
    contracts_storage_keys: [{ contract_address: address, storage_keys: [at.key] }],
  });
  // Whichever node gave the proof: it needs a state root that is trusted, here that of a node which has verified it.
  const { stateRoot } = node.status();
  assert(stateRoot);
  const query = { stateRoot, contractAddress: address, storageKeys: [at.key] };
  const { contract, values } = await verifyStorageProof(proof, query);
  assert(contract);
  assert.deepEqual(values.map(feltToHex), [value]);
  console.log(`proven by state root ${stateRoot}, with class hash ${feltToHex(contract.classHash)}`);
} finally {
  await server.close();
  await node.close();
  await gateway.close();
}
