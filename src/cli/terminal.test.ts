import { describe, expect, it } from 'vitest';
import { createPaint, isInteractive, usesColour } from './terminal.ts';

const tty = { isTTY: true };
const pipe = {};

describe('colours', () => {
  it.each([
    [{}, tty, true],
    [{}, pipe, false],
    [{ NO_COLOR: '1' }, tty, false],
    [{ NO_COLOR: '' }, tty, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, tty, false],
    [{ FORCE_COLOR: '1' }, pipe, true],
    [{ FORCE_COLOR: '0' }, tty, false],
    [{ TERM: 'dumb' }, tty, false],
  ])('with %j on %j: %s', (env, stream, uses) => {
    expect(usesColour(env, stream)).toBe(uses);
  });

  it('are escape sequences only when they are on', () => {
    expect(createPaint(true)('bad', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(createPaint(false)('bad', 'x')).toBe('x');
  });
});

it.each([
  [{}, tty, true],
  [{}, pipe, false],
  [{ CI: 'true' }, tty, false],
  [{ CI: 'false' }, tty, true],
  [{ TERM: 'dumb' }, tty, false],
])('a view that redraws itself with %j on %j: %s', (env, stream, is) => {
  expect(isInteractive(env, stream)).toBe(is);
});
