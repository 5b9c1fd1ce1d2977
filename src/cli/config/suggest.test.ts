import { expect, it } from 'vitest';
import { didYouMean, suggest } from './suggest.ts';

const names = ['network', 'data-dir', 'http.addr', 'sync.window-blocks'];

it.each([
  ['netwrok', 'network'],
  ['DATADIR', 'data-dir'],
  ['http.adr', 'http.addr'],
  ['sync.window-block', 'sync.window-blocks'],
])('%s was meant to be %s', (text, meant) => {
  expect(suggest(text, names)).toBe(meant);
});

it('does not guess what is far from everything', () => {
  expect(suggest('l1.url', names)).toBeNull();
  expect(suggest('x'.repeat(10_000), names)).toBeNull();
  expect(didYouMean('snapshot.url', names)).toBe('');
});
