import { equalBytes, SynclineError, toHex, toSynclineError } from '../../lib/index.ts';
import type { Candidate, Need, SealedBlock, Verified } from '../chain.ts';
import { readBlock, ZERO_HASH } from '../commit/index.ts';
import { beginForkSearch, decideFork, stepForkSearch, type TipVote } from '../forks/index.ts';
import { optionsOf } from '../range/index.ts';
import type { Source } from '../source.ts';
import type { BlockRef, Hash32, Height } from '../types.ts';
import { withDeadline } from './deadline.ts';
import type { SyncOptions } from './options.ts';
import { type Rejections, rejectionOf } from './rejections.ts';

/** What is to be done about a suspected fork. */
export type ForkOutcome =
  /** Our branch stands; these sources are on another one. */
  | { readonly type: 'keep'; readonly dissenters: readonly string[] }
  /** Unwind to `to` (-1: everything). */
  | { readonly type: 'unwind'; readonly to: number; readonly leader: string; readonly rolledBack: boolean }
  /** Nobody could be asked. */
  | { readonly type: 'unknown' }
  /** Going on would contradict what is final, or the network is another one. */
  | { readonly type: 'halt'; readonly reason: string };

export interface ForkResolver {
  /** Asks the sources about our confirmed tip, and finds where their branch leaves ours. */
  resolve(tip: BlockRef, final: BlockRef | null, signal: AbortSignal): Promise<ForkOutcome>;
}

export interface ForkResolverOptions {
  readonly sync: SyncOptions;
  readonly rejections: Rejections;
  readonly firstNeeds: readonly Need[];
  /** Sources fit to be asked, with the height of their last known head. */
  readonly askable: () => readonly { readonly source: Source; readonly head: number }[];
  /** A source proved to lie. */
  readonly strike: (source: string) => void;
}

export function createForkResolver(options: ForkResolverOptions): ForkResolver {
  return {
    async resolve(tip, final, signal) {
      const votes = await Promise.all(options.askable().map((one) => vote(options, one, tip, signal)));
      const verdict = decideFork(votes);
      if (verdict.type === 'unknown' || verdict.type === 'keep') return verdict;
      const mayBeRollBack = verdict.type === 'shrunk';
      const unanimous = !votes.some((vote) => vote.answer === 'same');
      const failed: string[] = [];
      for (const leader of verdict.leaders) {
        const outcome = await followLeader(options, leader, { tip, final, rolledBack: mayBeRollBack, signal });
        // One voice for our tip is enough not to give up everything.
        if (outcome !== null && outcome.type !== 'unknown' && (outcome.type !== 'halt' || unanimous)) return outcome;
        if (outcome === null) failed.push(leader);
      }
      if (failed.length === 0) return { type: 'unknown' };
      return { type: 'keep', dissenters: mayBeRollBack ? [] : failed };
    },
  };
}

async function vote(
  options: ForkResolverOptions,
  { source, head }: { source: Source; head: number },
  tip: BlockRef,
  signal: AbortSignal,
): Promise<TipVote> {
  try {
    const hash = await hashAt(options, source, tip.height, signal);
    const answer = hash === null ? 'absent' : equalBytes(hash, tip.hash) ? 'same' : 'other';
    return { source: source.id, answer, head };
  } catch (error) {
    if (signal.aborted) throw error;
    return { source: source.id, answer: 'unreachable', head };
  }
}

/**
 * Searches the common ancestor with one source, and makes it show its branch. Null when it cannot show one, `unknown`
 * when it fell silent.
 */
async function followLeader(
  options: ForkResolverOptions,
  leader: string,
  where: { tip: BlockRef; final: BlockRef | null; rolledBack: boolean; signal: AbortSignal },
): Promise<ForkOutcome | null> {
  const one = options.askable().find((candidate) => candidate.source.id === leader);
  if (one === undefined) return null;
  const { source } = one;
  try {
    let step = beginForkSearch(where.tip.height);
    while (step.type === 'ask') {
      const same = await sameBlock(options, source, step.height, where.signal);
      step = stepForkSearch(step.search, step.height, same);
    }
    const { ancestor } = step;
    const rolledBack = where.rolledBack && ancestor >= 0 && (await endsAt(options, source, ancestor, where.signal));
    if (!rolledBack) {
      const block = await showsBranch(options, source, ancestor, where.signal);
      if (block === null) return null;
      if (ancestor < 0) return otherGenesis(options, source, block);
    }
    if (where.final !== null && ancestor < where.final.height) {
      return { type: 'halt', reason: `${leader} contradicts block ${where.final.height}, which is final` };
    }
    return { type: 'unwind', to: ancestor, leader, rolledBack };
  } catch (error) {
    if (where.signal.aborted || toSynclineError(error).fault === 'bug') throw error;
    return { type: 'unknown' };
  }
}

/**
 * Nothing is unwound on somebody's word: the source must show a block above the ancestor that verifies, follows
 * the ancestor, and is not ours.
 */
async function showsBranch(
  options: ForkResolverOptions,
  source: Source,
  ancestor: number,
  signal: AbortSignal,
): Promise<Verified<SealedBlock> | null> {
  const block = await fetchSealed(options, source, ancestor + 1, signal);
  if (block === null) return null;
  using view = options.sync.store.view();
  const parent = ancestor < 0 ? ZERO_HASH : readBlock(view, ancestor)?.ref.hash;
  const ours = readBlock(view, ancestor + 1)?.ref.hash;
  const follows = parent !== undefined && equalBytes(block.parent, parent);
  return follows && (ours === undefined || !equalBytes(block.ref.hash, ours)) ? block : null;
}

/** Whether the source's chain, asked anew, ends at a block of ours: what a roll-back shows. */
async function endsAt(
  options: ForkResolverOptions,
  source: Source,
  height: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { sync } = options;
  const limit = { timeoutMs: sync.pipelinePolicy.questionTimeoutMs, signal, what: `survey of ${source.id}` };
  const { head } = await withDeadline(sync.env, limit, (inner) => source.survey({ signal: inner }));
  if (head === null || head.height !== height) return false;
  using view = sync.store.view();
  const ours = readBlock(view, height);
  return ours !== null && equalBytes(ours.ref.hash, head.hash);
}

/** Fetches and verifies one block from one source, outside the window. Null when it does not deliver a true one. */
async function fetchSealed(
  options: ForkResolverOptions,
  source: Source,
  height: number,
  signal: AbortSignal,
): Promise<Verified<SealedBlock> | null> {
  const { sync } = options;
  const candidates: Candidate[] = [];
  const asked = new Set<string>();
  let needs: readonly Need[] = options.firstNeeds;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    for (const need of needs) await askFor(options, source, { height, need, candidates, asked, signal });
    const absent = needs.filter((need) => need.weight === 'wanted').map((need) => need.part);
    try {
      const found = await sync.verify.examine({ height: height as Height, candidates, absent });
      if (found.type === 'sealed') return found.block;
      needs = found.needs;
    } catch (thrown) {
      const error = toSynclineError(thrown);
      if (error.fault !== 'peer' && error.fault !== 'source') throw error;
      const blamed = [...new Set(candidates.map((candidate) => candidate.from))];
      await options.rejections.keep(rejectionOf(error, { height, blamed, nowMs: sync.env.nowMs() }), candidates);
      if (error.fault === 'peer' && blamed.length === 1) options.strike(source.id);
      return null;
    }
  }
  return null;
}

/** Gets one need or what may stand in for it, from the source itself or, where it serves no such part, from others. */
async function askFor(
  options: ForkResolverOptions,
  source: Source,
  where: {
    readonly height: number;
    readonly need: Need;
    readonly candidates: Candidate[];
    readonly asked: Set<string>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { sync } = options;
  const { height, candidates, asked, signal } = where;
  const others = options.askable().map((one) => one.source);
  for (const from of [source, ...others.filter((other) => other !== source)]) {
    const part = optionsOf(where.need)
      .map((one) => one.part)
      .find((name) => from.parts.includes(name) && !asked.has(`${from.id} ${name}`));
    if (part === undefined) continue;
    asked.add(`${from.id} ${part}`);
    const limit = { timeoutMs: sync.rangePolicy.requestTimeoutMs, signal, what: `block ${height} from ${from.id}` };
    await withDeadline(sync.env, limit, async (inner) => {
      for await (const got of from.fetch({ height: height as Height, parts: [part] }, { signal: inner })) {
        if (got.type === 'bytes') candidates.push({ part: got.part, bytes: got.bytes, from: from.id });
      }
    });
    return;
  }
}

/** Even genesis differs: either the source serves another network, or we hold a false genesis. */
async function otherGenesis(
  options: ForkResolverOptions,
  source: Source,
  theirs: Verified<SealedBlock>,
): Promise<ForkOutcome | null> {
  const { sync } = options;
  using view = sync.store.view();
  const ours = readBlock(view, 0)?.ref.hash ?? ZERO_HASH;
  const numbers = { expected: toHex(ours), got: toHex(theirs.ref.hash) };
  if (sync.genesisHash !== undefined && equalBytes(ours, sync.genesisHash)) {
    const error = new SynclineError('GENESIS_MISMATCH', 'peer', 'the source serves another network', {
      data: { check: 'genesis', ...numbers },
    });
    await options.rejections.keep(rejectionOf(error, { height: 0, blamed: [source.id], nowMs: sync.env.nowMs() }), []);
    options.strike(source.id);
    return null;
  }
  const reason = `genesis differs at ${source.id}: stored ${numbers.expected}, got ${numbers.got}; wrong network or data folder`;
  return { type: 'halt', reason };
}

async function sameBlock(
  options: ForkResolverOptions,
  source: Source,
  height: number,
  signal: AbortSignal,
): Promise<boolean> {
  const theirs = await hashAt(options, source, height, signal);
  if (theirs === null) return false;
  using view = options.sync.store.view();
  const ours = readBlock(view, height);
  return ours !== null && equalBytes(ours.ref.hash, theirs);
}

async function hashAt(
  options: ForkResolverOptions,
  source: Source,
  height: number,
  signal: AbortSignal,
): Promise<Hash32 | null> {
  const { sync } = options;
  const limit = { timeoutMs: sync.pipelinePolicy.questionTimeoutMs, signal, what: `hash ${height} from ${source.id}` };
  for (let attempt = 1; ; attempt++) {
    try {
      return await withDeadline(sync.env, limit, (inner) => source.hashAt(height as Height, { signal: inner }));
    } catch (error) {
      // A search is a chain of questions: one that is lost on the way must not end it.
      if (signal.aborted || toSynclineError(error).fault !== 'source' || attempt === QUESTION_ATTEMPTS) throw error;
      await sync.env.sleep(QUESTION_PAUSE_MS, signal);
    }
  }
}

const QUESTION_ATTEMPTS = 3;
const QUESTION_PAUSE_MS = 200;
/** Rounds of asking for further parts of one block: a part, what it names, a fallback. */
const ROUNDS_MAX = 4;
