import type { Source, SourceContext } from '../engine/index.ts';
import { SynclineError } from '../lib/index.ts';
import type { NodeOptions } from './options.ts';

/**
 * Opens every source named, or the network's own when none is.
 * @throws {SynclineError} `NODE_OPTIONS`, `SOURCE_UNSUPPORTED` (fault `caller`).
 */
export function openSources(options: NodeOptions, context: SourceContext): readonly Source[] {
  const named = options.sources ?? options.chain.defaultSources;
  if (named.length === 0) {
    throw new SynclineError('NODE_OPTIONS', 'caller', 'no source to sync from', {
      data: { exitCode: 2, fix: 'name one with --source URL (or `sources` in the library)' },
    });
  }
  const sources: Source[] = [];
  for (const item of [...named, ...(options.chain.companions ?? [])]) {
    const source =
      typeof item === 'string' || item instanceof URL ? options.chain.createSource(parseUrl(item), context) : item;
    if (sources.some((other) => other.id === source.id)) {
      throw new SynclineError('NODE_OPTIONS', 'caller', `the source ${source.id} is named twice`, {
        data: { exitCode: 2, fix: 'name each source once' },
      });
    }
    sources.push(source);
  }
  return sources;
}

function parseUrl(text: string | URL): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw new SynclineError('NODE_OPTIONS', 'caller', `not a URL: ${text}`, {
      cause,
      data: { exitCode: 2, fix: 'write https://…, or file:///… for a folder' },
    });
  }
}
