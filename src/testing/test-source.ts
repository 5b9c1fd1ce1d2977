import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type Delivery, type Height, parseHeight, type Source } from '../engine/index.ts';
import { isAbort, isSynclineError } from '../lib/index.ts';
import type { TestRunner } from './runner.ts';

/** A source that a test may use and close, and what is known about what stands behind it. */
export interface OpenedSource {
  readonly source: Source;
  /** Heights it has, at least one. */
  readonly present: readonly Height[];
  /** A height it does not have. */
  readonly absent: Height;
  /**
   * The parts that a delivery stands for: its own name is always one of them. Needed by sources that answer several
   * parts in one piece.
   */
  readonly covers?: (delivery: Delivery & { type: 'bytes' }) => readonly string[];
  /** Runs last, with the source closed. */
  readonly cleanup?: () => Promise<void>;
}

export interface SourceSetup {
  /** Opens a new source; called once per test. Nothing may change behind it during the test. */
  readonly open: () => Promise<OpenedSource>;
  /** The same over a remote that never answers, for sources that have a remote. */
  readonly openStalled?: () => Promise<OpenedSource>;
  /** Keys and passwords that the source was given: they must not show in its id or its errors. */
  readonly secrets?: readonly string[];
}

/**
 * The conformance suite of the `Source` interface: whatever passes it can feed the engine. What the bytes mean is for
 * the chain's rules, and how a source deals with a bad remote is for its own tests, to show.
 */
export function testSource(runner: TestRunner, name: string, setup: SourceSetup): void {
  const itWith = (open: () => Promise<OpenedSource>): It => {
    return (claim, body) =>
      runner.it(claim, async () => {
        const opened = await open();
        try {
          await body(opened.source, opened);
        } finally {
          await opened.source[Symbol.asyncDispose]();
          await opened.cleanup?.();
        }
      });
  };
  runner.describe(`source: ${name}`, () => {
    const it = itWith(setup.open);
    testFace(it, setup.secrets ?? []);
    testSurvey(it);
    testFetch(it);
    testEnding(it);
    if (setup.openStalled !== undefined) testStalled(itWith(setup.openStalled), setup.secrets ?? []);
  });
}

type It = (claim: string, body: (source: Source, opened: OpenedSource) => Promise<void>) => unknown;

function testFace(it: It, secrets: readonly string[]): void {
  it('its id is short, printable, stable and without credentials', async (source, { present }) => {
    const { id } = source;
    ok(/^[\x21-\x7e]{1,200}$/.test(id), `id is ${JSON.stringify(id)}`);
    ok(!/\/\/[^/]*@/.test(id), 'id holds a user or password');
    for (const secret of secrets) ok(!id.includes(secret), 'id holds a secret');
    await source.survey({ signal: never() });
    await collect(source, present[0], source.parts);
    strictEqual(source.id, id);
  });

  it('its limits are positive and its parts have distinct names', async (source) => {
    const { concurrencyMax, ratePerS } = source.limits;
    ok(Number.isSafeInteger(concurrencyMax) && concurrencyMax > 0, `concurrencyMax is ${concurrencyMax}`);
    ok(ratePerS === undefined || (Number.isFinite(ratePerS) && ratePerS > 0), `ratePerS is ${ratePerS}`);
    ok(source.parts.length > 0);
    strictEqual(new Set(source.parts).size, source.parts.length);
    ok(['anchor', 'carrier', 'proposer'].includes(source.standing));
  });
}

function testSurvey(it: It): void {
  it('its spans ascend, do not overlap, and hold what it has and not what it lacks', async (source, opened) => {
    const { spans } = await source.survey({ signal: never() });
    let below = -1;
    for (const { from, to } of spans) {
      ok(Number.isSafeInteger(from) && Number.isSafeInteger(to), `span ${from} to ${to} is not of integers`);
      ok(below < from && from <= to, `span ${from} to ${to} after ${below}`);
      below = to;
    }
    const holds = (height: Height) => spans.some(({ from, to }) => from <= height && height <= to);
    for (const height of opened.present) ok(holds(height), `height ${height} is missing`);
    ok(!holds(opened.absent), `height ${opened.absent} is claimed`);
  });

  it('its head is inside a span and has the hash that it gives at that height', async (source) => {
    const { spans, head } = await source.survey({ signal: never() });
    if (head === null) return strictEqual(spans.length, 0);
    ok(spans.some(({ from, to }) => from <= head.height && head.height <= to));
    strictEqual(head.hash.length, 32);
    deepStrictEqual(await source.hashAt(head.height, { signal: never() }), head.hash);
  });

  it('two surveys and two looks at a hash agree', async (source, { present }) => {
    const first = await source.survey({ signal: never() });
    deepStrictEqual(await source.survey({ signal: never() }), first);
    for (const height of present) {
      const hash = await source.hashAt(height, { signal: never() });
      strictEqual(hash?.length, 32);
      deepStrictEqual(await source.hashAt(height, { signal: never() }), hash);
    }
  });

  it('it has no hash at a height it lacks', async (source, { absent }) => {
    strictEqual(await source.hashAt(absent, { signal: never() }), null);
  });
}

function testFetch(it: It): void {
  it('every part asked for is answered once, with bytes or as absent', async (source, opened) => {
    for (const height of opened.present) {
      const deliveries = await collect(source, height, source.parts);
      checkAnswers(deliveries, source.parts, opened);
      ok(deliveries.some(isBytes), `nothing was delivered at height ${height}`);
      for (const part of source.parts) checkAnswers(await collect(source, height, [part]), [part], opened);
    }
  });

  it('a height it lacks is absent in every part', async (source, { absent }) => {
    const deliveries = await collect(source, absent, source.parts);
    deepStrictEqual(
      deliveries.map(({ type }) => type).filter((type) => type !== 'absent'),
      [],
    );
    deepStrictEqual(deliveries.map(({ part }) => part).sort(), [...source.parts].sort());
  });

  it('a part it does not know is absent, and asking for nothing brings nothing', async (source, { present }) => {
    const unknown = await collect(source, present[0], ['no-such-part']);
    deepStrictEqual(unknown, [{ type: 'absent', part: 'no-such-part' }]);
    deepStrictEqual(await collect(source, present[0], []), []);
  });

  it('delivered bytes own their buffer, so that they can be transferred', async (source, { present }) => {
    for (const { bytes } of (await collect(source, present[0], source.parts)).filter(isBytes)) {
      ok(bytes instanceof Uint8Array);
      strictEqual(bytes.buffer.byteLength, bytes.length);
      structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] }); // a shared one would throw here
    }
  });

  it('as many requests as it allows, at once, bring what one brings', async (source, { present }) => {
    const expected = digests(await collect(source, present[0], source.parts));
    const many = Math.min(source.limits.concurrencyMax, 64);
    const all = await Promise.all(Array.from({ length: many }, () => collect(source, present[0], source.parts)));
    for (const deliveries of all) deepStrictEqual(digests(deliveries), expected);
  });

  it('a fetch may be dropped after its first delivery', async (source, { present }) => {
    for (const height of present) {
      for await (const _ of source.fetch({ height, parts: source.parts }, { signal: never() })) break;
    }
    ok((await collect(source, present[0], source.parts)).some(isBytes));
  });
}

function testEnding(it: It): void {
  it('a signal that has fired ends everything at once', async (source, { present }) => {
    const signal = AbortSignal.abort();
    for (const [what, start] of calls(source, present[0], signal)) {
      const error = await failureOf(what, start);
      ok(isAbort(error, signal), `${what} failed with ${String(error)} instead of the abort`);
    }
  });

  it('it can go on after an abort', async (source, { present }) => {
    const controller = new AbortController();
    const pending = collect(source, present[0], source.parts, controller.signal).catch(() => []);
    controller.abort();
    await within('an aborted fetch', pending);
    ok((await collect(source, present[0], source.parts)).some(isBytes));
  });

  it('closing twice is harmless, and a closed source refuses to be used', async (source, { present }) => {
    await source.survey({ signal: never() });
    await source[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
    for (const [what, start] of calls(source, present[0], never())) {
      const error = await failureOf(what, start);
      ok(isSynclineError(error), `${what} failed with ${String(error)} instead of a typed error`);
    }
  });
}

function testStalled(it: It, secrets: readonly string[]): void {
  it('a remote that does not answer holds up no abort', async (source, { present }) => {
    for (const index of [0, 1, 2]) {
      const controller = new AbortController();
      const [what, start] = calls(source, present[0], controller.signal)[index] ?? [];
      if (what === undefined || start === undefined) continue;
      const failure = failureOf(what, start);
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      ok(isAbort(await failure, controller.signal), `${what} did not end with the abort`);
    }
  });

  it('a remote that does not answer holds up no closing', async (source, { present }) => {
    const failures = Promise.allSettled(
      calls(source, present[0], never()).map(([what, start]) => failureOf(what, start)),
    );
    await new Promise((resolve) => setImmediate(resolve));
    await within('closing', source[Symbol.asyncDispose]());
    for (const failure of await failures) {
      if (failure.status === 'rejected') throw failure.reason;
      const error = failure.value;
      ok(isSynclineError(error), `a pending request failed with ${String(error)} instead of a typed error`);
      for (const secret of secrets) ok(!JSON.stringify([error.message, error.data]).includes(secret));
    }
  });
}

function calls(source: Source, height: Height | undefined, signal: AbortSignal) {
  return [
    ['survey', () => source.survey({ signal })],
    ['hashAt', () => source.hashAt(height ?? parseHeight(0), { signal })],
    ['fetch', () => collect(source, height, source.parts, signal)],
  ] as const satisfies readonly (readonly [string, () => Promise<unknown>])[];
}

async function collect(
  source: Source,
  height: Height | undefined,
  parts: readonly string[],
  signal = never(),
): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  for await (const delivery of source.fetch({ height: height ?? parseHeight(0), parts }, { signal })) {
    deliveries.push(delivery);
  }
  return deliveries;
}

/** Every asked part is answered exactly once, and nothing arrives that answers none. */
function checkAnswers(deliveries: readonly Delivery[], asked: readonly string[], { covers }: OpenedSource): void {
  const answered = new Map<string, number>();
  for (const delivery of deliveries) {
    const also = delivery.type === 'bytes' ? (covers?.(delivery) ?? []) : [];
    const answers = asked.filter((part) => part === delivery.part || also.includes(part));
    ok(answers.length > 0, `${delivery.part} answers nothing that was asked for`);
    for (const part of answers) answered.set(part, (answered.get(part) ?? 0) + 1);
  }
  deepStrictEqual(
    asked.map((part) => [part, answered.get(part) ?? 0]),
    asked.map((part) => [part, 1]),
  );
}

/** What was delivered, short enough to be shown and whatever the order. */
function digests(deliveries: readonly Delivery[]): readonly string[] {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  return deliveries
    .map((delivery) => `${delivery.part} ${delivery.type === 'bytes' ? digest(delivery.bytes) : 'absent'}`)
    .sort();
}

function isBytes(delivery: Delivery): delivery is Delivery & { type: 'bytes' } {
  return delivery.type === 'bytes';
}

/** What a call fails with; its success, or taking longer than `PATIENCE_MS`, fails the test. */
async function failureOf(what: string, start: () => Promise<unknown>): Promise<unknown> {
  const outcome = start().then(
    () => ({ failed: false, error: null }),
    (error: unknown) => ({ failed: true, error }),
  );
  const { failed, error } = await within(what, outcome);
  ok(failed, `${what} succeeded`);
  return error;
}

/** Far above what an abort takes on a busy machine, far below the shortest network timeout. */
const PATIENCE_MS = 3_000;

async function within<T>(what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function never(): AbortSignal {
  return new AbortController().signal;
}
