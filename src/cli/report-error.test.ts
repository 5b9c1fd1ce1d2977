import { expect, it } from 'vitest';
import { SynclineError } from '../lib/index.ts';
import { createRedactor } from './redact.ts';
import { describeError } from './report-error.ts';
import { paintNothing } from './terminal.ts';

it('an error tells what happened, expected and got, and what to do, and no stack', () => {
  const error = new SynclineError('FOLDER_OTHER_CHAIN', 'caller', 'data folder holds another chain', {
    data: { path: '/data', expected: 'a', got: 'b', pid: null, exitCode: 4, fix: 'name another folder' },
  });
  expect(describeError(error, paintNothing)).toEqual([
    'error: data folder holds another chain [FOLDER_OTHER_CHAIN]',
    '  path      /data',
    '  expected  a',
    '  got       b',
    '  fix       name another folder',
  ]);
});

it('a list stands one item a line, and a bug names its report', () => {
  const error = new SynclineError('X', 'bug', 'x', { data: { expected: ['a', 'b'] } });
  expect(describeError(error, paintNothing, '/tmp/report.json')).toEqual([
    'error: x [X]',
    '  expected  a',
    '            b',
    '  report    /tmp/report.json',
    '  fix       this is a bug: please send the report file to the maintainers; it holds no secrets',
  ]);
});

it('secrets are blanked wherever they turn up', () => {
  const redactor = createRedactor();
  redactor.add('s3cret');
  redactor.add('ab');
  expect(redactor.clean('key s3cret in https://s3cret@host, ab stays')).toBe('key *** in https://***@host, ab stays');
});
