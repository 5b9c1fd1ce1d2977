import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPaint } from '../terminal.ts';
import type { ViewModel } from './model.ts';
import { renderView } from './render-view.ts';

const hash = '0x31e5a5851e1a492827ba33180acb98263d1ace0f46fd4000bd4216d2119d480';

const syncing: ViewModel = {
  network: 'starknet-mainnet',
  mode: 'range',
  reason: 'behind the sources',
  upS: 723,
  tips: [
    { name: 'acceptedOnL2', height: 1_204_112, hash },
    { name: 'acceptedOnL1', height: null, hash: null },
  ],
  done: 1_204_113,
  total: 2_922_001,
  blockAgeS: 0.2,
  rate: 312.4,
  etaS: 5_500,
  bottleneck: 'fetch',
  building: null,
  applierBusy: 0.37,
  window: { blocks: 58, blocksMax: 64, bytes: 12_700_000, bytesMax: 64 * 2 ** 20 },
  channel: { blocks: 3, blocksMax: 32 },
  sources: [
    {
      id: 'gateway:feeder.alpha-mainnet.starknet.io:443/feeder_gateway',
      state: 'ok',
      ok: 1_204_113,
      fail: 2,
      latencyMs: 112,
      receivedBytes: 0,
      head: 2_922_000,
    },
    { id: 'folder:/captures', state: 'benched', ok: 0, fail: 3, latencyMs: 0, receivedBytes: 0, head: null },
  ],
  rejected: 1,
  rejection: { text: 'block 1204001, block-hash, from folder:/captures', agoS: 12 },
  incident: { level: 'warn', text: 'Source folder:/captures failed: SOURCE_UNAVAILABLE: file is gone', agoS: 3 },
  httpUrl: 'http://127.0.0.1:9545',
  dataDir: './syncline-data/starknet-mainnet',
  isStopping: false,
};

const waiting: ViewModel = {
  ...syncing,
  mode: 'start',
  reason: 'no source has answered yet',
  upS: 1,
  tips: syncing.tips.map(({ name }) => ({ name, height: null, hash: null })),
  done: 0,
  total: null,
  rate: 0,
  etaS: null,
  bottleneck: 'none',
  sources: [],
  rejected: 0,
  rejection: null,
  incident: null,
  httpUrl: null,
};

const following: ViewModel = { ...syncing, mode: 'follow', reason: 'at the tip', done: 2_922_001, blockAgeS: 14 };

describe('the live view', () => {
  it('while it catches up', () => {
    expect(renderView(syncing, 79)).toMatchInlineSnapshot(`
      [
        " syncline · starknet-mainnet  range · behind the sources              up 12m3s ",
        "",
        " acceptedOnL2      1,204,112  0x31e5a5…19d480",
        " acceptedOnL1              –",
        " target            2,922,000",
        "",
        " ███████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  41.2%",
        " 312 blocks/s  1h31m left at the rate of the last minute  slowest step: fetch",
        "",
        " fetched ahead  58 of 64 blocks, 12.1 MiB of 64 MiB",
        " to be applied  3 of 32 blocks, applier busy 37%",
        "",
        " source                            state        ok   fail   latency        head",
        " gateway:feeder.alpha-mainnet.sta… ok         1.2M      2    112 ms   2,922,000",
        " folder:/captures                  benched       0      3         –           –",
        "",
        " rejected       1, last 12s ago: block 1204001, block-hash, from",
        "                folder:/captures",
        " last incident  Source folder:/captures failed: SOURCE_UNAVAILABLE: file is",
        "                gone (3s ago)",
        " data           ./syncline-data/starknet-mainnet",
        " http           http://127.0.0.1:9545/status",
        " Ctrl-C stops",
      ]
    `);
  });

  it('while the state tries are built', () => {
    const building: ViewModel = { ...syncing, building: { stage: 'build', share: 0.425, etaS: 95 } };
    expect(renderView(building, 79)[7]).toBe(' building the state tries 42.5%, 1m35s left');
  });

  it('before a source has answered', () => {
    expect(renderView(waiting, 79)).toMatchInlineSnapshot(`
      [
        " syncline · starknet-mainnet  start · no source has answered yet         up 1s ",
        "",
        " acceptedOnL2              –",
        " acceptedOnL1              –",
        " target                    –",
        "",
        " waiting for a source to answer",
        "",
        " fetched ahead  58 of 64 blocks, 12.1 MiB of 64 MiB",
        " to be applied  3 of 32 blocks, applier busy 37%",
        "",
        " source                            state        ok   fail   latency        head",
        "",
        " rejected       none",
        " last incident  none",
        " data           ./syncline-data/starknet-mainnet",
        " http           off",
        " Ctrl-C stops",
      ]
    `);
  });

  it('at the tip, while stopping', () => {
    expect(renderView({ ...following, isStopping: true }, 79).slice(0, 9)).toMatchInlineSnapshot(`
      [
        " syncline · starknet-mainnet  stopping                                up 12m3s ",
        "",
        " acceptedOnL2      1,204,112  0x31e5a5…19d480",
        " acceptedOnL1              –",
        " target            2,922,000",
        "",
        " █████████████████████████████████████████████████████████  100.0%",
        " at the tip  last block 14s ago",
        "",
      ]
    `);
  });

  it('fits 24 rows of 80 columns', () => {
    for (const model of [syncing, waiting, following]) expect(renderView(model, 79).length).toBeLessThanOrEqual(23);
  });

  it('never has a line longer than the terminal, and colours change no character', () => {
    const paint = createPaint(true);
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 200 }), fc.constantFrom(syncing, waiting, following), (width, model) => {
        const plain = renderView(model, width);
        for (const line of plain) expect([...line].length).toBeLessThanOrEqual(width);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is being removed.
        const bare = renderView(model, width, paint).map((line) => line.replaceAll(/\u001b\[[0-9;]*m/g, ''));
        expect(bare).toEqual(plain);
      }),
    );
  });

  it('shows only some of many sources', () => {
    const [source] = syncing.sources;
    const sources = Array.from({ length: 20 }, () => source).flatMap((one) => (one === undefined ? [] : [one]));
    expect(renderView({ ...syncing, sources }, 79).join('\n')).toContain('and 14 more');
  });
});
