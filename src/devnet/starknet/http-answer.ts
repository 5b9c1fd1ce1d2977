import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A body as it goes out. */
export interface PackedBody {
  readonly body: string | Uint8Array;
  /** Value of `content-encoding`, absent for plain text. */
  readonly encoding?: string;
}

export interface HttpAnswer extends PackedBody {
  readonly status: number;
  readonly type: string;
  readonly retryAfterS?: number;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

/** A page such as proxies answer with. @param text Written as it is: plain text without `<` and `&`. */
export function htmlAnswer(status: number, text: string): HttpAnswer {
  const body = `<html><head><title>${status}</title></head><body>${text}</body></html>`;
  return { status, type: 'text/html; charset=utf-8', body };
}

/** Gzips text for those who accept it, unless it is so short that it would grow. */
export async function pack(json: string, isGzipAccepted: boolean): Promise<PackedBody> {
  if (!isGzipAccepted || json.length < GZIP_CHARS_MIN) return { body: json };
  return { body: await promisify(gzip)(json, { level: 1 }), encoding: 'gzip' };
}

export function send(response: ServerResponse, answer: HttpAnswer): void {
  response.writeHead(answer.status, headersOf(answer)).end(answer.body);
}

/** Promises the whole body, sends half of it, and breaks the connection. */
export function sendHalf(response: ServerResponse, answer: HttpAnswer): void {
  const half = Buffer.from(answer.body).subarray(0, Math.ceil(answer.body.length / 2));
  response.writeHead(answer.status, headersOf(answer)).write(half, () => response.destroy());
}

function headersOf({ type, body, encoding, retryAfterS }: HttpAnswer): Record<string, string | number> {
  return {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    ...(retryAfterS === undefined ? {} : { 'retry-after': retryAfterS }),
  };
}

const GZIP_CHARS_MIN = 256;
