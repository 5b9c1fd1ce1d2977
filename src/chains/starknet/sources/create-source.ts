import { fileURLToPath } from 'node:url';
import type { Source, SourceContext, SourceLimits } from '../../../engine/index.ts';
import type { BodyLimits } from './bounded-body.ts';
import { createFolderSource } from './folder/index.ts';
import { createGatewaySource, type GatewayTimeouts } from './gateway/index.ts';
import { sourceError } from './source-error.ts';

/** Settings for the sources of a Starknet node. Those of another kind of source are ignored. */
export interface StarknetSourceOptions {
  /** API key for gateways. */
  readonly gatewayKey?: string;
  /** Limits of each source; by default each kind's own. */
  readonly limits?: SourceLimits;
  readonly timeouts?: Partial<GatewayTimeouts>;
  readonly bodyLimits?: Partial<BodyLimits>;
}

/**
 * Opens the source behind a URL: `http:` and `https:` are the base URL of a feeder gateway, taken as given, and
 * `file:` is a folder of its answers. Nothing is contacted yet.
 *
 * @throws {SynclineError} `SOURCE_UNSUPPORTED` (fault `caller`).
 */
export function createStarknetSource(url: URL, context: SourceContext, options: StarknetSourceOptions = {}): Source {
  const { gatewayKey, timeouts, ...common } = options;
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return createGatewaySource({
        url,
        ...context,
        ...common,
        ...(gatewayKey === undefined ? {} : { key: gatewayKey }),
        ...(timeouts === undefined ? {} : { timeouts }),
      });
    case 'file:':
      return createFolderSource({ path: folderOf(url), log: context.log, ...common });
    default:
      throw sourceError('SOURCE_UNSUPPORTED', 'no starknet source for this kind of url', { got: url.protocol });
  }
}

function folderOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw sourceError('SOURCE_UNSUPPORTED', 'file url names no local folder', { got: url.href });
  }
}
