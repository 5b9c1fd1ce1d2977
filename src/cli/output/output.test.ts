import { describe, expect, it } from 'vitest';
import type { ChainEvent, Hash32, Height, Notice, SyncReport } from '../../engine/index.ts';
import { type LogFields, silentLogger } from '../../lib/index.ts';
import type { FullStatus } from '../full-status.ts';
import { createThrottle, incidentOf, throttleKey } from './incidents.ts';
import { createJsonLines } from './json-lines.ts';
import type { RunFacts } from './observer.ts';
import { createPlainLines, summaryLine } from './plain-lines.ts';

const ref = (height: number) => ({ height: height as Height, hash: new Uint8Array(32).fill(height) as Hash32 });
const report = {
  mode: 'range',
  confirmed: ref(9),
  target: 99,
  rate: 4.5,
  etaS: 20,
  sources: [{ state: 'ok' }, { state: 'benched' }],
  pipeline: { bottleneck: 'fetch' },
} as unknown as SyncReport; // the fields that are shown
const facts = {
  chain: { network: 'net', formatHash: (hash: Hash32) => `0x${hash[0]}` },
  node: { report: () => report },
  httpUrl: null,
  dataDir: './data',
} as unknown as RunFacts; // as above
const status = {
  type: 'status',
  network: 'net',
  confirmed: { height: 9, hash: '0x9' },
  stateRoot: '0x1',
  state: { level: 'state-root', proven: 0 },
  rejected: 0,
  dataDir: '/data',
} as FullStatus; // as above
const rejection: Notice = {
  type: 'reject',
  timeMs: 5,
  height: 7,
  check: 'block-hash',
  expected: '0x1',
  got: '0x2',
  source: 'gateway:x',
  message: 'the block hash differs',
  hash: '0x1',
  evidence: '/data/evidence/1',
};

describe('JSON lines', () => {
  it('carry type and time, hashes as the chain writes them, and end with the status', () => {
    const lines: Record<string, unknown>[] = [];
    const write = (text: string) => void lines.push(JSON.parse(text));
    const out = createJsonLines({ log: silentLogger, write, nowMs: () => 1_000 });
    out.started(facts);
    out.notice({ type: 'mode', mode: 'range', reason: 'behind' });
    out.notice({ type: 'progress', phase: 'blocks', done: 1, total: 3, rate: 1.23456, etaS: 1.99 });
    const tips = { top: { height: 3 as Height, hash: ref(3).hash }, deep: null };
    const events: ChainEvent[] = [
      { type: 'extend', blocks: [ref(1), ref(2), ref(3)], tips },
      { type: 'unwind', from: ref(3), to: null, reason: 'reorg', tips },
      { type: 'advance', tips },
    ];
    for (const event of events) out.event(event);
    out.notice(rejection);
    out.ended({ status, end: { type: 'stopped' } });
    out.notice({ type: 'mode', mode: 'late', reason: '' });

    const plainTips = { top: { height: 3, hash: '0x3' }, deep: null };
    expect(lines).toEqual([
      { type: 'mode', timeMs: 1_000, mode: 'range', reason: 'behind' },
      { type: 'progress', timeMs: 1_000, phase: 'blocks', done: 1, total: 3, rate: 1.23, etaS: 2 },
      {
        type: 'extend',
        timeMs: 1_000,
        from: { height: 1, hash: '0x1' },
        to: { height: 3, hash: '0x3' },
        tips: plainTips,
      },
      { type: 'unwind', timeMs: 1_000, from: { height: 3, hash: '0x3' }, to: null, reason: 'reorg', tips: plainTips },
      { type: 'advance', timeMs: 1_000, tips: plainTips },
      { ...rejection },
      { ...status },
    ]);
  });
});

describe('plain lines', () => {
  const collect = () => {
    const logged: string[] = [];
    const results: string[] = [];
    const put = (level: string) => (message: string, _fields?: LogFields) => void logged.push(`${level} ${message}`);
    const log = { error: put('error'), warn: put('warn'), info: put('info'), debug: put('debug') };
    const out = createPlainLines({ log, writeResult: (line) => void results.push(line), nowMs: () => 0 });
    return { out, logged, results };
  };

  it('name every incident with its numbers, and a rejection once', () => {
    const { out, logged, results } = collect();
    out.started(facts);
    out.notice(rejection);
    out.log.warn('rejected', { height: 7 });
    out.notice({ type: 'source', id: 'gateway:x', state: 'benched', reason: 'left alone for 5000 ms' });
    out.notice({ type: 'stalled', span: { from: 7 as Height, to: 7 as Height }, reason: 'no source delivers block' });
    out.event({ type: 'unwind', from: ref(9), to: ref(7), reason: 'reorg', tips: {} });
    out.ended({ status, end: { type: 'reached', confirmed: ref(9) } });
    expect(logged).toEqual([
      'info Syncing net into ./data',
      'warn Rejected block 7: block-hash expected 0x1, got 0x2, from gateway:x; evidence /data/evidence/1',
      'warn Source gateway:x benched: left alone for 5000 ms',
      'warn Stalled at block 7: no source delivers block',
      'warn Rolled back (reorg) from block 9 0x9 to block 7 0x7',
    ]);
    expect(results).toEqual([
      'Done at block 9 of net.',
      '  hash        0x9',
      '  state root  0x1',
      '  data        /data',
    ]);
  });

  it('summarise in one fixed order', () => {
    expect(summaryLine(report)).toBe(
      'Syncing 10.0% · 10 / 100 · 4.5 blocks/s · 20s left · slowest step fetch · sources 1/2 ok',
    );
    expect(summaryLine({ ...report, target: null })).toBe('Waiting for a source · sources 1/2 ok');
    expect(summaryLine({ ...report, mode: 'follow', confirmed: ref(99) })).toBe(
      'At the tip · block 99 of 99 · sources 1/2 ok',
    );
  });
});

describe('what repeats', () => {
  it('is said once in a while, with the number of those left out', () => {
    const throttle = createThrottle(10_000);
    expect(throttle('a', 0)).toEqual({ skipped: 0 });
    for (let at = 1; at < 10; at++) expect(throttle('a', at * 1_000)).toBeNull();
    expect(throttle('b', 5_000)).toEqual({ skipped: 0 });
    expect(throttle('a', 10_000)).toEqual({ skipped: 9 });
  });

  it('is the same source with the same trouble, whatever the numbers', () => {
    const source = (reason: string): Notice => ({ type: 'source', id: 's', state: 'failed', reason });
    expect(throttleKey(source('left alone for 5000 ms'))).toBe(throttleKey(source('left alone for 4999 ms')));
    expect(throttleKey(source('BUSY: x'))).not.toBe(throttleKey(source('GONE: x')));
    expect(throttleKey(rejection)).toBeNull();
    expect(incidentOf({ type: 'progress', phase: 'blocks', done: 0, total: 1, rate: 0, etaS: null })).toBeNull();
  });
});
