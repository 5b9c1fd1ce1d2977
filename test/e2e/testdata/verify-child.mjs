// An audit of a data folder in a process of its own, for tests that kill it in the middle: its rules take their time
// over each block. Reads its task as JSON from argv: { network, dataDir, executeDelayMs }.

import { starknet } from '../../../dist/chains/starknet/index.js';
import { verifyStore } from '../../../dist/index.js';

const task = JSON.parse(process.argv[2]);
const fast = starknet({ network: task.network });
const slow = { inner: fast.rulesModule.href, options: fast.options, delayMs: task.executeDelayMs };
const chain = { ...fast, rulesModule: new URL('./slow-rules.mjs', import.meta.url), options: slow };
const report = await verifyStore({ chain, dataDir: task.dataDir, threads: 1 });
process.stdout.write(`${JSON.stringify(report)}\n`);
