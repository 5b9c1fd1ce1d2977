import type { ErrorData } from '../../../lib/index.ts';
import { SynclineError } from '../../../lib/index.ts';

/** What a Starknet source can fail with. All have fault `source`, but for the last two: those are the caller's. */
export type SourceErrorCode =
  /** It cannot be reached, broke off, or says that it cannot serve now (5xx, 404 and the like). */
  | 'SOURCE_UNAVAILABLE'
  /** It did not connect or did not finish its answer in time. */
  | 'SOURCE_TIMEOUT'
  /** It asks us to slow down; `retryAfterMs` says for how long to leave it alone. */
  | 'SOURCE_RATE_LIMITED'
  /** What it sent is no answer: not JSON, cut short, too large, a redirect, another block. */
  | 'SOURCE_BAD_ANSWER'
  /** An application error: the same question will get the same answer. `errorCode` has its name. */
  | 'SOURCE_REFUSED'
  /** It serves another chain than the one that was asked for. */
  | 'SOURCE_OTHER_CHAIN'
  /** It was used after it was closed. */
  | 'SOURCE_CLOSED'
  /** No source is known for this URL, or its URL or key cannot be used. */
  | 'SOURCE_UNSUPPORTED';

export function sourceError(code: SourceErrorCode, message: string, data: ErrorData): SynclineError {
  const fault = code === 'SOURCE_CLOSED' || code === 'SOURCE_UNSUPPORTED' ? 'caller' : 'source';
  return new SynclineError(code, fault, message, { data });
}

/** The code of an error of Node or undici, such as `ECONNRESET`; null for any other thing thrown. */
export function systemCodeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
