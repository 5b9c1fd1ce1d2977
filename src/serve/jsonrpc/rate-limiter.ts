/** Token buckets, one for each client. */
export interface RateLimiter {
  /** Takes tokens. @returns 0, or how long to wait until as many are there; then none was taken. */
  take(client: string, tokens: number): number;
  /** How long to wait until as many tokens are there. */
  waitMs(client: string, tokens: number): number;
}

/**
 * A bucket holds two seconds' worth, but at least `burstMin`, so that the largest batch fits. It starts full; a client
 * that is forgotten because there are too many starts anew.
 * @param ratePerS 0 limits nothing.
 */
export function createRateLimiter(options: {
  readonly ratePerS: number;
  readonly burstMin: number;
  readonly clientsMax: number;
  readonly nowMs: () => number;
}): RateLimiter {
  const { ratePerS, clientsMax, nowMs } = options;
  if (ratePerS === 0) return { take: () => 0, waitMs: () => 0 };
  const burst = Math.max(2 * ratePerS, options.burstMin);
  /** In order of last use. */
  const buckets = new Map<string, { tokens: number; atMs: number }>();

  function bucketOf(client: string, atMs: number) {
    const known = buckets.get(client);
    if (known === undefined) {
      const [oldest] = buckets.keys();
      if (buckets.size >= clientsMax && oldest !== undefined) buckets.delete(oldest);
      return { tokens: burst, atMs };
    }
    buckets.delete(client);
    // A clock that was set back must not cost tokens.
    const passedMs = Math.max(0, atMs - known.atMs);
    return { tokens: Math.min(burst, known.tokens + (passedMs / 1000) * ratePerS), atMs };
  }

  function waitMs(client: string, tokens: number): number {
    const bucket = bucketOf(client, nowMs());
    buckets.set(client, bucket);
    return Math.max(0, Math.ceil(((tokens - bucket.tokens) / ratePerS) * 1000));
  }

  return {
    take(client, tokens) {
      const bucket = bucketOf(client, nowMs());
      buckets.set(client, bucket);
      if (bucket.tokens < tokens) return waitMs(client, tokens);
      bucket.tokens -= tokens;
      return 0;
    },
    waitMs,
  };
}

/**
 * Who a remote address is, for limits: an IPv4 address, or the first 64 bits of an IPv6 address, since whoever has one
 * of those has them all.
 */
export function clientOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const [left = '', right] = plain.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  const groups = right === undefined ? head : [...head, ...zeros, ...tail];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
