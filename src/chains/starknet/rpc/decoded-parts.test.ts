import { describe, expect, it } from 'vitest';
import { DecodedParts } from './decoded-parts.ts';

describe('decoded parts', () => {
  /** Decodes to the bytes' sum, and counts how often. */
  function counting() {
    const calls: number[] = [];
    const decode = (bytes: Uint8Array) => {
      const sum = bytes.reduce((total, byte) => total + byte, 0);
      calls.push(sum);
      return { sum };
    };
    return { calls, decode };
  }

  it('are decoded once as long as their bytes are the same', () => {
    const { calls, decode } = counting();
    const parts = new DecodedParts();
    const first = parts.decode({ part: 'receipts', height: 1, bytes: Uint8Array.of(1, 2) }, decode);
    const again = parts.decode({ part: 'receipts', height: 1, bytes: Uint8Array.of(1, 2) }, decode);
    expect(again).toBe(first);
    expect(calls).toEqual([3]);
  });

  it('are decoded anew when the bytes differ, and for every part and height', () => {
    const { calls, decode } = counting();
    const parts = new DecodedParts();
    for (const [part, height, byte] of [
      ['receipts', 1, 1],
      ['receipts', 1, 2],
      ['receipts', 2, 3],
      ['transactions', 1, 4],
    ] as const) {
      expect(parts.decode({ part, height, bytes: Uint8Array.of(byte) }, decode)).toEqual({ sum: byte });
    }
    expect(calls).toEqual([1, 2, 3, 4]);
  });

  it('give way to what was looked at since', () => {
    const { calls, decode } = counting();
    const parts = new DecodedParts(20);
    const look = (height: number) =>
      parts.decode({ part: 'receipts', height, bytes: new Uint8Array(8).fill(height) }, decode);
    look(1);
    look(2);
    look(1);
    look(3); // 24 bytes: 2 goes
    look(1);
    expect(calls).toEqual([8, 16, 24]);
    look(2);
    expect(calls).toEqual([8, 16, 24, 16]);
  });

  it('larger than all that may be kept are decoded each time, and leave nothing behind', () => {
    const { calls, decode } = counting();
    const parts = new DecodedParts(4);
    for (let i = 0; i < 2; i++) parts.decode({ part: 'receipts', height: 1, bytes: new Uint8Array(5).fill(1) }, decode);
    parts.decode({ part: 'receipts', height: 2, bytes: new Uint8Array(4).fill(1) }, decode);
    parts.decode({ part: 'receipts', height: 2, bytes: new Uint8Array(4).fill(1) }, decode);
    expect(calls).toEqual([5, 5, 4]);
  });
});
