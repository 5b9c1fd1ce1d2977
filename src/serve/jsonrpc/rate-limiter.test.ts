import { describe, expect, it } from 'vitest';
import { clientOf, createRateLimiter } from './rate-limiter.ts';

describe('a rate limit', () => {
  it('lets a burst of two seconds through, then so many a second, and says how long to wait', () => {
    let nowMs = 0;
    const limiter = createRateLimiter({ ratePerS: 10, burstMin: 1, clientsMax: 10, nowMs: () => nowMs });
    for (let i = 0; i < 20; i++) expect(limiter.take('a', 1)).toBe(0);
    expect(limiter.take('a', 1)).toBe(100);
    expect(limiter.take('a', 5)).toBe(500);
    expect(limiter.take('b', 20)).toBe(0);
    nowMs = 499;
    expect(limiter.take('a', 5)).toBe(1);
    nowMs = 500;
    expect(limiter.take('a', 5)).toBe(0);
    nowMs = 400;
    expect(limiter.take('a', 1)).toBe(100);
  });

  it('always lets the largest batch through in the end', () => {
    const limiter = createRateLimiter({ ratePerS: 1, burstMin: 100, clientsMax: 10, nowMs: () => 0 });
    expect(limiter.take('a', 100)).toBe(0);
  });

  it('of 0 limits nothing', () => {
    const limiter = createRateLimiter({ ratePerS: 0, burstMin: 1, clientsMax: 1, nowMs: () => 0 });
    for (let i = 0; i < 1_000; i++) expect(limiter.take('a', 1_000)).toBe(0);
  });

  it('remembers so many clients and no more, and forgets the quietest first', () => {
    const limiter = createRateLimiter({ ratePerS: 1, burstMin: 1, clientsMax: 3, nowMs: () => 0 });
    for (const client of ['a', 'b', 'c']) expect(limiter.take(client, 2)).toBe(0);
    expect(limiter.take('a', 1)).toBeGreaterThan(0);
    expect(limiter.take('d', 2)).toBe(0);
    expect(limiter.take('a', 1)).toBeGreaterThan(0);
    expect(limiter.take('b', 2)).toBe(0);
  });
});

it('a client is an IPv4 address, or the network of an IPv6 address', () => {
  const same = [
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9'],
    ['fe80::1%eth0', 'fe80::2'],
    ['::1', '::2'],
  ] as const;
  for (const [one, other] of same) expect(clientOf(one)).toBe(clientOf(other));
  const apart = new Set(
    ['127.0.0.1', '127.0.0.2', '2001:db8:1:2::1', '2001:db8:1:3::1', '::1', undefined].map(clientOf),
  );
  expect(apart.size).toBe(6);
});
