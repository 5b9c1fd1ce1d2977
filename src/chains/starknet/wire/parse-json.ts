import type { SynclineError } from '../../../lib/index.ts';
import { JSON_BYTES_MAX, JSON_DEPTH_MAX, NESTED_TEXT_CHARS_MAX } from './limits.ts';
import { wireError } from './wire-error.ts';

/**
 * Reads one JSON document as a gateway sends it.
 *
 * The result is for the parsers of this folder, which read own properties only and check every number: `JSON.parse`
 * rounds integers above 2^53, keeps the last of duplicate keys, and makes a member named `__proto__` an ordinary one.
 *
 * @param bytes UTF-8, without a byte order mark; at most `JSON_BYTES_MAX`, nested at most `JSON_DEPTH_MAX` deep.
 * @param what  What was asked for, for the error: `block 5 from …`.
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`): bad UTF-8, a truncated or foreign body (such as the
 *   HTML page of a proxy), too large, too deep.
 */
export function parseJsonBytes(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > JSON_BYTES_MAX) {
    throw notJson(what, `at most ${JSON_BYTES_MAX} bytes`, `${bytes.length} bytes`);
  }
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch (error) {
    throw notJson(what, 'UTF-8', startOf(bytes), error);
  }
  if (exceedsDepth(text, JSON_DEPTH_MAX)) {
    throw notJson(what, `at most ${JSON_DEPTH_MAX} levels of nesting`, 'more');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw notJson(what, 'JSON', startOf(bytes), error);
  }
}

/**
 * Whether brackets outside of strings nest deeper than `depthMax`. Looked at before parsing, so that nobody who
 * walks the result needs a bound of their own. Text that is no JSON may be judged either way: it fails later.
 */
function exceedsDepth(text: string, depthMax: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i + 1);
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > depthMax) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      depth--;
    }
  }
  return false;
}

/**
 * Index of the quote that ends the string whose content starts at `start`. Nearly all text of a block is inside of
 * strings without escapes, which `indexOf` skips several times faster than a loop does.
 */
function endOfString(text: string, start: number): number {
  const quote = text.indexOf('"', start);
  if (quote < 0) return text.length;
  if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
  return text.length;
}

function notJson(what: string, expected: string, got: string, cause?: unknown): SynclineError {
  return wireError('GATEWAY_MALFORMED', `${what} is not a readable JSON document`, { path: '', expected, got }, cause);
}

function startOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing';
  return `${bytes.length} bytes: ${JSON.stringify(lenientUtf8.decode(bytes.subarray(0, NESTED_TEXT_CHARS_MAX)))}`;
}

/** `ignoreBOM` leaves a byte order mark in the text, where JSON does not allow one. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder();

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
