import type { ServerResponse } from 'node:http';
import { deflateSync, gzipSync } from 'node:zlib';
import { below, pick, pickWeighted, type Random } from './random.ts';

/** Sends one answer, in a way that may be wrong. */
export interface Sending {
  readonly name: string;
  /** Nothing more will come, and nothing says so. */
  readonly isStalled: boolean;
  send(response: ServerResponse, body: Uint8Array): void;
}

/** Draws how an answer is sent: a third of them rightly. */
export function drawSending(random: Random): Sending {
  const [name, make] = pickWeighted(WAYS, random);
  return { name, isStalled: name === 'stalled', send: make(random) };
}

type Make = (random: Random) => Sending['send'];

/** Weight, name, and what it draws from chance. */
const WAYS: readonly (readonly [number, readonly [string, Make]])[] = [
  [10, ['plain', () => (response, body) => whole(response, 200, {}, body)]],
  [5, ['gzip', () => (response, body) => whole(response, 200, GZIP, gzipSync(body, { level: 1 }))]],
  [
    4,
    [
      'chunked',
      (random) => {
        const size = pick([1, 7, 1_000, 1e6], random);
        return (response, body) => {
          response.writeHead(200, TYPE);
          // A byte at a time is for the beginning only: the rest of it would only take time.
          const slow = Math.min(body.length, size * 50);
          for (let at = 0; at < slow; at += size) response.write(body.subarray(at, Math.min(at + size, slow)));
          response.end(body.subarray(slow));
        };
      },
    ],
  ],
  [
    4,
    [
      'status',
      (random) => {
        const status = pick([201, 204, 206, 300, 301, 302, 304, 400, 401, 403, 404, 408, 418, 500, 502, 503], random);
        const location = pick([{}, { location: 'http://127.0.0.1:1/' }, { location: '\u00ff::' }], random);
        return (response, body) => whole(response, status, location, body);
      },
    ],
  ],
  [
    2,
    [
      'rate limited',
      (random) => {
        const after = pick(
          ['1', '0', '-5', '1e9', 'soon', '99999999999999999999', 'Wed, 21 Oct 2015 07:28:00 GMT'],
          random,
        );
        const status = pick([429, 503], random);
        return (response, body) => whole(response, status, { 'retry-after': after }, body);
      },
    ],
  ],
  [
    3,
    [
      'promises more',
      (random) => {
        const more = pick([1, 1_000, 1e9, 1e15], random);
        return (response, body) => raw(response, `${OK}Content-Length: ${body.length + more}\r\n\r\n`, body);
      },
    ],
  ],
  [
    3,
    [
      'promises less',
      (random) => {
        const share = random();
        return (response, body) =>
          raw(response, `${OK}Content-Length: ${Math.floor(body.length * share)}\r\n\r\n`, body);
      },
    ],
  ],
  [
    4,
    [
      'cut',
      (random) => {
        const share = random();
        return (response, body) => {
          response.writeHead(200, { ...TYPE, 'content-length': body.length });
          response.write(body.subarray(0, Math.floor(body.length * share)), () => response.destroy());
        };
      },
    ],
  ],
  [1, ['no answer', () => (response) => void response.destroy()]],
  [
    2,
    [
      'half a head',
      (random) => {
        const length = below(OK.length, random);
        return (response) => raw(response, OK.slice(0, length), new Uint8Array(0));
      },
    ],
  ],
  [2, ['says gzip', () => (response, body) => whole(response, 200, GZIP, body)]],
  [2, ['hides gzip', () => (response, body) => whole(response, 200, {}, gzipSync(body, { level: 1 }))]],
  [
    4,
    [
      'spoilt gzip',
      (random) => {
        const [way, share, bit] = [below(5, random), random(), below(8, random)];
        return (response, body) => whole(response, 200, GZIP, spoiltGzip(body, { way, share, bit }));
      },
    ],
  ],
  [1, ['a bomb', () => (response) => whole(response, 200, GZIP, BOMB)]],
  [
    3,
    [
      'another encoding',
      (random) => {
        const encoding = pick(['br', 'deflate', 'zstd', 'gzip, gzip', 'x-gzip', 'identity', 'GZIP ', ' ', ','], random);
        return (response, body) => whole(response, 200, { 'content-encoding': encoding }, deflateSync(body));
      },
    ],
  ],
  [
    4,
    [
      'wrong framing',
      (random) => {
        const head = pick(WRONG_HEADS, random);
        return (response, body) => raw(response, head(body.length), body);
      },
    ],
  ],
  [
    1,
    [
      'a long head',
      (random) => {
        const filler = 'a'.repeat(pick([10_000, 20_000, 200_000], random));
        return (response, body) =>
          raw(response, `${OK}X-Filler: ${filler}\r\nContent-Length: ${body.length}\r\n\r\n`, body);
      },
    ],
  ],
  [
    1,
    [
      'stalled',
      (random) => {
        const share = random();
        return (response, body) => {
          response.writeHead(200, { ...TYPE, 'content-length': body.length + 1 });
          response.write(body.subarray(0, Math.floor(body.length * share)));
        };
      },
    ],
  ],
];

const TYPE = { 'content-type': 'application/json' };
const GZIP = { 'content-encoding': 'gzip' };
const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
/** 1,000 to 1. */
const BOMB = gzipSync(Buffer.alloc(16 * 2 ** 20, '['));

const WRONG_HEADS: readonly ((length: number) => string)[] = [
  (length) => `${OK}Content-Length: ${length}\r\nContent-Length: ${length + 1}\r\n\r\n`,
  (length) => `${OK}Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  () => `${OK}Content-Length: -1\r\n\r\n`,
  () => `${OK}Content-Length: 0x10\r\n\r\n`,
  () => `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  () => `${OK}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n`,
  () => `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\n`,
  () => `${OK}\r\n`,
  (length) => `HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n${OK}Content-Length: ${length}\r\n\r\n`,
  (length) => `HTTP/1.0 200\r\nContent-Length: ${length}\r\n\r\n`,
  (length) => `HTTP/9.9 200 OK\r\nContent-Length: ${length}\r\n\r\n`,
  (length) => `HTTP/1.1 99999 OK\r\nContent-Length: ${length}\r\n\r\n`,
  (length) => `${OK}Bad Name: 1\r\n\u0000: 2\r\nContent-Length: ${length}\r\n\r\n`,
  () => '\u0015\u0003\u0003\u0000\u0002\u0002F',
  () => '',
];

/** As it should be, save for what the caller does. */
function whole(response: ServerResponse, status: number, headers: Record<string, string>, body: Uint8Array): void {
  const safe = Object.entries(headers).map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/g, '?')]);
  response.writeHead(status, { ...TYPE, 'content-length': body.length, ...Object.fromEntries(safe) });
  response.end(body);
}

/** Past the server's own idea of HTTP; the connection ends with it. */
function raw({ socket }: ServerResponse, head: string, body: Uint8Array): void {
  socket?.write(Buffer.from(head, 'latin1'));
  socket?.end(body);
}

function spoiltGzip(
  body: Uint8Array,
  { way, share, bit }: { readonly way: number; readonly share: number; readonly bit: number },
): Uint8Array {
  const packed = gzipSync(body, { level: 1 });
  const at = Math.floor(packed.length * share);
  switch (way) {
    case 0:
      return packed.subarray(0, at);
    case 1:
      return Buffer.concat([packed, Buffer.from('and more')]);
    case 2:
      return gzipSync(packed);
    case 3:
      return Buffer.concat([packed, packed]);
    default:
      packed[at] = (packed[at] ?? 0) ^ (1 << bit);
      return packed;
  }
}
