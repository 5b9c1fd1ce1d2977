import { fileURLToPath } from 'node:url';
import type { Source, SourceContext, SourceLimits } from '../../../engine/index.ts';
import type { Felt } from '../types.ts';
import type { BodyLimits } from './bounded-body.ts';
import { createCompilerSource } from './compiler/index.ts';
import { createFolderSource } from './folder/index.ts';
import { createGatewaySource, type GatewayTimeouts } from './gateway/index.ts';
import { createL1Source } from './l1/index.ts';
import { sourceError } from './source-error.ts';

/** Settings for the sources of a Starknet node. Those of another kind of source are ignored. */
export interface StarknetSourceOptions {
  /** API key for gateways. */
  readonly gatewayKey?: string;
  /** The key that gateways are expected to tell. */
  readonly publicKey?: Felt;
  /** Limits of each source; by default each kind's own. */
  readonly limits?: SourceLimits;
  readonly timeouts?: Partial<GatewayTimeouts>;
  readonly bodyLimits?: Partial<BodyLimits>;
  /** Where the network settles; without it there are no L1 sources. */
  readonly l1?: {
    readonly chainId: number;
    readonly coreContract: string;
    /** Default 60 000. */
    readonly pollMs?: number;
  };
}

/**
 * Opens the source behind a URL: `http:` and `https:` are the base URL of a feeder gateway, taken as given, `file:` is a
 * folder of its answers, `compiler:` a program that compiles Sierra classes, and `l1+http:`, `l1+https:`, `l1+ws:` and `l1+wss:` are an Ethereum node, which tells what is
 * final. Nothing is contacted yet.
 *
 * @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`).
 */
export function createStarknetSource(url: URL, context: SourceContext, options: StarknetSourceOptions = {}): Source {
  const { gatewayKey, publicKey, timeouts, l1, ...common } = options;
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return createGatewaySource({
        url,
        ...context,
        ...common,
        ...(gatewayKey === undefined ? {} : { key: gatewayKey }),
        ...(publicKey === undefined ? {} : { publicKey }),
        ...(timeouts === undefined ? {} : { timeouts }),
      });
    case 'file:':
      return createFolderSource({ path: folderOf(url), log: context.log, ...common });
    case 'compiler:':
      return createCompilerSource({ url, ...context });
    case 'l1+http:':
    case 'l1+https:':
    case 'l1+ws:':
    case 'l1+wss:':
      if (l1 === undefined) throw sourceError('SOURCE_UNSUPPORTED', NO_L1, { got: url.protocol, fix: NO_L1_FIX });
      return createL1Source({ url, ...context, ...l1 });
    default:
      throw sourceError('SOURCE_UNSUPPORTED', 'no starknet source for this kind of url', { got: url.protocol });
  }
}

const NO_L1 = 'this network names no core contract on L1';
const NO_L1_FIX = 'give l1ChainId and coreContract in the file that describes the network';

function folderOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw sourceError('SOURCE_UNSUPPORTED', 'file url names no local folder', { got: url.href });
  }
}
