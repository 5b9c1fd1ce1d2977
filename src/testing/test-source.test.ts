import { describe, expect, it } from 'vitest';
import { type Delivery, type Height, parseHash32, parseHeight, type Source } from '../engine/index.ts';
import { SynclineError } from '../lib/index.ts';
import { type SourceSetup, testSource } from './test-source.ts';

/** Heights 0 to 3 with two parts each, as plain as a source can be. */
function createPlainSource(id = 'plain'): Source {
  let closed = false;
  const admit = (signal: AbortSignal) => {
    if (closed) throw new SynclineError('SOURCE_CLOSED', 'caller', 'source is closed');
    signal.throwIfAborted();
  };
  const hashOf = (height: number) => parseHash32(new Uint8Array(32).fill(height + 1));
  return {
    id,
    standing: 'carrier',
    parts: ['header', 'body'],
    limits: { concurrencyMax: 3 },
    async survey({ signal }) {
      admit(signal);
      const head = parseHeight(3);
      return { spans: [{ from: parseHeight(0), to: head }], head: { height: head, hash: hashOf(head) } };
    },
    async *fetch({ height, parts }, { signal }): AsyncGenerator<Delivery> {
      for (const part of parts) {
        admit(signal);
        if (height > 3 || !this.parts.includes(part)) yield { type: 'absent', part };
        else yield { type: 'bytes', part, bytes: new Uint8Array([height, part.length]) };
      }
      admit(signal);
    },
    async hashAt(height, { signal }) {
      admit(signal);
      return height > 3 ? null : hashOf(height);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

/** Runs the suite and names the claims that failed. */
async function failedClaims(open: () => Source, more: Partial<SourceSetup> = {}): Promise<readonly string[]> {
  const tests: { name: string; body: () => Promise<void> }[] = [];
  const runner = {
    describe: (_name: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => tests.push({ name, body }),
  };
  const present = [0, 3].map(parseHeight);
  testSource(runner, 'x', { open: async () => ({ source: open(), present, absent: parseHeight(4) }), ...more });
  const failed: string[] = [];
  for (const { name, body } of tests) await body().catch(() => failed.push(name));
  return failed;
}

/** The plain source with some of it replaced. */
function bent(change: (plain: Source) => Partial<Source>): () => Source {
  return () => {
    const plain = createPlainSource();
    return { ...plain, ...change(plain), [Symbol.asyncDispose]: () => plain[Symbol.asyncDispose]() };
  };
}

describe('the conformance suite of sources', () => {
  it('passes a plain source', async () => expect(await failedClaims(() => createPlainSource())).toEqual([]));

  const span = (from: number, to: number) => ({ from: parseHeight(from), to: parseHeight(to) });
  it.each<[string, () => Source, RegExp]>([
    ['shows a secret in its id', () => createPlainSource('plain:canary-key'), /credentials/],
    ['has a user in its id', () => createPlainSource('http://user:pass@host'), /credentials/],
    ['allows no requests', bent(() => ({ limits: { concurrencyMax: 0 } })), /limits/],
    [
      'overlaps its spans',
      bent(() => ({ survey: async () => ({ spans: [span(0, 2), span(2, 3)], head: null }) })),
      /spans/,
    ],
    ['claims too much', bent(() => ({ survey: async () => ({ spans: [span(0, 9)], head: null }) })), /spans/],
    ['has another hash at its head', bent(() => ({ hashAt: async () => parseHash32(new Uint8Array(32)) })), /head/],
    ['always has a hash', bent(() => ({ hashAt: async () => parseHash32(new Uint8Array(32)) })), /no hash/],
    ['answers no part', bent(() => ({ async *fetch() {} })), /every part/],
    ['answers twice', bent((plain) => ({ fetch: (...args) => twice(plain.fetch(...args)) })), /every part/],
    [
      'delivers what was not asked for',
      bent(() => ({
        async *fetch() {
          yield { type: 'absent', part: 'other' };
        },
      })),
      /every part/,
    ],
    [
      'delivers views into a larger buffer',
      bent((plain) => ({ fetch: (...args) => asViews(plain.fetch(...args)) })),
      /own their buffer/,
    ],
    ['forgets the signal', bent((plain) => ({ survey: () => plain.survey({ signal: never() }) })), /signal/],
    [
      'hangs when aborted',
      bent((plain) => ({
        fetch: (request, { signal }) => (signal.aborted ? stalled() : plain.fetch(request, { signal })),
      })),
      /signal/,
    ],
    [
      'goes on when closed',
      bent(() => ({
        hashAt: async (height: Height, { signal }: { signal: AbortSignal }) => {
          signal.throwIfAborted();
          return height > 3 ? null : parseHash32(new Uint8Array(32).fill(height + 1));
        },
      })),
      /closed source/,
    ],
  ])('fails a source that %s', async (_how, open, claim) => {
    const failed = await failedClaims(open, { secrets: ['canary-key'] });
    expect(failed).toEqual(expect.arrayContaining([expect.stringMatching(claim)]));
  });

  it('fails a source that waits for a silent remote', async () => {
    const open = bent(() => ({ survey: () => new Promise(() => {}) }));
    const openStalled = async () => ({ source: open(), present: [parseHeight(0)], absent: parseHeight(4) });
    const failed = await failedClaims(() => createPlainSource(), { openStalled });
    expect(failed).toContain('a remote that does not answer holds up no abort');
  });
});

async function* twice(deliveries: AsyncIterable<Delivery>): AsyncGenerator<Delivery> {
  for await (const delivery of deliveries) {
    yield delivery;
    yield delivery;
  }
}

async function* asViews(deliveries: AsyncIterable<Delivery>): AsyncGenerator<Delivery> {
  for await (const delivery of deliveries) {
    yield delivery.type === 'absent' ? delivery : { ...delivery, bytes: new Uint8Array(64).subarray(1, 9) };
  }
}

async function* stalled(): AsyncGenerator<Delivery> {
  await new Promise(() => {});
}

function never(): AbortSignal {
  return new AbortController().signal;
}
