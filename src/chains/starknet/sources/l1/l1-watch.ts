import { type FinalClaim, type Hash32, parseHeight } from '../../../../engine/index.ts';
import { type Env, equalBytes, type Logger } from '../../../../lib/index.ts';
import { sourceError } from '../source-error.ts';
import type { CoreContract } from './core-contract.ts';
import type { CoreState, L1Block, StateUpdateLog } from './l1-values.ts';
import type { LogWindows } from './log-windows.ts';
import { createUpdateMap } from './update-map.ts';

export interface L1WatchOptions {
  readonly contract: CoreContract;
  /** EIP-155 chain id that L1 must have. */
  readonly chainId: number;
  readonly pollMs: number;
  /** Shared by all watches of a source: what a provider allows is learnt once. */
  readonly windows: LogWindows;
  readonly env: Env;
  readonly log: Logger;
  /** A look at L1 went well. */
  readonly onLook: () => void;
  readonly signal: AbortSignal;
}

/**
 * Yields what the core contract says is final, as it changes: at first its state at L1's finalized block, then the
 * highest of the updates that L1's finality has come over. An update counts only if the contract's state at that
 * block says the same, so that neither a lost notification nor a stale one can lead to a claim.
 *
 * Ends only by throwing: what `CoreContract` throws, `SOURCE_OTHER_CHAIN`, the signal's reason.
 * @see Juno `l1/l1.go` and Pathfinder `crates/ethereum`, which follow the same log.
 */
export async function* watchCoreContract(options: L1WatchOptions): AsyncGenerator<FinalClaim> {
  const { contract, env, onLook, pollMs, signal } = options;
  await requireChain(contract, options.chainId);
  const updates = createUpdateMap();
  let final = await contract.finalized();
  let state = await contract.stateAt(final.number);
  const pushed = await subscribe(options, updates, final);
  onLook();
  yield* claimOf(state, `L1 block ${final.number}, state of the core contract`);
  for (;;) {
    await env.sleep(pollMs * (0.95 + env.random() * 0.1), signal);
    pushed?.check();
    const next = await contract.finalized();
    if (next.hash !== final.hash) {
      const found = await confirm({ ...options, updates, final, next, state, complete: pushed !== null });
      updates.forget(next.number);
      [final, state] = [next, found.state];
      if (found.claimed !== null) yield* claimOf(found.claimed, found.reference);
    }
    onLook();
  }
}

/** @throws {SynclineError} `SOURCE_OTHER_CHAIN`. */
export async function requireChain(contract: CoreContract, expected: number): Promise<void> {
  const got = await contract.chainId();
  if (got === expected) return;
  const message = `the L1 node serves chain ${got}, and this network settles on chain ${expected}`;
  throw sourceError('SOURCE_OTHER_CHAIN', message, { expected, got, fix: 'name a node of that chain as L1' });
}

type Updates = ReturnType<typeof createUpdateMap>;

/**
 * Has new updates pushed into the map, and fetches those that were made since `final`. Null where the node cannot
 * push: then each look fetches what has become final.
 */
async function subscribe(options: L1WatchOptions, updates: Updates, final: L1Block) {
  const { contract, windows } = options;
  if (contract.subscribe === null) return null;
  let broken: unknown = null;
  let pushedSince = 0;
  const onLog = (log: unknown) => {
    if (broken !== null) return;
    try {
      if (++pushedSince > PUSHED_MAX) throw sourceError('SOURCE_BAD_ANSWER', 'too many logs', { limit: PUSHED_MAX });
      const update = contract.parseLog(log);
      if (update.removed) updates.remove(update);
      else updates.add(update);
    } catch (error) {
      broken = error;
    }
  };
  // First the subscription: what comes between the two comes twice, which does no harm.
  await contract.subscribe(onLog);
  const latest = await contract.latest();
  // What is left out here is fetched when it has become final.
  const to = Math.min(latest, final.number + GAP_BLOCKS_MAX);
  await windows.forEach({ from: final.number + 1, to }, async (window) => {
    for (const update of await contract.updates(window)) updates.add(update);
  });
  return {
    /** @throws What was wrong with a log since the last check. */
    check() {
      pushedSince = 0;
      if (broken !== null) throw broken;
    },
  };
}

interface Confirmation extends L1WatchOptions {
  readonly updates: Updates;
  /** L1's finalized block and the contract's state there at the last look. */
  readonly final: L1Block;
  readonly state: CoreState;
  /** L1's finalized block now. */
  readonly next: L1Block;
  /** Whether the map should hold all updates already. */
  readonly complete: boolean;
}

interface Confirmed {
  /** Of the contract at `next`. */
  readonly state: CoreState;
  /** The highest update that was confirmed, null where there was none. */
  readonly claimed: CoreState | null;
  /** Where that stands. */
  readonly reference: string;
}

/** What L1's finality has come over between two looks. */
async function confirm(step: Confirmation): Promise<Confirmed> {
  const { contract, updates, final, next, windows, log } = step;
  const now = await contract.stateAt(next.number);
  const gap = next.number - final.number;
  // Finality that went back is a node that lags, or another one: its word is taken from the contract alone.
  if (gap > 0 && gap <= GAP_BLOCKS_MAX) {
    for (const fetched of step.complete ? [false, true] : [true]) {
      if (fetched) {
        await windows.forEach({ from: final.number + 1, to: next.number }, async (window) =>
          updates.replace(window, await contract.updates(window)),
        );
      }
      const found = updates.upTo(next.number).filter(({ l1Block }) => l1Block > final.number);
      const last = found.at(-1)?.state ?? step.state;
      if (sameState(last, now)) return highestOf(found, now);
    }
    log.warn('L1 logs and the state of the core contract differ', { l1Block: next.number, height: now.height });
  }
  return { state: now, claimed: now, reference: `L1 block ${next.number}, state of the core contract` };
}

function highestOf(found: readonly StateUpdateLog[], state: CoreState): Confirmed {
  let highest: StateUpdateLog | null = null;
  for (const update of found) if (highest === null || update.state.height >= highest.state.height) highest = update;
  if (highest === null) return { state, claimed: null, reference: '' };
  const { l1Block, logIndex, transaction } = highest;
  const reference = `L1 block ${l1Block}, log ${logIndex}, transaction ${transaction}`;
  return { state, claimed: highest.state, reference };
}

function sameState(a: CoreState, b: CoreState): boolean {
  return a.height === b.height && equalBytes(a.stateRoot, b.stateRoot) && sameHash(a.hash, b.hash);
}

function sameHash(a: Hash32 | null, b: Hash32 | null): boolean {
  return a === null || b === null ? a === b : equalBytes(a, b);
}

function* claimOf({ height, hash, stateRoot }: CoreState, reference: string): Generator<FinalClaim> {
  if (height < 0) return; // nothing of L2 was settled yet
  yield { height: parseHeight(height), hash, stateRoot, reference };
}

/** Two weeks: after a longer pause the contract's state is enough. */
const GAP_BLOCKS_MAX = 100_000;
/** Between two looks. An honest contract makes some an hour. */
const PUSHED_MAX = 10_000;
