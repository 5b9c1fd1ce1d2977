import * as v from 'valibot';
import { SynclineError } from '../../lib/index.ts';
import { usageInvalid } from '../config/index.ts';

/** Where a node serves by default. */
export const DEFAULT_URL = 'http://127.0.0.1:9545';

/**
 * Asks a running node. Answers are JSON objects; those of 404 are null.
 *
 * @param path Below the node's address, such as `/status`.
 * @throws {SynclineError} `NODE_UNREACHABLE`, `NODE_ANSWER` (fault `source`, exit code 5); `USAGE_INVALID` for a bad URL.
 */
export async function askNode(base: string, path: string): Promise<Readonly<Record<string, unknown>> | null> {
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw usageInvalid(`--url: ${base} is not an http URL`, `--url ${DEFAULT_URL}`);
  }
  const url = `${base.replace(/\/+$/, '')}${path}`;
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    status = response.status;
    text = await readBounded(response);
  } catch (cause) {
    throw unreachable(base, cause);
  }
  if (status === 404) return null;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown())), text);
  if (status === 200 && parsed.success) return parsed.output;
  const error = parsed.success ? v.safeParse(ErrorBody, parsed.output) : null;
  throw new SynclineError('NODE_ANSWER', 'source', error?.success ? error.output.error.message : 'not a node of ours', {
    data: { url, status, exitCode: 5, fix: 'check that --url names a syncline node that is running' },
  });
}

const ErrorBody = v.object({ error: v.object({ message: v.string() }) });

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new TypeError('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function unreachable(base: string, cause: unknown): SynclineError {
  const inner = cause instanceof Error ? (cause.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
  const reason = inner ?? (cause instanceof Error ? cause.message : String(cause));
  return new SynclineError('NODE_UNREACHABLE', 'source', `no node answers at ${base}: ${reason}`, {
    cause,
    data: {
      exitCode: 5,
      fix: 'start one, name its address with --url, or look into a folder with --data-dir or --network',
    },
  });
}

const TIMEOUT_MS = 5_000;
/** Far above any status; an explanation may hold some hundred rejections. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
