import { isSynclineError, type SynclineError } from '../../../lib/index.ts';
import { sourceError, systemCodeOf } from './source-error.ts';

/**
 * Turns what undici or Node threw into one of ours. The error itself is dropped rather than kept as `cause`: parser
 * errors carry raw bytes of the answer, which may echo our key, and logs print causes.
 */
export function translateFailure(error: unknown, url: string, quote: (text: string) => string): SynclineError {
  if (isSynclineError(error)) return error;
  const code = systemCodeOf(error) ?? '';
  if (isBug(error) || code === 'UND_ERR_INVALID_ARG') throw error;
  const reason = quote(`${code} ${error instanceof Error ? error.message : String(error)}`.trim());
  const kind = kindOf(error, code);
  return sourceError(kind, FAILURE_MESSAGES[kind], { url, reason });
}

/** What our own code throws when it is wrong: none of it is the remote's doing, and it holds none of its bytes. */
function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

function kindOf(error: unknown, code: string): keyof typeof FAILURE_MESSAGES {
  if (TIMEOUT_CODES.has(code)) return 'SOURCE_TIMEOUT';
  // Undici gives its parser's errors a code only sometimes.
  const isParser = error instanceof Error && error.name === 'HTTPParserError';
  return isParser || code === 'UND_ERR_HEADERS_OVERFLOW' ? 'SOURCE_BAD_ANSWER' : 'SOURCE_UNAVAILABLE';
}

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

const FAILURE_MESSAGES = {
  SOURCE_TIMEOUT: 'no connection in time',
  SOURCE_BAD_ANSWER: 'answer is not http',
  SOURCE_UNAVAILABLE: 'connection failed',
} as const;
