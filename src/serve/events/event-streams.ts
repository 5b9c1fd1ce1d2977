import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ChainEvent, EventsFrom } from '../../engine/index.ts';
import { isAbort, isSynclineError, type Logger } from '../../lib/index.ts';
import { errorAnswer, type HttpExchange, sendAnswer } from '../http/index.ts';
import { parseCursor } from './cursor.ts';
import { type EventFormat, eventText } from './event-text.ts';

/** Where the events come from, and how this chain writes them. */
export interface EventsFeed extends EventFormat {
  events(options: { readonly from: EventsFrom; readonly signal: AbortSignal }): AsyncIterable<ChainEvent>;
}

export interface EventStreamsOptions {
  readonly feed: EventsFeed;
  readonly limits?: Partial<EventStreamLimits>;
  readonly log: Logger;
}

export interface EventStreamLimits {
  /** Streams at once; more are answered with 503. */
  readonly streamsMax: number;
  /** A comment is sent this often, so that proxies and readers know that the stream is alive. */
  readonly beatMs: number;
  /** A reader that takes nothing for this long is cut off; it can resume where it was. */
  readonly stallTimeoutMs: number;
}

export const defaultEventStreamLimits: EventStreamLimits = {
  streamsMax: 128,
  beatMs: 15_000,
  stallTimeoutMs: 30_000,
};

/** Chain events as server-sent events, each reader at its own pace. */
export interface EventStreams {
  answer(exchange: HttpExchange): Promise<void>;
  readonly open: number;
  /** Ends all streams; resolves when none reads events any more. */
  close(): Promise<void>;
}

/**
 * A reader begins after the block that the header `Last-Event-ID` or else `?from=` names, and sees first what it missed.
 * It is given the next event when it has taken the last one: what it does not read stays in the store.
 */
export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const limits = { ...defaultEventStreamLimits, ...options.limits };
  const streams = new Set<Promise<void>>();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one listener for each stream

  async function answer(exchange: HttpExchange): Promise<void> {
    if (closing.signal.aborted) return sendAnswer(exchange, STOPPING);
    if (streams.size >= limits.streamsMax) return sendAnswer(exchange, full(limits));
    const stream = streamTo(exchange, { ...options, limits }, closing.signal);
    streams.add(stream);
    try {
      await stream;
    } finally {
      streams.delete(stream);
    }
  }

  return {
    answer,
    get open() {
      return streams.size;
    },
    async close() {
      closing.abort(new DOMException('the node is stopping', 'AbortError'));
      await Promise.allSettled([...streams]);
    },
  };
}

async function streamTo(
  exchange: HttpExchange,
  { feed, limits, log }: EventStreamsOptions & { readonly limits: EventStreamLimits },
  closing: AbortSignal,
): Promise<void> {
  const { request, response, url } = exchange;
  const end = new AbortController();
  const stop = () => end.abort(new DOMException('the stream has ended', 'AbortError'));
  closing.addEventListener('abort', stop, { once: true });
  response.once('close', stop);
  try {
    const asked = request.headers['last-event-id'] ?? url.searchParams.get('from') ?? 'now';
    const events = feed.events({ from: parseCursor(String(asked)), signal: end.signal })[Symbol.asyncIterator]();
    const first = events.next();
    // A cursor that is unknown is found out at once; the first event may take any time.
    await Promise.race([first, new Promise((resolve) => setImmediate(resolve))]);
    response.writeHead(200, STREAM_HEADERS);
    if (request.method === 'HEAD') stop();
    else await pump(response, { events, first, feed, limits, signal: end.signal });
    response.end();
  } catch (error) {
    if (response.headersSent) {
      if (!isAbort(error, end.signal)) log.error('an event stream failed', { message: String(error) });
      response.destroy();
    } else if (isSynclineError(error) && error.fault === 'caller') {
      const fix = 'begin anew with ?from=genesis or ?from=now';
      const status = error.code === 'CURSOR_MALFORMED' ? 400 : 404;
      sendAnswer(exchange, errorAnswer(status, { code: error.code, message: error.message, fix }));
    } else throw error;
  } finally {
    stop();
    closing.removeEventListener('abort', stop);
  }
}

async function pump(
  response: ServerResponse,
  stream: {
    readonly events: AsyncIterator<ChainEvent>;
    readonly first: Promise<IteratorResult<ChainEvent>>;
    readonly feed: EventFormat;
    readonly limits: EventStreamLimits;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { events, feed, limits, signal } = stream;
  response.write(`retry: ${RETRY_MS}\n\n`);
  const beat = setInterval(() => {
    // What waits to be sent is sign of life enough.
    if (response.writableLength === 0) response.write(': still here\n\n');
  }, limits.beatMs);
  try {
    for (let next = await stream.first; next.done !== true; next = await events.next()) {
      if (signal.aborted) return;
      if (!response.write(eventText(next.value, feed))) await drained(response, limits.stallTimeoutMs, signal);
    }
  } finally {
    clearInterval(beat);
  }
}

/** Resolves when the reader has taken what it was sent; cuts it off when it takes too long. */
function drained(response: ServerResponse, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(patience);
      response.off('drain', onDrain);
      signal.removeEventListener('abort', onAbort);
    };
    const onDrain = () => {
      settle();
      resolve();
    };
    const onAbort = () => {
      settle();
      reject(signal.reason);
    };
    const patience = setTimeout(() => response.destroy(), timeoutMs); // its `close` aborts the signal
    response.once('drain', onDrain);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

function full({ streamsMax }: EventStreamLimits) {
  const message = `there are ${streamsMax} event streams already`;
  return errorAnswer(503, { code: 'STREAMS_FULL', message }, { 'retry-after': '5' });
}

const STOPPING = errorAnswer(
  503,
  { code: 'STOPPING', message: 'the node is stopping' },
  { connection: 'close', 'retry-after': '5' },
);
const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Proxies that buffer would hold back what is meant to arrive at once (nginx).
  'x-accel-buffering': 'no',
};
/** How long a browser waits before it connects again. */
const RETRY_MS = 2_000;
