import { expect, it } from 'vitest';
import { createJsonLogger, createPlainLogger } from './logger.ts';
import { createRedactor } from './redact.ts';
import { paintNothing } from './terminal.ts';

function target(level: 'error' | 'warn' | 'info' | 'debug') {
  const lines: string[] = [];
  const redactor = createRedactor();
  redactor.add('s3cret');
  return { lines, options: { level, redactor, write: (text: string) => void lines.push(text) } };
}

it('a JSON log line has time, level as a word, chain, message and fields', () => {
  const { lines, options } = target('info');
  const log = createJsonLogger(options, 'starknet-mainnet');
  log.warn('rejected', { height: 7, source: 'https://s3cret@host' });
  log.debug('left out');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    chain: 'starknet-mainnet',
    height: 7,
    source: 'https://***@host',
    msg: 'rejected',
  });
});

it('a plain log line is for people, and quotes what has spaces', () => {
  const { lines, options } = target('warn');
  const log = createPlainLogger({ ...options, paint: paintNothing });
  log.error('the disk is full', { path: '/data', why: 'no space', nothing: null, key: 's3cret' });
  log.info('left out');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\S+Z error the disk is full path=\/data why="no space" key=\*\*\*\n$/);
});
