import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBell, createChannel } from './channel.ts';

describe('a channel', () => {
  it('delivers items in the order in which they were sent', async () => {
    const channel = createChannel<string>({ itemsMax: 8, bytesMax: 100 });
    for (const item of ['a', 'b', 'c']) await channel.send(item, 1);
    expect(await channel.receive(2)).toEqual(['a', 'b']);
    expect(await channel.receive(2)).toEqual(['c']);
  });

  it('holds a sender back while it is full by count, and lets it go when an item is taken', async () => {
    const channel = createChannel<string>({ itemsMax: 2, bytesMax: 100 });
    await channel.send('a', 1);
    await channel.send('b', 1);
    const third = channel.send('c', 1);
    expect(await isPending(third)).toBe(true);
    expect(channel.take(1)).toEqual(['a']);
    await third;
    expect(channel.take(9)).toEqual(['b', 'c']);
  });

  it('holds a sender back while its item does not fit by bytes', async () => {
    const channel = createChannel<string>({ itemsMax: 9, bytesMax: 10 });
    await channel.send('a', 6);
    const second = channel.send('b', 5);
    expect(await isPending(second)).toBe(true);
    expect(channel.bytes).toBe(6);
    channel.take(1);
    await second;
    expect(channel.bytes).toBe(5);
  });

  it('fills its bytes to the last one', async () => {
    const channel = createChannel<string>({ itemsMax: 9, bytesMax: 10 });
    await channel.send('a', 6);
    await channel.send('b', 4);
    expect(channel.bytes).toBe(10);
  });

  it('admits one item larger than its whole budget', async () => {
    const channel = createChannel<string>({ itemsMax: 9, bytesMax: 10 });
    await channel.send('huge', 1_000_000);
    expect(channel.take(1)).toEqual(['huge']);
    expect(channel.bytes).toBe(0);
  });

  it('admits an oversize item only while it is empty', async () => {
    const channel = createChannel<string>({ itemsMax: 9, bytesMax: 10 });
    await channel.send('small', 1);
    const huge = channel.send('huge', 1_000_000);
    expect(await isPending(huge)).toBe(true);
    channel.take(1);
    await huge;
    expect(channel.items).toBe(1);
  });

  it('makes a receiver wait until there is an item', async () => {
    const channel = createChannel<string>({ itemsMax: 2, bytesMax: 100 });
    const received = channel.receive(5);
    expect(await isPending(received)).toBe(true);
    await channel.send('a', 1);
    expect(await received).toEqual(['a']);
  });

  it('gives nothing, and does not wait, when something is taken from it while it is empty', () => {
    expect(createChannel<string>({ itemsMax: 2, bytesMax: 100 }).take(5)).toEqual([]);
  });

  it('forgets what is queued when it is cleared, and lets a waiting sender go', async () => {
    const channel = createChannel<string>({ itemsMax: 1, bytesMax: 100 });
    await channel.send('old', 7);
    const waiting = channel.send('new', 3);
    channel.clear();
    await waiting;
    expect(channel.bytes).toBe(3);
    expect(channel.take(9)).toEqual(['new']);
  });

  it('hands out what is left after it was closed, and then null', async () => {
    const channel = createChannel<string>({ itemsMax: 2, bytesMax: 100 });
    await channel.send('last', 1);
    channel.close();
    expect(await channel.receive(5)).toEqual(['last']);
    expect(await channel.receive(5)).toBeNull();
  });

  it('ends a waiting receiver with null when it is closed', async () => {
    const channel = createChannel<string>({ itemsMax: 2, bytesMax: 100 });
    const received = channel.receive(5);
    channel.close();
    expect(await received).toBeNull();
  });

  it('refuses an item once it is closed, also from a sender who was waiting', async () => {
    const channel = createChannel<string>({ itemsMax: 1, bytesMax: 100 });
    await channel.send('a', 1);
    const waiting = channel.send('b', 1);
    channel.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' });
    await expect(channel.send('c', 1)).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' });
  });

  it('gives a waiting sender the reason of its abort, and does not queue its item', async () => {
    const channel = createChannel<string>({ itemsMax: 1, bytesMax: 100 });
    const controller = new AbortController();
    await channel.send('a', 1);
    const waiting = channel.send('b', 1, controller.signal);
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(channel.take(9)).toEqual(['a']);
  });

  it('gives a waiting receiver the reason of its abort', async () => {
    const controller = new AbortController();
    const received = createChannel<string>({ itemsMax: 1, bytesMax: 100 }).receive(1, controller.signal);
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(received).rejects.toBe(reason);
  });

  it('stays within its bounds and in order, whatever is sent and taken', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ type: fc.constant('send' as const), bytes: fc.integer({ min: 0, max: 15 }) }),
        fc.record({ type: fc.constant('take' as const), items: fc.integer({ min: 1, max: 4 }) }),
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const channel = createChannel<number>({ itemsMax: 3, bytesMax: 10 });
        const taken: number[] = [];
        let sent = 0;
        // One producer: each send waits for the one before.
        let producer: Promise<void> = Promise.resolve();
        const check = () => {
          expect(channel.items).toBeLessThanOrEqual(3);
          if (channel.items > 1) expect(channel.bytes).toBeLessThanOrEqual(10);
        };
        for (const step of script) {
          if (step.type === 'send') {
            const item = sent++;
            producer = producer.then(() => channel.send(item, step.bytes)).then(check);
          } else {
            await settled();
            taken.push(...channel.take(step.items));
          }
          check();
        }
        while (taken.length < sent) {
          await settled();
          taken.push(...channel.take(9));
        }
        await producer;
        expect(taken).toEqual(Array.from({ length: sent }, (_, i) => i));
        expect(channel.bytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a bell', () => {
  it('wakes everybody who waits', async () => {
    const bell = createBell();
    const waits = [bell.wait(), bell.wait()];
    bell.ring();
    await Promise.all(waits);
  });

  it('forgets a ring that nobody waited for', async () => {
    const bell = createBell();
    bell.ring();
    expect(await isPending(bell.wait())).toBe(true);
  });

  it('does not let anybody wait on a signal that has already aborted', async () => {
    const reason = new Error('stop');
    await expect(createBell().wait(AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('leaves no listener on the signal, however often it rings', async () => {
    const bell = createBell();
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) {
      const wait = bell.wait(signal);
      bell.ring();
      await wait;
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

/** Lets all promises that can settle do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  promise.then(
    () => {
      pending = false;
    },
    () => {
      pending = false;
    },
  );
  await settled();
  return pending;
}
