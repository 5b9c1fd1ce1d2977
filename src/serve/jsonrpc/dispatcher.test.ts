import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../lib/index.ts';
import { defaultRpcLimits, type RpcLimits } from '../rpc-limits.ts';
import { createBreather } from './breather.ts';
import { Dispatcher, type RpcCaller } from './dispatcher.ts';
import { createGate } from './gate.ts';
import type { RpcObserver } from './observer.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { call, createTestService } from './testing.ts';

type Called = Parameters<RpcObserver['called']>[0];

function createDispatcher(
  options: {
    readonly limits?: Partial<RpcLimits>;
    readonly log?: Logger;
    readonly service?: ReturnType<typeof createTestService>['service'];
  } = {},
) {
  const limits = { ...defaultRpcLimits, ...options.limits };
  const called: Called[] = [];
  const gate = createGate({ insideMax: limits.callsMax, waitingMax: limits.waitingMax });
  const dispatcher = new Dispatcher({
    service: options.service ?? createTestService().service,
    limits,
    gate,
    breather: createBreather(),
    limiter: createRateLimiter({ ...limits, burstMin: limits.batchMax, nowMs: () => 0 }),
    upstream: null,
    observer: { called: (one) => called.push(one), refused() {} },
    log: options.log ?? silentLogger,
  });
  const leaving = new AbortController();
  const caller: RpcCaller = { client: 'a', signal: leaving.signal, subscriber: null };
  const tell = async (text: string | Uint8Array): Promise<unknown> => {
    const reply = await dispatcher.answer(typeof text === 'string' ? Buffer.from(text) : text, caller);
    return reply.text === null ? null : JSON.parse(reply.text);
  };
  return { dispatcher, tell, called, gate, leaving };
}

const error = (code: number, id: unknown = 1) => ({
  jsonrpc: '2.0',
  error: expect.objectContaining({ code, message: expect.any(String) }),
  id,
});

describe('the examples of the specification (JSON-RPC 2.0, section 7)', () => {
  const { service } = createTestService();
  const examples = {
    ...service,
    methods: {
      subtract: {
        params: ['minuend', 'subtrahend'],
        call: ({ minuend, subtrahend }: Readonly<Record<string, unknown>>) => Number(minuend) - Number(subtrahend),
      },
      sum: {
        params: ['a', 'b', 'c'],
        call: ({ a, b, c }: Readonly<Record<string, unknown>>) => Number(a) + Number(b) + Number(c),
      },
      update: { params: ['a', 'b', 'c', 'd', 'e'], call: () => null },
      notify_hello: { params: ['a'], call: () => null },
      get_data: { params: [], call: () => ['hello', 5] },
    },
  };
  const noSuchMethod = (id: unknown) => ({ ...error(-32601, id) });
  const cases: readonly (readonly [claim: string, sent: string, answered: unknown])[] = [
    [
      'positional parameters',
      '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
      { jsonrpc: '2.0', result: 19, id: 1 },
    ],
    [
      'named parameters in any order',
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 4}',
      { jsonrpc: '2.0', result: 19, id: 4 },
    ],
    ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', null],
    ['a notification of no method', '{"jsonrpc": "2.0", "method": "foobar"}', null],
    ['no such method', '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', noSuchMethod('1')],
    ['invalid JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', error(-32700, null)],
    ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', error(-32600, null)],
    [
      'a batch of invalid JSON',
      '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
      error(-32700, null),
    ],
    ['an empty batch', '[]', error(-32600, null)],
    ['a batch of nothing valid', '[1,2,3]', [error(-32600, null), error(-32600, null), error(-32600, null)]],
    [
      'a batch of all kinds',
      `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
      [
        { jsonrpc: '2.0', result: 7, id: '1' },
        { jsonrpc: '2.0', result: 19, id: '2' },
        error(-32600, null),
        noSuchMethod('5'),
        { jsonrpc: '2.0', result: ['hello', 5], id: '9' },
      ],
    ],
    ['a batch of notifications', '[{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]', null],
  ];
  it.each(cases)('%s', async (_, sent, answered) => {
    expect(await createDispatcher({ service: examples }).tell(sent)).toEqual(answered);
  });
});

describe('ids', () => {
  it('come back as they were: texts, null, zero, negative, fractions, twice the same', async () => {
    const { tell } = createDispatcher();
    for (const id of ['', 'a"b', null, 0, -1, 1.5, Number.MAX_SAFE_INTEGER]) {
      expect(await tell(call('test_echo', ['x'], id))).toEqual({ jsonrpc: '2.0', result: 'x', id });
    }
    const batch = `[${call('test_add', [1, 1], 7)},${call('test_add', [2, 2], 7)}]`;
    expect(await tell(batch)).toEqual([
      { jsonrpc: '2.0', result: 2, id: 7 },
      { jsonrpc: '2.0', result: 4, id: 7 },
    ]);
  });

  it('that could not come back as they were are refused: beyond 2^53, infinite, structured', async () => {
    const { tell } = createDispatcher();
    for (const id of ['9007199254740993', '1e400', '[]', '{}', 'true']) {
      expect(await tell(`{"jsonrpc":"2.0","method":"test_echo","id":${id}}`)).toEqual(error(-32600, null));
    }
  });
});

describe('a call', () => {
  it('gets the result: also none, one by a promise, and null for nothing', async () => {
    const { tell } = createDispatcher();
    expect(await tell(call('test_nothing'))).toEqual({ jsonrpc: '2.0', result: null, id: 1 });
    expect(await tell(call('test_later', [5]))).toEqual({ jsonrpc: '2.0', result: 5, id: 1 });
    expect(await tell('{"jsonrpc":"2.0","method":"test_nothing","params":null,"id":1}')).toMatchObject({
      result: null,
    });
  });

  it('gets the error that was meant for it', async () => {
    const fault = { code: 24, message: 'Block not found', data: { height: 5 } };
    expect(await createDispatcher().tell(call('test_fault'))).toEqual({ jsonrpc: '2.0', error: fault, id: 1 });
  });

  it('hears nothing of what went wrong inside; the log does', async () => {
    const lines: unknown[] = [];
    const { tell } = createDispatcher({ log: { ...silentLogger, error: (...line) => lines.push(line) } });
    for (const method of ['test_bug', 'test_unwritable']) {
      const answer = await tell(call(method));
      expect(answer).toEqual(error(-32603));
      expect(JSON.stringify(answer)).not.toMatch(/secret|STORE|BigInt|at /);
    }
    expect(JSON.stringify(lines)).toMatch(/an inner secret/);
  });

  it('of a foreign method without an upstream is told why, and how to go on', async () => {
    const answer = await createDispatcher().tell(call('test_execute', [1]));
    expect(answer).toEqual(error(-32601));
    expect(JSON.stringify(answer)).toMatch(/no execution engine.*--rpc\.upstream/);
    const { service } = createTestService();
    const other = { ...service, foreign: ['test_execute', 'test_ask'], foreignReasons: { test_ask: 'nobody to ask' } };
    const { tell } = createDispatcher({ service: other });
    expect(await tell(call('test_ask'))).toMatchObject({ error: { code: -32601, data: { reason: 'nobody to ask' } } });
    expect(await tell(call('test_execute'))).toEqual(answer);
  });

  it('of a subscription without a WebSocket is told where to go', async () => {
    const { tell } = createDispatcher();
    for (const method of ['test_subscribeTicks', 'test_unsubscribe']) {
      const answer = await tell(call(method, method === 'test_unsubscribe' ? ['1'] : []));
      expect(answer).toEqual(error(-32601));
      expect(JSON.stringify(answer)).toContain('WebSocket');
    }
  });

  it('by a name that objects have by themselves finds nothing', async () => {
    const { tell } = createDispatcher();
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(await tell(call(name))).toEqual(error(-32601));
    }
  });

  it('that takes too long is told so and to stop, and keeps its place until it has stopped', async () => {
    const { service, log } = createTestService();
    const { tell, gate } = createDispatcher({ service, limits: { callTimeoutMs: 30, callsMax: 2 } });
    expect(await tell(call('test_later', [60_000]))).toEqual(error(-32002));
    expect(log).toEqual(['call aborted']);
    expect(gate.inside).toBe(0);
    expect(await tell(call('test_deaf'))).toEqual(error(-32002));
    expect(gate.inside).toBe(1);
    expect(await tell(call('test_add', [1, 2]))).toMatchObject({ result: 3 });
  });

  it('ends when its caller leaves', async () => {
    const { service, log } = createTestService();
    const { tell, leaving, called, gate } = createDispatcher({ service });
    const answer = tell(call('test_later', [60_000]));
    await Promise.resolve();
    leaving.abort(new DOMException('the client left', 'AbortError'));
    await answer;
    expect(log).toEqual(['call aborted']);
    expect(called).toMatchObject([{ outcome: 'left' }]);
    expect(gate.inside).toBe(0);
  });

  it('waits for its turn when too many are under way, and is refused when too many wait', async () => {
    const { tell, gate } = createDispatcher({ limits: { callsMax: 1, waitingMax: 1 } });
    const first = tell(call('test_later', [30], 1));
    const second = tell(call('test_add', [1, 1], 2));
    const third = tell(call('test_add', [1, 1], 3));
    expect(await third).toEqual(error(-32005, 3));
    expect([gate.inside, gate.waiting]).toEqual([1, 1]);
    expect(await Promise.all([first, second])).toMatchObject([{ result: 30 }, { result: 2 }]);
    expect([gate.inside, gate.waiting]).toEqual([0, 0]);
  });

  it('that waited its time away for a turn is given up, and its turn goes to the next', async () => {
    const { tell, gate } = createDispatcher({ limits: { callsMax: 1, callTimeoutMs: 40 } });
    const deaf = tell(call('test_deaf', [], 1));
    expect(await tell(call('test_add', [1, 1], 2))).toEqual(error(-32002, 2));
    await deaf;
    expect([gate.inside, gate.waiting]).toEqual([1, 0]);
  });
});

describe('a batch', () => {
  it('is answered in the order of its calls, whatever each takes', async () => {
    const batch = Array.from({ length: 40 }, (_, i) => call('test_later', [(i * 7) % 20], i));
    const answers = await createDispatcher().tell(`[${batch.join(',')}]`);
    expect(answers).toEqual(Array.from({ length: 40 }, (_, i) => ({ jsonrpc: '2.0', result: (i * 7) % 20, id: i })));
  });

  it('of more calls than allowed is refused as a whole', async () => {
    const { tell, called } = createDispatcher({ limits: { batchMax: 3 } });
    const batch = (length: number) => `[${Array.from({ length }, () => call('test_nothing')).join(',')}]`;
    expect(await tell(batch(3))).toHaveLength(3);
    expect(await tell(batch(4))).toEqual(error(-32600, null));
    expect(called).toHaveLength(4);
  });

  it('gets answers up to a size, and an error for each that does not fit', async () => {
    const { tell, called } = createDispatcher({ limits: { answerBytesMax: 10_000, callsPerClientMax: 1 } });
    const batch = [4_000, 4_000, 4_000, 10, 1].map((bytes, id) => call('test_large', [bytes], id));
    const answers = (await tell(`[${batch.join(',')}]`)) as Record<string, unknown>[];
    expect(answers.map(({ result }) => (result as string | undefined)?.length)).toEqual([
      4_000,
      4_000,
      undefined,
      10,
      1,
    ]);
    expect(answers[2]).toEqual(error(-32003, 2));
    expect(JSON.stringify(answers).length).toBeLessThan(10_500);
    const flood = Array.from({ length: 50 }, (_, id) => call('test_large', [9_000], id));
    const few = (await tell(`[${flood.join(',')}]`)) as Record<string, unknown>[];
    expect(few.filter(({ result }) => result !== undefined)).toHaveLength(1);
    expect(called.filter(({ outcome }) => outcome === 'too-large')).toHaveLength(50);
  });

  it('of many calls lets others have a turn meanwhile', async () => {
    const busy = {
      path: '/x',
      methods: {
        spin: {
          params: [],
          call() {
            const untilMs = performance.now() + 4;
            while (performance.now() < untilMs);
          },
        },
      },
    };
    const { tell } = createDispatcher({ service: busy });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await tell(`[${Array.from({ length: 50 }, () => call('spin')).join(',')}]`);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  it('that is over the rate is refused as a whole, with the time to wait', async () => {
    const { dispatcher } = createDispatcher({ limits: { ratePerS: 10, batchMax: 20 } });
    const caller: RpcCaller = { client: 'a', signal: new AbortController().signal, subscriber: null };
    const batch = Buffer.from(`[${Array.from({ length: 15 }, () => call('test_nothing')).join(',')}]`);
    expect((await dispatcher.answer(batch, caller)).retryAfterMs).toBe(0);
    const refused = await dispatcher.answer(batch, caller);
    expect(refused.retryAfterMs).toBe(1_100);
    expect(JSON.parse(refused.text ?? '')).toEqual(error(-32005, null));
    expect((await dispatcher.answer(batch, { ...caller, client: 'b' })).retryAfterMs).toBe(0);
  });
});

describe('anything at all', () => {
  const ids = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.constant(null), fc.jsonValue({ maxDepth: 1 }));
  const methods = fc.oneof(
    fc.constantFrom(...Object.keys(createTestService().service.methods)),
    fc.string(),
    fc.integer(),
  );
  const calls = fc.record(
    {
      jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, fc.jsonValue({ maxDepth: 1 })),
      method: methods.filter((name) => name !== 'test_deaf' && name !== 'test_later' && name !== 'test_large'),
      params: fc.oneof(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 4 }), fc.jsonValue({ maxDepth: 2 })),
      id: ids,
    },
    { requiredKeys: [] },
  );
  const messages = fc.oneof(
    calls.map((one) => JSON.stringify(one)),
    fc.array(calls, { maxLength: 6 }).map((many) => JSON.stringify(many)),
    fc.json(),
    fc.string(),
  );

  it('is answered by the specification: one answer for each call that has an id, each a result or an error', async () => {
    const { tell } = createDispatcher({ limits: { ratePerS: 0 } });
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const answer = await tell(message);
        const answers = Array.isArray(answer) ? answer : answer === null ? [] : [answer];
        for (const one of answers as Record<string, unknown>[]) {
          expect(one.jsonrpc).toBe('2.0');
          expect(Object.hasOwn(one, 'result')).not.toBe(Object.hasOwn(one, 'error'));
          expect(['string', 'number', 'object']).toContain(typeof one.id);
        }
        let sent: unknown;
        try {
          sent = JSON.parse(message);
        } catch {
          expect(answers).toEqual([error(-32700, null)]);
          return;
        }
        if (!Array.isArray(sent) || sent.length === 0) return;
        expect(answer === null || Array.isArray(answer)).toBe(true);
        expect(answers.length).toBeLessThanOrEqual(sent.length);
        const owed = sent.filter((one: unknown) => typeof one !== 'object' || one === null || Object.hasOwn(one, 'id'));
        expect(answers.length).toBeGreaterThanOrEqual(owed.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('in bytes, however damaged, is answered', async () => {
    const { tell } = createDispatcher({ limits: { ratePerS: 0 } });
    const whole = Buffer.from(call('test_add', [1, 2]));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        await tell(damaged);
        await tell(damaged.subarray(0, at));
      }),
    );
    expect(await tell(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toEqual(error(-32700, null));
  });
});
