import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLedgerSource, ledger } from '../../chains/ledger/index.ts';
import { createLedgerDevnet } from '../../devnet/ledger/index.ts';
import type { Chain } from '../../engine/index.ts';
import { silentLogger } from '../../lib/index.ts';
import { createNode, serveNode } from '../index.ts';
import { createLabelSet, labelSources } from './labels.ts';

const DOCS = fileURLToPath(new URL('../../../docs/monitoring/', import.meta.url));
const hasPromtool = findPromtool();

/** Prometheus' own checker, of Debian's package `prometheus`. Where CI says that nothing may be skipped, it must be there. */
function findPromtool(): boolean {
  if (spawnSync('promtool', ['--version']).error === undefined) return true;
  if (process.env.SYNCLINE_REQUIRE_VECTORS === '1')
    throw new Error('promtool is missing: install the package prometheus');
  console.log('no promtool here: metrics and rules are not checked with it');
  return false;
}

function promtool(
  args: readonly string[],
  input?: string,
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: DOCS, input, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/** A node on a chain that has grown, been rolled back and been asked for things. */
async function openBusyNode() {
  const devnet = createLedgerDevnet({ seed: 5, transfersMax: 2 });
  devnet.produce(30);
  const chain: Chain = {
    ...ledger(devnet.options),
    rpc: async () => [{ path: '/rpc/v1', methods: { one: { params: [], call: () => 1 } }, foreign: ['execute'] }],
  };
  const server = await serveNode({
    addr: { host: '127.0.0.1', port: 0 },
    chain,
    build: { version: '1.2.3', commit: null },
    diskFreeBytes: () => 12_345,
    rpc: { upstream: 'http://127.0.0.1:1/' },
    log: silentLogger,
  });
  const view = devnet.view();
  const node = await createNode({
    chain,
    sources: [
      createLedgerSource({ id: 'peer:https://user:canary@host/canary', provider: view, limits: { concurrencyMax: 4 } }),
      createLedgerSource({ id: 'peer:b', provider: devnet.view(), limits: { concurrencyMax: 4 } }),
    ],
    policy: { pipeline: { pollMs: 20, pollBehindMs: 20, asideMs: 50 } },
    onNotice: (notice) => server.notice(notice),
  });
  server.attach(node);
  onTestFinished(async () => {
    await server.detach();
    await node.close();
    await server.close();
  });
  await expect.poll(() => node.report().confirmed?.height, { timeout: 10_000 }).toBe(30);
  return { devnet, node, server };
}

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return response.text();
}

function sampleOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** Names as they are declared: a histogram is one. */
const declared = (text: string) => [...text.matchAll(/^# TYPE (\S+) \S+$/gm)].map(([, name]) => name as string);

describe('the metrics of a node', () => {
  it('say what it does: tips, target, mode, counts, reorgs, calls', async () => {
    const { server, devnet, node } = await openBusyNode();
    devnet.reorg(3, 5);
    await expect.poll(() => node.report().confirmed?.height, { timeout: 10_000 }).toBe(32);
    const ask = (method: string) =>
      fetch(`${server.url}/rpc`, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }) });
    for (const method of ['one', 'one', 'unheard-of', 'execute']) await (await ask(method)).text();
    await expect
      .poll(async () => sampleOf(await scrape(server.url), 'syncline_reorg_depth_blocks_count{chain="ledger-devnet"}'))
      .toBe(1);
    const text = await scrape(server.url);
    const chain = 'chain="ledger-devnet"';
    const expected: Readonly<Record<string, number>> = {
      [`syncline_chain_tip_block{${chain},tip="confirmed"}`]: 32,
      [`syncline_chain_target_block{${chain}}`]: 32,
      [`syncline_sync_mode{${chain},mode="follow"}`]: 1,
      [`syncline_sync_mode{${chain},mode="halted"}`]: 0,
      [`syncline_sync_blocks_total{${chain}}`]: 36,
      [`syncline_reorg_depth_blocks_sum{${chain}}`]: 3,
      [`syncline_rejects_total{${chain},reason="other"}`]: 0,
      [`syncline_source_usable{${chain},source="peer-1",kind="peer"}`]: 1,
      [`syncline_source_head_block{${chain},source="peer-2",kind="peer"}`]: 32,
      [`syncline_disk_free_bytes{${chain}}`]: 12_345,
      [`syncline_build_info{version="1.2.3",commit="",node="${process.version}"}`]: 1,
      'syncline_rpc_calls_total{method="one",upstream="false",outcome="ok"}': 2,
      'syncline_rpc_calls_total{method="other",upstream="false",outcome="unknown"}': 1,
      'syncline_rpc_calls_total{method="execute",upstream="true",outcome="upstream"}': 1,
      'syncline_rpc_request_duration_seconds_count{method="one",upstream="false"}': 2,
      syncline_rpc_websockets: 0,
    };
    const got = Object.fromEntries(Object.keys(expected).map((series) => [series, sampleOf(text, series)]));
    expect(got).toEqual(expected);
    for (const name of ['syncline_store_bytes', 'syncline_block_age_seconds', 'syncline_stage_busy_seconds_total']) {
      expect(text).toMatch(new RegExp(`^${name}\\{${chain}.* [0-9]`, 'm'));
    }
    for (const stage of ['verify', 'apply']) {
      expect(sampleOf(text, `syncline_stage_busy_seconds_total{${chain},stage="${stage}"}`), stage).toBeGreaterThan(0);
    }
    const requests = sampleOf(text, `syncline_source_requests_total{${chain},source="peer-1",kind="peer",reason="ok"}`);
    expect(requests).toBe(node.report().sources[0]?.ok);
    expect(text).not.toMatch(/canary|unheard-of/);
  });

  it('say how much each source delivered, and how long the writer took to commit it', async () => {
    const { server, node } = await openBusyNode();
    const chain = 'chain="ledger-devnet"';
    const sums = async () => {
      const text = await scrape(server.url);
      const of = (name: string, labels = '') => sampleOf(text, `syncline_${name}{${chain}${labels}}`) ?? -1;
      return {
        bytes: [1, 2].map((n) => of('source_received_bytes_total', `,source="peer-${n}",kind="peer"`)),
        commits: of('store_commits_total'),
        seconds: of('store_commit_seconds_total'),
      };
    };
    await expect.poll(async () => (await sums()).commits, { timeout: 5_000 }).toBeGreaterThan(3);
    const { bytes, seconds } = await sums();
    expect(bytes).toEqual(node.report().sources.map(({ receivedBytes }) => receivedBytes));
    expect(bytes.reduce((a, b) => a + b)).toBeGreaterThan(31 * 100);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(60);
  });

  it('count up and never down over scrapes, and say nothing of a node that is gone', async () => {
    const { server, devnet, node } = await openBusyNode();
    const counters = (text: string) => {
      const names = new Set([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name as string));
      const lines = text.split('\n').filter((line) => names.has(line.split(/[{ ]/)[0] ?? ''));
      return new Map(
        lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
      );
    };
    let before = counters(await scrape(server.url));
    for (let i = 0; i < 5; i++) {
      devnet.produce(2);
      await expect.poll(() => node.report().confirmed?.height).toBe(devnet.head.ref.height);
      const after = counters(await scrape(server.url));
      for (const [series, value] of before) expect(after.get(series) ?? -1, series).toBeGreaterThanOrEqual(value);
      before = after;
    }
    await server.detach();
    expect(await scrape(server.url)).not.toMatch(/^syncline_(chain_tip_block|sync_mode)\{/m);
  });

  it('are all described on the page about them, and that page describes no others', async () => {
    const { server } = await openBusyNode();
    const page = readFileSync(`${DOCS}README.md`, 'utf8');
    const described = [...page.matchAll(/^\| `([a-z_]+)` \| (gauge|counter|histogram) \|([^|]*)\|/gm)];
    const text = await scrape(server.url);
    expect(described.map(([, name]) => name).sort()).toEqual(declared(text).sort());
    for (const [, name, type, labels] of described) {
      expect(text).toContain(`# TYPE ${name} ${type}\n`);
      const used = new RegExp(`^${name}(?:_count)?\\{([^}]*)\\}`, 'm').exec(text)?.[1];
      const names = used?.match(/[a-z]+(?==")/g) ?? [];
      if (used !== undefined) expect((labels as string).match(/[a-z]+/g) ?? []).toEqual(names);
    }
  });

  it.skipIf(!hasPromtool)('pass the check of promtool', async () => {
    const { server } = await openBusyNode();
    expect(promtool(['check', 'metrics'], await scrape(server.url))).toEqual({ status: 0, output: '' });
  });
});

describe('the rules for Prometheus', () => {
  it('speak of metrics that there are', async () => {
    const { server } = await openBusyNode();
    const names = declared(await scrape(server.url));
    const rules = ['alert-rules.yaml', 'recording-rules.yaml']
      .map((file) => readFileSync(`${DOCS}${file}`, 'utf8'))
      .join('\n');
    const used = new Set(
      [...rules.matchAll(/\bsyncline_[a-z_]+[a-z]/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, '')),
    );
    expect([...used].filter((name) => !names.includes(name))).toEqual([]);
    const recorded = new Set([...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name));
    const referred = new Set([...rules.matchAll(/\bsyncline:[a-z_]+(?::[a-z0-9_]+)?/g)].map(([name]) => name));
    expect([...referred].filter((name) => !recorded.has(name))).toEqual([]);
  });

  it.skipIf(!hasPromtool)('are valid, and alert when they should', () => {
    const check = promtool(['check', 'rules', 'alert-rules.yaml', 'recording-rules.yaml']);
    expect(check).toMatchObject({ status: 0, output: expect.stringMatching(/SUCCESS[\s\S]*SUCCESS/) });
    const test = promtool(['test', 'rules', 'alert-rules.test.yaml']);
    expect(test).toMatchObject({ status: 0, output: expect.stringContaining('SUCCESS') });
  });
});

describe('labels', () => {
  it('name a source by its id where that is one word, else by kind and number', () => {
    const ids = ['alpha', 'gateway:host:443/key', 'gateway:other', 'https://host/key', '!?', 'folder:/a/b'];
    expect([...labelSources(ids).values()]).toEqual([
      { source: 'alpha', kind: 'alpha' },
      { source: 'gateway-1', kind: 'gateway' },
      { source: 'gateway-2', kind: 'gateway' },
      { source: 'https-1', kind: 'https' },
      { source: 'source-1', kind: 'source' },
      { source: 'folder-1', kind: 'folder' },
    ]);
  });

  it('from elsewhere are plain and few; the rest is one', () => {
    const set = createLabelSet(2);
    expect(
      ['block-hash', 'a b', '', 'x'.repeat(60), 'state-root', 'third', 'block-hash'].map((text) => set.of(text)),
    ).toEqual(['block-hash', 'other', 'other', 'other', 'state-root', 'other', 'block-hash']);
  });
});
