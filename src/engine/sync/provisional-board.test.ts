import { expect, it } from 'vitest';
import type { ProvisionalBlock } from '../source.ts';
import type { Hash32, Height } from '../types.ts';
import { ProvisionalBoard } from './provisional-board.ts';

const hash = (byte: number) => new Uint8Array(32).fill(byte) as Hash32;
const block = (height: number, size: number, on = 1): ProvisionalBlock => ({
  height: height as Height,
  on: { height: (height - 1) as Height, hash: hash(on) },
  size,
  timestampS: 0,
  protocolVersion: '',
  parts: {},
  from: 'a',
});

it('listeners hear of blocks that came, grew, moved to another parent and went, and of nothing else', () => {
  const board = new ProvisionalBoard();
  const heard: number[] = [];
  using _ = board.listen(() => heard.push(board.blocks.length));
  board.clear();
  expect(heard).toEqual([]);
  board.set([block(5, 1)]);
  board.set([{ ...block(5, 1), from: 'b' }]);
  board.set([block(5, 2)]);
  board.set([block(5, 2), block(6, 1)]);
  board.set([block(5, 2, 9), block(6, 1)]);
  board.clear();
  expect(heard).toEqual([1, 1, 2, 2, 0]);
});

it('a listener hears nothing once it is disposed, though another of the same function goes on', () => {
  const board = new ProvisionalBoard();
  let heard = 0;
  const listener = () => {
    heard++;
  };
  const first = board.listen(listener);
  board.listen(listener);
  board.set([block(1, 1)]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  board.set([block(1, 2)]);
  expect(heard).toBe(3);
});
