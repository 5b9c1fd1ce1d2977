import { describe, expect, it } from 'vitest';
import type { VerifyHost } from '../assemble/verify-host.ts';
import type { Delivery, Source } from '../source.ts';
import type { Height } from '../types.ts';
import { meterSource, meterVerifier } from './meters.ts';

describe('a metered verifier', () => {
  it('counts the time in which it has work, once however much at once, also of work that fails', async () => {
    const clock = { nowMs: 1_000 };
    const calls: { end: () => void; fail: (reason: unknown) => void }[] = [];
    const verify = {
      examine: () => new Promise((resolve, reject) => calls.push({ end: () => resolve(null), fail: reject })),
    } as unknown as VerifyHost; // only this is called
    const meter = meterVerifier(verify, () => clock.nowMs);
    const start = () => meter.host.examine({ height: 1 as Height, candidates: [], absent: [] });
    const first = start();
    clock.nowMs += 10;
    const second = start();
    clock.nowMs += 10;
    calls[0]?.end();
    await first;
    expect(meter.busyMs).toBe(20);
    clock.nowMs += 5;
    expect(meter.busyMs).toBe(25);
    calls[1]?.fail(new Error('false'));
    await expect(second).rejects.toThrow('false');
    clock.nowMs += 1_000;
    expect(meter.busyMs).toBe(25);
    const third = start();
    clock.nowMs -= 500; // the clock is set back
    expect(meter.busyMs).toBe(25);
    calls[2]?.end();
    await third;
    expect(meter.busyMs).toBe(25);
  });
});

describe('a metered source', () => {
  it('counts the bytes that it delivers, and what it is stays the same', async () => {
    const deliveries: readonly Delivery[] = [
      { type: 'bytes', part: 'block', bytes: new Uint8Array(7) },
      { type: 'absent', part: 'signature' },
      { type: 'bytes', part: 'memo', bytes: new Uint8Array(4) },
    ];
    const source: Source = {
      id: 'a',
      standing: 'anchor',
      parts: ['block'],
      limits: { concurrencyMax: 3, requestTimeoutMs: 9 },
      contentOnly: true,
      survey: async () => ({ spans: [], head: null }),
      async *fetch() {
        yield* deliveries;
      },
      hashAt: async () => null,
      provisional: async () => [],
      [Symbol.asyncDispose]: async () => {},
    };
    let bytes = 0;
    const metered = meterSource(source, (more) => {
      bytes += more;
    });
    const { signal } = new AbortController();
    const got: Delivery[] = [];
    const request = { height: 1 as Height, parts: ['block'] };
    for await (const delivery of metered.fetch(request, { signal })) got.push(delivery);
    expect(got).toEqual(deliveries);
    expect(bytes).toBe(11);
    expect(Object.keys(metered).sort()).toEqual(Object.keys(source).sort());
    expect(metered).toMatchObject({ id: 'a', standing: 'anchor', contentOnly: true, limits: source.limits });
  });
});
