import { expect, it } from 'vitest';
import type { HttpAnswer } from './answer.ts';
import { createHealthMemory, type HealthCheck, healthRoutes } from './health.ts';

const check = (name: string, ok: boolean): HealthCheck => ({ name, ok, since: '', message: '', fix: null });

it('the paths supervisors know answer 200 when all is well, else 503 with every check', async () => {
  const lags: number[] = [];
  const routes = healthRoutes({
    live: () => [check('engine', true)],
    ready: () => [check('store', true), check('serving', false)],
    synced(lag) {
      lags.push(lag);
      return [check('lag', true)];
    },
  });
  const ask = async (path: string, query = ''): Promise<HttpAnswer | undefined> =>
    routes
      .find(({ paths }) => paths.includes(path))
      ?.answer({ rest: '', search: new URLSearchParams(query), accept: '' });

  for (const path of ['/live', '/livez', '/health']) expect(await ask(path)).toMatchObject({ status: 200 });
  for (const path of ['/ready', '/readyz']) {
    expect(await ask(path)).toMatchObject({ status: 503, json: { ok: false, checks: [{ ok: true }, { ok: false }] } });
  }
  expect(await ask('/ready/synced')).toMatchObject({ status: 200 });
  expect(await ask('/ready/synced', 'lag=0')).toMatchObject({ status: 200 });
  expect(lags).toEqual([6, 0]);
  for (const lag of ['-1', 'x', '1e3', ''])
    expect(await ask('/ready/synced', `lag=${lag}`)).toMatchObject({ status: 400 });
});

it('a check remembers since when it has been as it is', () => {
  let nowMs = 0;
  const remember = createHealthMemory(() => nowMs);
  const at = (ms: number, ok: boolean, id?: string) => {
    nowMs = ms;
    return remember({ name: 'x', ok, message: '', fix: null }, id).since;
  };
  expect(at(0, true)).toBe('1970-01-01T00:00:00.000Z');
  expect(at(5_000, true)).toBe('1970-01-01T00:00:00.000Z');
  expect(at(9_000, false)).toBe('1970-01-01T00:00:09.000Z');
  expect(at(10_000, true, 'another')).toBe('1970-01-01T00:00:10.000Z');
  expect(at(11_000, false)).toBe('1970-01-01T00:00:09.000Z');
});
