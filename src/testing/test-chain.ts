import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type {
  Candidate,
  ChainRules,
  Examination,
  Hash32,
  Height,
  LatePart,
  Need,
  SealedBlock,
  Verified,
} from '../engine/index.ts';
import { equalBytes, isSynclineError, type SynclineError, toHex } from '../lib/index.ts';
import { type ChainReplay, createChainReplay } from './chain-replay.ts';
import { type Damage, damagesOf } from './damage.ts';
import type { TestRunner } from './runner.ts';

/** A chain's rules with blocks to try them on. Nothing in it may change while the suite runs. */
export interface ChainUnderTest {
  readonly rules: ChainRules;
  /** Blocks 0 to `head` are on offer. A dozen show most things; make some of them empty and some full. */
  readonly head: number;
  /** What an honest source delivers for a need, `null` where it has no such thing. */
  supply(need: Need): Uint8Array | null;
  /** What the block at a height is known to be, from elsewhere than the rules. */
  expected(height: number): { readonly hash: Hash32; readonly stateRoot: Hash32 };
  /** Truncations and bit flips tried on each part of each block, either of them this often. Default 12. */
  readonly damagesPerPart?: number;
  /**
   * Hears of damaged parts that were sealed as another block: no fault of the rules where only the parent link or the
   * state root can tell, and a hole in them otherwise. Default: nobody hears.
   */
  report?(finding: string): void;
}

/**
 * The conformance suite of `ChainRules`: what passes it can be synced by the engine. Rules that answer differently
 * the second time, throw something untyped on damaged bytes, or commit to different roots by the way blocks are
 * batched, fail here by name.
 *
 * @param setup Called once.
 */
export function testChain(
  runner: TestRunner,
  name: string,
  setup: () => ChainUnderTest | Promise<ChainUnderTest>,
): void {
  let opened: Promise<Subject> | null = null;
  const it: It = (claim, body) =>
    runner.it(claim, async () => {
      opened ??= openSubject(setup);
      await body(await opened);
    });

  runner.describe(`chain: ${name}`, () => {
    testSealing(it);
    testDamage(it);
    testStrangeParts(it);
    testState(it);
    testLateParts(it);
  });
}

/** The chain with all its blocks sealed, once for the whole suite. */
interface Subject {
  readonly chain: ChainUnderTest;
  readonly rules: ChainRules;
  readonly sealed: readonly SealedFrom[];
  readonly blocks: readonly Verified<SealedBlock>[];
}

/** A sealed block and the candidates that made it. */
interface SealedFrom {
  readonly height: Height;
  readonly candidates: readonly Candidate[];
  readonly absent: readonly string[];
  readonly block: Verified<SealedBlock>;
}

type It = (claim: string, body: (subject: Subject) => void | Promise<void>) => unknown;

async function openSubject(setup: () => ChainUnderTest | Promise<ChainUnderTest>): Promise<Subject> {
  const chain = await setup();
  const sealed: SealedFrom[] = [];
  for (let height = 0; height <= chain.head; height++) sealed.push(sealHeight(chain, height as Height)); // from 0
  return { chain, rules: chain.rules, sealed, blocks: sealed.map(({ block }) => block) };
}

/** Asks, supplies and examines until the block is sealed, as the engine does. */
function sealHeight(chain: ChainUnderTest, height: Height): SealedFrom {
  const { rules } = chain;
  const candidates: Candidate[] = [];
  const absent: string[] = [];
  let needs = rules.needs(height);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    for (const need of needs) {
      checkNeed(need, height);
      const given = need.id === undefined && candidates.some(({ part }) => part === need.part);
      ok(!given, `part ${need.part} of block ${height} is asked for again`);
      const answer = answerTo(chain, need);
      if (answer !== null) candidates.push(answer);
      else if (need.weight === 'wanted') absent.push(need.part);
      else throw new Error(`the setup supplies nothing for part ${need.part} of block ${height}`);
    }
    const seen = rules.examine({ height, candidates, absent });
    if (seen.type === 'sealed') return { height, candidates, absent, block: seen.block };
    ok(seen.needs.length > 0, `examination of block ${height} asks for something or seals`);
    needs = seen.needs;
  }
  throw new Error(`block ${height} is not sealed after ${ROUNDS_MAX} rounds of needs`);
}

function answerTo(chain: ChainUnderTest, need: Need): Candidate | null {
  for (const one of [need, ...(need.fallbacks ?? [])]) {
    const bytes = chain.supply(one);
    if (bytes !== null) return { part: one.part, bytes, from: `source of ${one.part}` };
  }
  return null;
}

function checkNeed(need: Need, height: Height): void {
  strictEqual(need.height, height, 'a need is for the height it was raised at');
  ok(need.part.length > 0, 'a need names a part');
  ok(need.id === undefined || need.id.length > 0, 'the id of a need is not empty');
  for (const fallback of need.fallbacks ?? []) {
    checkNeed(fallback, height);
    strictEqual(fallback.id, need.id, 'a fallback is for the same content');
    notStrictEqual(fallback.part, need.part, 'a fallback is another part');
  }
}

function testSealing(it: It): void {
  it('the first needs of a height include one that seals', ({ rules, chain }) => {
    for (const height of [0, chain.head, 2 ** 40] as Height[]) {
      const needs = rules.needs(height);
      for (const need of needs) checkNeed(need, height);
      ok(needs.some(({ weight }) => weight === 'seal'));
      deepStrictEqual(rules.needs(height), needs);
    }
  });

  it('without candidates an examination asks', ({ rules }) => {
    strictEqual(rules.examine({ height: 0 as Height, candidates: [], absent: [] }).type, 'needs');
  });

  it('honest parts seal every block with its known hash, state root and parent', ({ chain, blocks }) => {
    let parent: Uint8Array = new Uint8Array(32);
    for (const [height, block] of blocks.entries()) {
      const expected = chain.expected(height);
      strictEqual(block.ref.height, height);
      strictEqual(toHex(block.ref.hash), toHex(expected.hash), `hash of block ${height}`);
      strictEqual(toHex(block.stateRoot), toHex(expected.stateRoot), `state root of block ${height}`);
      strictEqual(toHex(block.parent), toHex(parent), `parent of block ${height}`);
      parent = block.ref.hash;
    }
  });

  it('a sealed block says what is stored, how it is proven and who delivered it', ({ sealed }) => {
    for (const { block, candidates } of sealed) {
      ok(Object.keys(block.parts).length > 0);
      ok(Object.keys(block.proofs).length > 0);
      ok(Number.isSafeInteger(block.timestampS) && block.timestampS >= 0);
      for (const count of Object.values(block.counts)) ok(Number.isSafeInteger(count) && count >= 0);
      for (const write of block.index) ok(write.table === 'index' && write.value !== null);
      const sources = new Set(candidates.map(({ from }) => from));
      ok(Object.keys(block.from).length > 0);
      for (const from of Object.values(block.from)) ok(sources.has(from), `${from} delivered nothing`);
    }
  });

  it('a sealed block is plain data that can cross threads', ({ blocks }) => {
    for (const block of blocks) deepStrictEqual(plain(structuredClone(block)), plain(block));
  });

  it('the same bytes make the same block, in whatever order they are given', ({ rules, sealed }) => {
    for (const { height, candidates, absent, block } of sealed) {
      const copies = candidates.map((candidate) => ({ ...candidate, bytes: new Uint8Array(candidate.bytes) }));
      for (const given of [copies, copies.toReversed()]) {
        deepStrictEqual(plain(sealedOf(rules.examine({ height, candidates: given, absent }))), plain(block));
      }
      for (const [i, { bytes }] of copies.entries()) deepStrictEqual(bytes, new Uint8Array(at(candidates, i).bytes));
    }
  });

  it('the parts of one height do not make a block of another', ({ rules, sealed }) => {
    for (const [i, { candidates, absent }] of sealed.entries()) {
      const height = ((i + 1) % sealed.length) as Height;
      const outcome = attempt(() => rules.examine({ height, candidates, absent }));
      if (sealed.length === 1 || 'error' in outcome) continue;
      strictEqual(outcome.value.type, 'needs', `the parts of block ${i} were sealed as block ${height}`);
    }
  });
}

function testDamage(it: It): void {
  it('a damaged part is refused with a typed error that names it, or changes nothing', ({ chain, sealed }) => {
    for (const entry of sealed) {
      for (const [i, candidate] of entry.candidates.entries()) {
        for (const damage of damagesOf(candidate.bytes, chain.damagesPerPart ?? 12)) tryDamage(chain, entry, i, damage);
      }
    }
  });
}

function testStrangeParts(it: It): void {
  it('a part that nobody asked for is refused or ignored', ({ rules, sealed }) => {
    for (const { height, candidates, absent, block } of sealed) {
      const strange = { part: 'no such part', bytes: Uint8Array.of(1, 2, 3), from: 'a stranger' };
      const given = [...candidates, strange];
      const outcome = attempt(() => rules.examine({ height, candidates: given, absent }));
      if ('error' in outcome) checkRefusal(outcome.error, given, `block ${height} with a strange part`);
      else deepStrictEqual(plain(sealedOf(outcome.value)), plain(block));
    }
  });

  it('a part that came twice does no harm', ({ rules, sealed }) => {
    for (const { height, candidates, absent, block } of sealed) {
      const twice = rules.examine({ height, candidates: [...candidates, ...candidates], absent });
      deepStrictEqual(plain(sealedOf(twice)), plain(block));
    }
  });
}

function tryDamage(chain: ChainUnderTest, from: SealedFrom, index: number, damage: Damage): void {
  const { height, absent, block } = from;
  const { part } = at(from.candidates, index);
  const where = `part ${part} of block ${height}, ${damage.name}`;
  const candidates = from.candidates.map((c, i) => (i === index ? { ...c, bytes: damage.bytes } : c));
  const outcome = attempt(() => chain.rules.examine({ height, candidates, absent }));
  if ('error' in outcome) {
    checkRefusal(outcome.error, candidates, where);
    return;
  }
  if (outcome.value.type === 'needs') return;
  const other = outcome.value.block;
  if (!equalBytes(other.ref.hash, block.ref.hash)) {
    chain.report?.(`${where}: sealed with the hash ${toHex(other.ref.hash)}`);
    return;
  }
  strictEqual(toHex(other.parent), toHex(block.parent), `${where}: another parent under the same hash`);
  strictEqual(toHex(other.stateRoot), toHex(block.stateRoot), `${where}: another state root under the same hash`);
}

/** What the engine needs of an error to blame the right source and to explain it. */
function checkRefusal(error: SynclineError, candidates: readonly Candidate[], where: string): void {
  const { check, parts } = error.data;
  strictEqual(typeof check, 'string', `${where}: ${error.code} names no check`);
  ok(Array.isArray(parts) && parts.length > 0, `${where}: ${error.code} names no parts`);
  for (const part of parts) {
    ok(
      candidates.some((candidate) => candidate.part === part),
      `${where}: ${error.code} blames part ${part}, which nobody delivered`,
    );
  }
}

function testState(it: It): void {
  for (const batch of [1, 3, 7]) {
    it(`blocks applied ${batch} at a time reach the state roots of their headers`, async ({ chain, rules, blocks }) => {
      const replay = createChainReplay(rules);
      await applyAll(replay, blocks, batch, (height, root) => {
        strictEqual(toHex(root), toHex(chain.expected(height).stateRoot), `state root after block ${height}`);
      });
    });

    it(`undoing batches of ${batch} passes through the same roots backwards`, async ({ chain, rules, blocks }) => {
      const replay = createChainReplay(rules);
      const ends: number[] = [];
      await applyAll(replay, blocks, batch, (height) => ends.push(height));
      for (const height of ends.slice(0, -1).toReversed()) {
        strictEqual(toHex(replay.unwind()), toHex(chain.expected(height).stateRoot), `after undoing to ${height}`);
      }
    });
  }

  it('a chain that was undone to nothing can be applied again', async ({ chain, rules, blocks }) => {
    const replay = createChainReplay(rules);
    await replay.apply(blocks);
    replay.unwind();
    const root = await replay.apply(blocks);
    strictEqual(toHex(root), toHex(chain.expected(chain.head).stateRoot));
  });

  it('tries built at once over the flat state have the same root', async ({ chain, rules, blocks }) => {
    const replay = createChainReplay(rules);
    await applyAll(replay, blocks, 1, () => {});
    strictEqual(toHex(replay.rebuild()), toHex(chain.expected(chain.head).stateRoot));
  });

  it('tries built at once are those that grew, also when the build is interrupted', async ({
    chain,
    rules,
    blocks,
  }) => {
    if (rules.buildState === undefined) return;
    for (const stepsEach of [Number.POSITIVE_INFINITY, 1]) {
      const replay = createChainReplay(rules);
      await applyAll(replay, blocks, 3, () => {});
      strictEqual(toHex(replay.build(stepsEach)), toHex(chain.expected(chain.head).stateRoot));
    }
  });

  it('a commitment without changes has the same root', async ({ chain, rules, blocks }) => {
    const replay = createChainReplay(rules);
    await replay.apply(blocks);
    strictEqual(toHex(replay.commitNothing()), toHex(chain.expected(chain.head).stateRoot));
  });
}

async function applyAll(
  replay: ChainReplay,
  blocks: readonly Verified<SealedBlock>[],
  size: number,
  each: (height: number, root: Hash32) => void,
): Promise<void> {
  for (let start = 0; start < blocks.length; start += size) {
    const batch = blocks.slice(start, start + size);
    const root = await replay.apply(batch);
    each(start + batch.length - 1, root);
  }
}

function testLateParts(it: It): void {
  it('late needs name content by id, hold up nothing, and are raised once a block', ({ rules, blocks }) => {
    for (const block of blocks) {
      for (const need of block.late) {
        checkNeed(need, block.ref.height);
        ok(need.id !== undefined, 'a late need is addressed by content');
        strictEqual(need.weight, 'wanted');
        ok(rules.has !== undefined && rules.examinePart !== undefined, 'rules with late needs can examine them');
      }
      const ids = block.late.map(({ part, id }) => `${part} ${id}`);
      strictEqual(new Set(ids).size, ids.length);
    }
  });

  it('a late part is missing until it is examined and stored', ({ chain, rules, blocks }) => {
    const replay = createChainReplay(rules);
    for (const { need, candidate } of lateParts(chain, blocks)) {
      strictEqual(isStored(rules, replay, need), false, `${need.part} ${need.id} is stored before it came`);
      const { writes } = examinePart(rules, need, candidate);
      for (const { table } of writes) ok(table !== 'state' && table !== 'trie', 'a late part changes no state');
      replay.write(writes);
      strictEqual(isStored(rules, replay, need), true, `${need.part} ${need.id} is not stored after it came`);
    }
  });

  it('a damaged late part is refused with a typed error, or stores the same', ({ chain, rules, blocks }) => {
    for (const { need, candidate } of lateParts(chain, blocks)) {
      const whole = examinePart(rules, need, candidate);
      for (const { name, bytes } of damagesOf(candidate.bytes, chain.damagesPerPart ?? 12)) {
        const outcome = attempt(() => examinePart(rules, need, { ...candidate, bytes }));
        if ('error' in outcome) checkRefusal(outcome.error, [candidate], `late part ${candidate.part}, ${name}`);
        else deepStrictEqual(plain(outcome.value), plain(whole), `late part ${candidate.part}, ${name}`);
      }
    }
  });
}

/** Each late need that an honest source can serve, once, with what it delivers. */
function lateParts(
  chain: ChainUnderTest,
  blocks: readonly SealedBlock[],
): readonly { readonly need: Need; readonly candidate: Candidate }[] {
  const found = new Map<string, { readonly need: Need; readonly candidate: Candidate }>();
  for (const need of blocks.flatMap((block) => block.late)) {
    const served = [need, ...(need.fallbacks ?? [])].find((one) => chain.supply(one) !== null);
    const candidate = served === undefined ? null : answerTo(chain, served);
    if (served !== undefined && candidate !== null) found.set(`${need.part} ${need.id}`, { need: served, candidate });
  }
  return [...found.values()];
}

function examinePart(rules: ChainRules, need: Need, candidate: Candidate): Verified<LatePart> {
  if (rules.examinePart === undefined) throw new Error('the rules name late parts and examine none');
  return rules.examinePart(need, candidate);
}

function isStored(rules: ChainRules, replay: ChainReplay, need: Need): boolean {
  using view = replay.view();
  return rules.has?.(view, need) ?? false;
}

/** The error of a call, which must be one that the engine can act on; or its value. */
function attempt<T>(call: () => T): { readonly value: T } | { readonly error: SynclineError } {
  try {
    return { value: call() };
  } catch (error) {
    if (!isSynclineError(error)) throw error;
    ok(error.fault === 'peer' || error.fault === 'source', `${error.code} has the fault ${error.fault}`);
    return { error };
  }
}

function sealedOf(examination: Examination): SealedBlock {
  if (examination.type !== 'sealed') throw new Error('the same candidates no longer seal the block');
  return examination.block;
}

/** Buffers as plain byte arrays: which of the two a rule returns is its own affair. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}

/** Parts are discovered by looking at parts, but not this deep. */
const ROUNDS_MAX = 16;
