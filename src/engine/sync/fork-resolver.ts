import { equalBytes, SynclineError, toHex, toSynclineError } from '../../lib/index.ts';
import type { Candidate, Need, SealedBlock, Verified } from '../chain.ts';
import { readBlock, ZERO_HASH } from '../commit/index.ts';
import { beginForkSearch, decideFork, stepForkSearch, type TipVote } from '../forks/index.ts';
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
  | { readonly type: 'unwind'; readonly to: number; readonly leader: string }
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
      if (verdict.type === 'unknown') return { type: 'unknown' };
      if (verdict.type === 'keep') return { type: 'keep', dissenters: verdict.dissenters };
      for (const leader of verdict.leaders) {
        const outcome = await followLeader(options, leader, { tip, final, signal });
        if (outcome !== null) return outcome;
      }
      return { type: 'keep', dissenters: verdict.leaders };
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

/** Searches the common ancestor with one source, and makes it show its branch. Null when it cannot. */
async function followLeader(
  options: ForkResolverOptions,
  leader: string,
  where: { tip: BlockRef; final: BlockRef | null; signal: AbortSignal },
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
    if (ancestor < 0) return otherGenesis(options, source, where.signal);
    if (where.final !== null && ancestor < where.final.height) {
      const reason = `${leader} contradicts block ${where.final.height}, which is final`;
      return { type: 'halt', reason };
    }
    const shown = await showsBranch(options, source, ancestor, where.signal);
    return shown ? { type: 'unwind', to: ancestor, leader } : null;
  } catch (error) {
    if (where.signal.aborted || toSynclineError(error).fault === 'bug') throw error;
    return null; // it fell silent: another may lead
  }
}

/**
 * Nothing is unwound on somebody's word: the source must show a block above the ancestor that verifies, follows
 * the ancestor, and is not ours. A source whose chain ends at the ancestor has rolled back, and shows that.
 */
async function showsBranch(
  options: ForkResolverOptions,
  source: Source,
  ancestor: number,
  signal: AbortSignal,
): Promise<boolean> {
  const theirs = await hashAt(options, source, ancestor + 1, signal);
  if (theirs === null) return true;
  const block = await fetchSealed(options, source, ancestor + 1, signal);
  if (block === null) return false;
  using view = options.sync.store.view();
  const parent = ancestor < 0 ? ZERO_HASH : readBlock(view, ancestor)?.ref.hash;
  const ours = readBlock(view, ancestor + 1)?.ref.hash;
  const follows = parent !== undefined && equalBytes(block.parent, parent);
  return follows && (ours === undefined || !equalBytes(block.ref.hash, ours));
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
    const parts = needs.map((need) => need.part).filter((part) => source.parts.includes(part) && !asked.has(part));
    for (const part of parts) asked.add(part);
    if (parts.length > 0) {
      const limit = { timeoutMs: sync.rangePolicy.requestTimeoutMs, signal, what: `block ${height} from ${source.id}` };
      await withDeadline(sync.env, limit, async (inner) => {
        for await (const got of source.fetch({ height: height as Height, parts }, { signal: inner })) {
          if (got.type === 'bytes') candidates.push({ part: got.part, bytes: got.bytes, from: source.id });
        }
      });
    }
    const absent = needs.filter((need) => need.weight === 'wanted' && asked.has(need.part)).map((need) => need.part);
    try {
      const found = await sync.verify.examine({ height: height as Height, candidates, absent });
      if (found.type === 'sealed') return found.block;
      needs = found.needs;
    } catch (thrown) {
      const error = toSynclineError(thrown);
      if (error.fault !== 'peer' && error.fault !== 'source') throw error;
      const rejection = rejectionOf(error, { height, blamed: [source.id], nowMs: sync.env.nowMs() });
      await options.rejections.keep(rejection, candidates);
      if (error.fault === 'peer') options.strike(source.id);
      return null;
    }
  }
  return null;
}

/** Even genesis differs: either the source serves another network, or we hold a false genesis. */
async function otherGenesis(
  options: ForkResolverOptions,
  source: Source,
  signal: AbortSignal,
): Promise<ForkOutcome | null> {
  const { sync } = options;
  const theirs = await hashAt(options, source, 0, signal);
  if (theirs === null) return null; // an empty source shows nothing
  using view = sync.store.view();
  const ours = readBlock(view, 0)?.ref.hash ?? ZERO_HASH;
  if (sync.genesisHash !== undefined && equalBytes(ours, sync.genesisHash)) {
    const message = 'the source serves another network';
    const error = new SynclineError('GENESIS_MISMATCH', 'peer', message, {
      data: { check: 'genesis', expected: toHex(ours), got: toHex(theirs) },
    });
    await options.rejections.keep(rejectionOf(error, { height: 0, blamed: [source.id], nowMs: sync.env.nowMs() }), []);
    options.strike(source.id);
    return null;
  }
  const reason = `genesis differs at ${source.id}: stored ${toHex(ours)}, got ${toHex(theirs)}; wrong network or data folder`;
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

function hashAt(
  options: ForkResolverOptions,
  source: Source,
  height: number,
  signal: AbortSignal,
): Promise<Hash32 | null> {
  const { sync } = options;
  const limit = { timeoutMs: sync.pipelinePolicy.questionTimeoutMs, signal, what: `hash ${height} from ${source.id}` };
  return withDeadline(sync.env, limit, (inner) => source.hashAt(height as Height, { signal: inner }));
}

/** Rounds of asking for further parts of one block: a part, what it names, a fallback. */
const ROUNDS_MAX = 4;
