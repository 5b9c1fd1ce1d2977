/** The process of a served devnet: what it burns must not count as the node's. Ends when its parent goes. */
import { createStarknetDevnet, type StarknetDevnetOptions, serveStarknetDevnet } from '../../src/devnet/index.ts';
import { toHex } from '../../src/lib/index.ts';

export interface ServedDevnet {
  readonly url: string;
  /** What a node must know of the chain: plain data. */
  readonly network: Readonly<Record<string, unknown>>;
  readonly head: { readonly height: number; readonly hash: string };
}

const options = JSON.parse(process.argv[2] ?? '{}') as StarknetDevnetOptions; // the parent is our own program
const devnet = createStarknetDevnet(options);
const server = await serveStarknetDevnet({ devnet });
const served: ServedDevnet = {
  url: server.url.href,
  network: { ...devnet.network },
  head: { height: devnet.head.height, hash: toHex(devnet.head.hash) },
};
process.send?.(served);
process.on('disconnect', () => process.exit());
