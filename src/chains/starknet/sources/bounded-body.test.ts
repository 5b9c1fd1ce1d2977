import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { INFLATE_FREE_BYTES, readBounded } from './bounded-body.ts';

const signal = new AbortController().signal;
const limits = { wireBytesMax: 1 << 20, bodyBytesMax: 1 << 26 };
const origin = { from: 'test' };

async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

describe('a bounded body', () => {
  const text = new Uint8Array(Buffer.from('0123456789'.repeat(20_000)));

  it.each([1, 7, 1000, 1 << 20])('arrives whole in chunks of %i bytes and owns its buffer', async (size) => {
    const body = await readBounded(chunked(text, size), { encoding: 'identity', limits, origin, signal });
    expect(Buffer.compare(body, text)).toBe(0);
    expect(body.buffer.byteLength).toBe(body.length);
  });

  const noise = new Uint8Array(300_000).map((_, at) => Math.imul(at, 0x9e37_79b1) >>> 24);

  it.each([
    ['small', text, 1],
    ['small', text, 100],
    ['empty', new Uint8Array(0), 100],
    ['large', noise, 100],
    ['large', noise, 1 << 20],
  ])('is inflated when it is %s, and owns its buffer', async (_size, content, chunkBytes) => {
    const packed = gzipSync(content, { level: content === noise ? 0 : 6 });
    const body = await readBounded(chunked(packed, chunkBytes), { encoding: 'gzip', limits, origin, signal });
    expect(Buffer.compare(body, content)).toBe(0);
    expect(body.buffer.byteLength).toBe(body.length);
  });

  it('is refused at the chunk that crosses the limit on the wire', async () => {
    let sent = 0;
    async function* endless() {
      for (; ; sent++) yield new Uint8Array(1 << 16);
    }
    const reading = readBounded(endless(), { encoding: 'identity', limits, origin, signal });
    await expect(reading).rejects.toMatchObject({
      code: 'SOURCE_BAD_ANSWER',
      fault: 'source',
      data: { from: 'test', limit: 'wireBytesMax' },
    });
    expect(sent).toBeLessThan(32);
  });

  it.each([
    ['small', text],
    ['large', noise],
  ])('is refused past the limit after inflating when it is %s', async (_size, content) => {
    const packed = gzipSync(content, { level: content === noise ? 0 : 6 });
    const tight = { ...limits, bodyBytesMax: content.length - 1 };
    const reading = readBounded(chunked(packed, 100), { encoding: 'gzip', limits: tight, origin, signal });
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_BAD_ANSWER', data: { limit: 'bodyBytesMax' } });
  });

  it('is refused as a bomb past 100:1, but not while it is small', async () => {
    const small = gzipSync(new Uint8Array(INFLATE_FREE_BYTES));
    expect(INFLATE_FREE_BYTES / small.length).toBeGreaterThan(500);
    const body = await readBounded(chunked(small, 1000), { encoding: 'gzip', limits, origin, signal });
    expect(body.length).toBe(INFLATE_FREE_BYTES);

    for (const times of [4, 32]) {
      const bomb = gzipSync(new Uint8Array(times * INFLATE_FREE_BYTES));
      const startedMs = performance.now();
      const reading = readBounded(chunked(bomb, 1000), { encoding: 'gzip', limits, origin, signal });
      await expect(reading).rejects.toMatchObject({ code: 'SOURCE_BAD_ANSWER', data: { limit: 'inflateRatioMax' } });
      expect(performance.now() - startedMs).toBeLessThan(2000);
    }
  });

  it.each([
    ['cut short', gzipSync(text).subarray(0, 200)],
    ['not gzip', text],
    ['damaged', gzipSync(text).map((byte, at) => (at === 300 ? byte ^ 0xff : byte))],
    ['cut short and large', gzipSync(noise, { level: 0 }).subarray(0, 200_000)],
    ['empty', new Uint8Array(0)],
  ])('is refused when its gzip is %s', async (_how, packed) => {
    const reading = readBounded(chunked(packed, 64), { encoding: 'gzip', limits, origin, signal });
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_BAD_ANSWER', data: { from: 'test' } });
  });

  it('ends when the signal fires, and destroys what it read', async () => {
    const controller = new AbortController();
    const stalled = new Readable({ read() {} });
    stalled.push(text);
    const options = { encoding: 'identity' as const, limits, origin, signal: controller.signal };
    const reading = readBounded(stalled, options);
    setImmediate(() => controller.abort());
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    expect(stalled.destroyed).toBe(true);
  });

  it.each(['identity', 'gzip'] as const)('is not begun once the signal has fired (%s)', async (encoding) => {
    const unread = new Readable({ read() {} });
    const reading = readBounded(unread, { encoding, limits, origin, signal: AbortSignal.abort() });
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    expect(unread.destroyed).toBe(true);
  });

  it.each([1 << 10, 1 << 17])('ends when the signal fires while it is inflated (%i bytes)', async (bytes) => {
    const controller = new AbortController();
    const stalled = new Readable({ read() {} });
    stalled.push(gzipSync(noise, { level: 0 }).subarray(0, bytes));
    const reading = readBounded(stalled, { encoding: 'gzip', limits, origin, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    expect(stalled.destroyed).toBe(true);
  });

  it.each(['identity', 'gzip'] as const)('hands on failures of what it reads (%s)', async (encoding) => {
    async function* broken() {
      yield gzipSync(text).subarray(0, 100);
      throw new Error('broken pipe');
    }
    await expect(readBounded(broken(), { encoding, limits, origin, signal })).rejects.toThrow('broken pipe');
  });
});
