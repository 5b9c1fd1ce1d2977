import type { IncomingMessage } from 'node:http';
import type { Quota } from './quota.ts';

/** What came of reading a body. `busy`: all bodies together have no room; `left`: the client went before its end. */
export type ReadBody =
  | { readonly type: 'body'; readonly bytes: Buffer }
  | { readonly type: 'too-large' | 'busy' | 'left' };

/**
 * Reads a request's body, at most `bytesMax` of it. Of a body that is larger some more is taken and dropped, so that a
 * client that sends first and listens later hears why; the rest is left unread. How long it may take is the server's
 * business.
 *
 * @param quota Bytes of the bodies that are being read, all together.
 */
export function readBody(
  request: IncomingMessage,
  { bytesMax, quota }: { readonly bytesMax: number; readonly quota: Quota },
): Promise<ReadBody> {
  const dropMax = bytesMax * DROPPED_BODIES_MAX;
  if (Number(request.headers['content-length'] ?? 0) > dropMax) return Promise.resolve({ type: 'too-large' });
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0);
    let bytes = 0;
    let counted = 0;
    const settle = (outcome: ReadBody) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      quota.give(counted);
      resolve(outcome);
    };
    const stop = (type: 'too-large' | 'busy') => {
      request.pause();
      settle({ type });
    };
    const onData = (chunk: Buffer) => {
      const isHeld = bytes + chunk.length <= bytesMax;
      if (isHeld && !quota.take(chunk.length)) {
        stop('busy');
        return;
      }
      if (isHeld) counted += chunk.length;
      held = !isHeld ? Buffer.alloc(0) : bytes === 0 ? chunk : append(held, bytes, chunk);
      bytes += chunk.length;
      if (bytes > dropMax) stop('too-large');
    };
    const onEnd = () =>
      settle(bytes > bytesMax ? { type: 'too-large' } : { type: 'body', bytes: held.subarray(0, bytes) });
    const onClose = () => settle({ type: 'left' });
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    request.on('error', () => {}); // a reset is followed by `close`
  });
}

/**
 * One buffer that doubles: a list of the chunks would let a body that comes byte by byte cost a hundred times its size.
 */
function append(held: Buffer, length: number, chunk: Buffer): Buffer {
  let room = held;
  if (length + chunk.length > held.length) {
    room = Buffer.allocUnsafeSlow(Math.max(held.length * 2, length + chunk.length));
    held.copy(room, 0, 0, length);
  }
  chunk.copy(room, length);
  return room;
}

/** Chosen: what a client that merely has a larger limit than ours would send. */
const DROPPED_BODIES_MAX = 8;
