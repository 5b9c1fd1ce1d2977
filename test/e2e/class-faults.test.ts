import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Felt, feltToHex } from '../../src/chains/starknet/index.ts';
import { readClass, readCompiledClass } from '../../src/chains/starknet/rules/index.ts';
import {
  createStarknetDevnet,
  faultHelp,
  type StarknetDevnet,
  serveStarknetDevnet,
} from '../../src/devnet/starknet/index.ts';
import type { ReadStore } from '../../src/engine/index.ts';
import type { NodeStatus } from '../../src/node/index.ts';
import { explained, type Run, start } from './class-run.ts';
import { jsonLines, runCli } from './cli-run.ts';
import { temporaryFolder } from './folders.ts';

const COMPILER = fileURLToPath(new URL('./testdata/sierra-compiler.mjs', import.meta.url));
const FOR_EVER = 1_000_000;

/** Most classes come in genesis, so few blocks are enough. */
const newer = createStarknetDevnet({ seed: 61, blocks: 12, transactionsPerBlock: 6, storageUpdatesPerBlock: 4 });
const older = createStarknetDevnet({
  seed: 62,
  blocks: 12,
  transactionsPerBlock: 6,
  storageUpdatesPerBlock: 4,
  protocolVersion: '0.13.1',
});
const upgraded = createStarknetDevnet({ seed: 63, blocks: 24, transactionsPerBlock: 6, upgradeHeight: 12 });

describe('a node gets all classes of its chain', () => {
  it.each([
    ['of 0.13.1', older],
    ['of 0.14.2', newer],
    ['of both, with classes that were migrated', upgraded],
  ])('%s', async (_, devnet) => {
    await using run = await start(devnet, [{}]);
    await run.settled();
    expect(missing(devnet, run.node.store)).toEqual([]);
    expect(run.node.status()).toMatchObject({
      quarantined: 0,
      rejected: 0,
      counts: { classes: devnet.classes.length },
    });
  });
});

describe('classes that a gateway does not have', () => {
  it('at first are told of, and come in the end', async () => {
    await using run = await start(newer, [{ faults: ['missing-class'] }]);
    await run.until(() => missing(newer, run.node.store).length === 0);
    expect(run.quarantined().length).toBeGreaterThan(0);
    const ended = await run.close();
    expect(ended).toMatchObject({ quarantined: 0, rejected: 0 });
    const { content } = await explained(run, hashOf(newer, 0));
    expect(content).toMatchObject({ stored: { kind: 'Sierra class', height: 0 }, wanted: [] });
  });

  it('are had from another one', async () => {
    await using run = await start(newer, [{ faults: ['missing-class:1'] }, {}]);
    await run.settled();
    expect(missing(newer, run.node.store)).toEqual([]);
    expect(run.node.status()).toMatchObject({ quarantined: 0, rejected: 0 });
  });

  it('and that nobody has are quarantined, which the status and explain tell', async () => {
    await using run = await start(newer, [{ faults: ['missing-class:every2'] }]);
    await run.settled();
    const gone = newer.classes.filter((_, index) => (index + 1) % 2 === 0).map(({ classHash }) => feltToHex(classHash));
    expect([...missing(newer, run.node.store)].sort()).toEqual([...gone].sort());
    expect(new Set(run.quarantined().map(({ id }) => id.split('/')[0]))).toEqual(new Set(gone));
    const status = await run.close();
    expect(status.quarantined).toBe(run.quarantined().length);
    const { content, quarantined } = await explained(run, gone[0] ?? '');
    expect(content).toMatchObject({
      stored: null,
      wanted: expect.arrayContaining([{ what: 'class', id: gone[0], height: 0 }]),
    });
    expect(quarantined).toContainEqual(
      expect.objectContaining({
        what: 'class',
        id: gone[0],
        reason: expect.stringContaining('has none'),
        refused: null,
      }),
    );
  });
});

describe('false classes', () => {
  it('are refused with evidence, and the true ones taken when the gateway mends its ways', async () => {
    await using run = await start(newer, [{ faults: ['wrong-class:1'] }]);
    await run.until(() => missing(newer, run.node.store).length === 0);
    const { quarantined, rejected } = await run.close();
    expect(quarantined).toBe(0);
    expect(rejected).toBeGreaterThan(0);
    const sierra = hashOf(newer, 0);
    const { content, rejections } = await explained(run, sierra);
    expect(content?.stored).toMatchObject({ kind: 'Sierra class' });
    expect(rejections[0]).toMatchObject({ check: 'class-hash', expected: sierra, id: sierra, source: run.ids[0] });
    expect(rejections[0]?.got).not.toBe(sierra);
    expect(existsSync(String(rejections[0]?.evidence))).toBe(true);
  });

  it('are replaced by those of an honest gateway, and the liar is named', async () => {
    await using run = await start(newer, [{ faults: ['wrong-class:1'], faultServings: FOR_EVER }, {}]);
    await run.settled();
    expect(missing(newer, run.node.store)).toEqual([]);
    const liars = new Set(run.notices.flatMap((notice) => (notice.type === 'reject' ? [notice.source] : [])));
    expect([...liars]).toEqual([run.ids[0]]);
    expect((await run.close()).quarantined).toBe(0);
  });

  it('that nobody can better are quarantined with evidence, Cairo 0 classes without a word against the gateway', async () => {
    await using run = await start(newer, [{ faults: ['wrong-class:1'], faultServings: FOR_EVER }]);
    await run.settled();
    expect(missing(newer, run.node.store)).toHaveLength(newer.classes.length);
    await run.close();
    for (const kind of ['sierra', 'cairo0']) {
      const hash = hashOf(
        newer,
        newer.classes.findIndex(({ seed }) => seed.kind === kind),
      );
      const { quarantined, rejections } = await explained(run, hash);
      const [entry] = quarantined.filter(({ what }) => what === 'class');
      expect(entry).toMatchObject({ id: hash, refused: { check: 'class-hash', expected: hash, source: run.ids[0] } });
      expect(existsSync(String(entry?.refused?.evidence))).toBe(true);
      expect(rejections.length > 0).toBe(kind === 'sierra');
      const { stdout } = await runCli(['explain', hash, '--data-dir', run.dataDir]);
      expect(stdout).toContain(`${hash} is wanted and not stored yet`);
      expect(stdout).toContain(String(entry?.refused?.got));
    }
  });
});

describe('false compiled classes', () => {
  it.each([
    ['under Blake2s hashes, which are lies', newer, true],
    ['under Poseidon hashes, which newer compilers may miss', older, false],
  ])('%s, are replaced by those of an honest gateway', async (_, devnet, isLie) => {
    await using run = await start(devnet, [{ faults: ['wrong-casm:1'], faultServings: FOR_EVER }, {}]);
    await run.settled();
    expect(missing(devnet, run.node.store)).toEqual([]);
    const { quarantined, rejected } = await run.close();
    expect(quarantined).toBe(0);
    expect(rejected > 0).toBe(isLie);
    if (!isLie) return;
    const { rejections } = await explained(run, hashOf(devnet, 0));
    expect(rejections[0]).toMatchObject({ check: 'compiled-class-hash', source: run.ids[0] });
  });

  it('that nobody can better are quarantined with evidence', async () => {
    await using run = await start(older, [{ faults: ['wrong-casm:1'], faultServings: FOR_EVER }]);
    await run.settled();
    const sierra = older.classes.filter(({ seed }) => seed.kind === 'sierra');
    expect(missing(older, run.node.store)).toHaveLength(sierra.length);
    expect(run.node.status()).toMatchObject({ quarantined: sierra.length, rejected: 0 });
    await run.close();
    const hash = hashOf(older, 0);
    const { content, quarantined } = await explained(run, hash);
    expect(content).toMatchObject({ stored: { kind: 'Sierra class' }, wanted: [{ what: 'localCompiledClass' }] });
    expect(quarantined[0]).toMatchObject({ what: 'localCompiledClass', refused: { check: 'compiled-class-hash' } });
    expect(existsSync(String(quarantined[0]?.refused?.evidence))).toBe(true);
  });
});

it('signatures that are late delay blocks and nothing else, and explain names them', async () => {
  await using run = await start(newer, [{ faults: ['late-signature:1500'] }]);
  await run.settled();
  expect(missing(newer, run.node.store)).toEqual([]);
  await run.close();
  const { block, rejections } = await explained(run, '7');
  expect(block).toMatchObject({ height: 7, proofs: { parentHash: { by: 'hash' } } });
  expect(rejections[0]).toMatchObject({ check: 'signature', got: 'none' });
});

it('a gateway that rolls back and grows again takes the node along, classes included', async () => {
  const devnet = createStarknetDevnet({ seed: 64, blocks: 16, transactionsPerBlock: 8, storageUpdatesPerBlock: 4 });
  await using run = await start(devnet, [{ faults: ['gateway-rollback:6@16'] }]);
  const unwoundTo: (number | undefined)[] = [];
  const watching = (async () => {
    for await (const event of run.node.events({ from: 'genesis' })) {
      if (event.type === 'unwind') unwoundTo.push(event.to?.height);
    }
  })();
  await run.until(() => run.node.status().confirmed?.height === 15);
  const abandoned = feltToHex(devnet.head.hash);
  devnet.produce(1);
  await run.until(() => devnet.branch === 1 && devnet.head.height === 17);
  await run.until(() => run.node.status().confirmed?.height === 17 && missing(devnet, run.node.store).length === 0);
  expect(run.node.status().confirmed?.hash).toBe(feltToHex(devnet.head.hash));
  await run.close();
  await watching;
  expect(unwoundTo).toContain(10);
  const { orphan } = await explained(run, abandoned);
  expect(orphan).toMatchObject({ height: 15, reason: 'reorg' });
});

describe('a local compiler', () => {
  it('makes what no gateway serves truly', async () => {
    const liar = { faults: ['wrong-casm:1'], faultServings: FOR_EVER };
    await using run = await start(upgraded, [liar], { path: COMPILER });
    await run.settled();
    expect(missing(upgraded, run.node.store)).toEqual([]);
    expect(run.node.status()).toMatchObject({ quarantined: 0, rejected: 0 });
    const sierra = upgraded.classes.filter(({ seed }) => seed.kind === 'sierra');
    expect(compilerOf(run)).toMatchObject({ ok: sierra.length, fail: 0 });
    await run.close();
    const { content } = await explained(run, feltToHex(sierra[0]?.classHash ?? expect.unreachable()));
    expect(content?.stored?.facts).toContainEqual(['from', run.ids[0]]);
    expect(content?.stored?.facts).toContainEqual([
      'compiled',
      expect.stringMatching(/^[0-9]+ bytes from compiler:.*sierra-compiler\.mjs$/),
    ]);
  });

  it.each(['crash', 'refuse', 'garbage', 'wrong', 'endless'])(
    'that does %s is made up for by the gateway',
    async (mode) => {
      await using run = await start(newer, [{}], { path: COMPILER, args: [mode, '{sierra}'] });
      await run.settled();
      expect(missing(newer, run.node.store)).toEqual([]);
      expect(run.node.status()).toMatchObject({ quarantined: 0, rejected: 0 });
      expect(compilerOf(run)).toMatchObject({ ok: 0, fail: expect.toSatisfy((count: number) => count > 0) });
    },
  );

  it('that is slow makes one class after the other, whatever time others have for an answer', async () => {
    const slow = { path: COMPILER, args: ['slow', '{sierra}'] };
    await using run = await start(newer, [{}], slow, { requestTimeoutMs: 1_000 });
    await run.settled();
    expect(missing(newer, run.node.store)).toEqual([]);
    const sierra = newer.classes.filter(({ seed }) => seed.kind === 'sierra');
    expect(sierra.length).toBeGreaterThan(3);
    expect(compilerOf(run)).toMatchObject({ ok: sierra.length, fail: 0 });
  });

  it('that hangs holds up no block, is killed, and is made up for by the gateway', async () => {
    await using run = await start(newer, [{}], { path: COMPILER, args: ['hang'], timeoutMs: 3_000 });
    await run.until(() => run.node.status().confirmed?.height === newer.head.height);
    expect(run.node.report().latePending).toBeGreaterThan(0);
    expect(missing(newer, run.node.store).length).toBeGreaterThan(0);
    await run.settled();
    expect(missing(newer, run.node.store)).toEqual([]);
    expect(run.node.status()).toMatchObject({ quarantined: 0, rejected: 0 });
  });

  it('is named with one flag', async () => {
    await using server = await serveStarknetDevnet({
      devnet: newer,
      faults: ['wrong-casm:1'],
      faultServings: FOR_EVER,
    });
    const cwd = temporaryFolder('flag');
    const args = ['start', '--network', 'starknet-devnet', '--source', server.url.href, '--data-dir', 'data'];
    const flags = ['--sierra.compiler', COMPILER, '--sierra.timeout', '15s', '--until', '11', '--json', '--no-http'];
    const { code, stdout } = await runCli([...args, ...flags], { cwd });
    expect(code).toBe(0);
    const sierra = newer.classes.filter(({ seed }) => seed.kind === 'sierra').length;
    expect(jsonLines(stdout).at(-1)).toMatchObject({
      type: 'status',
      counts: { classes: newer.classes.length, compiledClasses: sierra },
      quarantined: 0,
      rejected: 0,
    });
    const refused = await runCli([...args, '--sierra.compiler', 'missing'], { cwd });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('SOURCE_UNSUPPORTED') });
  });
});

it('every fault of a devnet is listed with what it does', async () => {
  const { code, stdout } = await runCli(['devnet', 'starknet', '--fault', 'list']);
  expect(code).toBe(0);
  expect(stdout.split('\n').filter((line) => line !== '')).toHaveLength(Object.keys(faultHelp).length);
  for (const kind of ['missing-class', 'wrong-class', 'wrong-casm', 'late-signature', 'gateway-rollback']) {
    expect(stdout).toMatch(new RegExp(`^${kind}[:[].*  \\S`, 'm'));
  }
});

/** What the status tells of the compiler. */
function compilerOf({ node }: Run): NodeStatus['sources'][number] | undefined {
  return node.status().sources.find(({ id }) => id.startsWith('compiler:'));
}

/** Hashes of the chain's classes that are not stored, or not with what they are compiled to. */
function missing(devnet: StarknetDevnet, store: ReadStore): readonly string[] {
  using view = store.view();
  const isWhole = (classHash: Felt, kind: string) => {
    if (readClass(view, classHash) === null) return false;
    return kind === 'cairo0' || readCompiledClass(view, classHash)?.declared.at(-1)?.form != null;
  };
  return devnet.classes
    .filter(({ classHash, seed }) => !isWhole(classHash, seed.kind))
    .map(({ classHash }) => feltToHex(classHash));
}

function hashOf(devnet: StarknetDevnet, index: number): string {
  return feltToHex(devnet.classes[index]?.classHash ?? expect.unreachable());
}
