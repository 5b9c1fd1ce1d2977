import type { BlockRef } from '../../../../engine/index.ts';
import { type Height, parseHash32, parseHeight } from '../../../../engine/index.ts';
import { isSynclineError } from '../../../../lib/index.ts';
import { parseFelt } from '../../felt.ts';
import { numberMember, type Outline, outlineObject, stringMember } from '../json-outline.ts';
import { sourceError } from '../source-error.ts';
import type { GatewayResponse } from './gateway-client.ts';

/** What the gateway said, before anybody looks inside. */
export type GatewayAnswer =
  | { readonly type: 'object'; readonly bytes: Uint8Array; readonly outline: Outline; readonly url: string }
  /** It knows no such block or class: not yet, or not any more. */
  | { readonly type: 'absent' }
  /** An application error; `errorCode` without its `StarknetErrorCode.` prefix, both texts as the remote wrote them. */
  | {
      readonly type: 'refused';
      readonly errorCode: string;
      readonly text: string;
      readonly status: number;
      readonly url: string;
    };

/**
 * Tells an object, an application error and rubbish apart. Errors are told by their shape as well as by status 400
 * or 500, since proxies have been seen to turn them into a 200.
 *
 * @throws {SynclineError} `SOURCE_BAD_ANSWER` for a body that is not one whole JSON object, `SOURCE_UNAVAILABLE` when
 *   it came with status 500.
 * @see starknet-io feeder gateway, error format `{"code":"StarknetErrorCode.X","message":"…"}`.
 */
export function readAnswer({ status, body, url }: GatewayResponse): GatewayAnswer {
  const outline = outlineObject(body);
  const code = outline === null || body.length > ERROR_BYTES_MAX ? null : stringMember(body, outline, 'code');
  if (outline !== null && code !== null && (status !== 200 || /^Stark(net)?ErrorCode\./.test(code))) {
    const errorCode = code.replace(/^Stark(net)?ErrorCode\./, '');
    if (ABSENT_CODES.has(errorCode)) return { type: 'absent' };
    return { type: 'refused', errorCode, text: stringMember(body, outline, 'message') ?? '', status, url };
  }
  if (status === 500) throw sourceError('SOURCE_UNAVAILABLE', 'source failed inside', { url, status });
  if (status !== 200 || outline === null) {
    const data = { url, status, expected: 'one whole json object', bytes: body.length };
    throw sourceError('SOURCE_BAD_ANSWER', 'body is not an answer', data);
  }
  return { type: 'object', bytes: body, outline, url };
}

const ABSENT_CODES: ReadonlySet<string> = new Set(['BLOCK_NOT_FOUND', 'UNDECLARED_CLASS']);

/** An application error is two short texts; anything larger with a member `code` is something else. */
const ERROR_BYTES_MAX = 64 * 1024;

/**
 * The block an answer to `get_block` is about, of the short or the full form.
 * @param height What was asked for, null for the newest.
 * @throws {SynclineError} `SOURCE_BAD_ANSWER` when it names no block, or another one than was asked for.
 */
export function readBlockRef(answer: GatewayAnswer & { type: 'object' }, height: Height | null): BlockRef {
  const { bytes, outline, url } = answer;
  try {
    const got = parseHeight(numberMember(bytes, outline, 'block_number'));
    const hash = parseHash32(parseFelt(stringMember(bytes, outline, 'block_hash')));
    if (height === null || got === height) return { height: got, hash };
    throw sourceError('SOURCE_BAD_ANSWER', 'answer is about another block', { url, expected: height, got });
  } catch (error) {
    if (!isSynclineError(error) || error.fault === 'source') throw error;
    throw sourceError('SOURCE_BAD_ANSWER', 'answer names no block', { url, ...error.data });
  }
}
