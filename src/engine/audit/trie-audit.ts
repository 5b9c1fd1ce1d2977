import { compareBytes, equalBytes, toHex } from '../../lib/index.ts';
import type { StateBuild } from '../chain.ts';
import { HistoricState } from '../commit/historic-state.ts';
import type { BlockRecord } from '../commit/records.ts';
import type { KeyRange, StateView, Table, Write } from '../store.ts';
import type { Hash32 } from '../types.ts';
import { pendingReason, tipRecord } from './audit-records.ts';
import { type AuditContext, confirmedIn, isCanonical } from './context.ts';
import { differs, recordDiffers } from './difference.ts';
import { bucketOf, countKey, createTally } from './key-tally.ts';
import { beginBuild, judged, type RecordWrites, recordText, rollBackWrites } from './state-build.ts';
import type { CheckCounter } from './summary.ts';

/** What a step came to. */
export type TrieStep =
  /** More steps are needed; this share of the work is done, 0 to 1. */
  | { readonly type: 'working'; readonly share: number }
  | { readonly type: 'done' }
  /** The block whose state was being built is gone: begin anew. */
  | { readonly type: 'gone' };

/**
 * Builds all tries again from the flat state as of the block that was the tip at the first step, and compares every
 * page and every derived value with what is stored; then looks whether there are others.
 *
 * Each step may have a newer view. The flat state of the block is then put together from history; a page that later
 * blocks changed is compared with what rolling back these blocks would make of it.
 */
export class TrieAudit {
  private readonly context: AuditContext;
  private at: BlockRecord | null = null;
  private build: StateBuild | null = null;
  private phase: 'build' | 'count' | 'locate' = 'build';
  private readonly expected = createTally();
  private readonly found = createTally();
  /** In phase `count`: the table at hand, and where in it the last step ended. */
  private counting: { readonly table: Table; readonly start: Uint8Array } = { table: 'trie', start: NOTHING };
  /** In phase `locate`: the bucket with a record too many, and what belongs there. */
  private bucket = -1;
  private readonly belonging = new Set<string>();
  /** What it would take to roll back to the block from this tip; null where that is too much. */
  private back: { readonly tip: Hash32; readonly writes: RecordWrites | null } | null = null;

  constructor(context: AuditContext) {
    this.context = context;
  }

  /** @throws {DifferenceFound} */
  step(view: StateView, counter: CheckCounter): TrieStep {
    const pending = pendingReason(view);
    if (pending !== null) return this.giveUp(counter, pending);
    this.at ??= tipRecord(this.context, view);
    if (this.at === null) return { type: 'done' };
    if (!isCanonical(view, this.at.ref)) return { type: 'gone' };
    const input = { view, counter, at: this.at };
    return this.phase === 'count' ? this.count(input) : this.takePiece(input);
  }

  private takePiece(input: StepInput): TrieStep {
    const { view, counter, at } = input;
    const { height } = at.ref;
    const flat = this.isTip(input) ? view : new HistoricState(view, height);
    this.build ??= beginBuild(this.context.rules, at, flat);
    const { build } = this;
    if (build === null) return this.giveUp(counter, 'the state is too large to be built at once');
    const piece = judged(height, () => build.step(flat));
    for (const write of piece.writes) {
      if (this.phase === 'locate') this.remember(write);
      else this.requireStored(input, write);
    }
    if (piece.root === null) return { type: 'working', share: BUILD_SHARE * piece.share };
    if (!equalBytes(piece.root, at.stateRoot)) {
      const numbers = { expected: toHex(at.stateRoot), got: toHex(piece.root) };
      throw differs({ check: 'state-root', height, ...numbers, reason: 'built again from the flat state' });
    }
    this.build = null;
    if (this.phase === 'locate') return this.locate(input);
    counter.pass('state-root');
    this.phase = 'count';
    return { type: 'working', share: BUILD_SHARE };
  }

  /** A record that the build made must be stored, the same. */
  private requireStored(input: StepInput, { table, key, value }: Write): void {
    const { view, counter } = input;
    countKey(this.expected, taggedKey(table, key));
    const stored = view.get(table, key) ?? null;
    if (sameValue(stored, value)) {
      counter.pass('trie');
      return;
    }
    if (!this.isTip(input)) {
      const back = this.rollBack(input);
      if (back === null) {
        counter.undecided('trie', 'a node changed it meanwhile');
        return;
      }
      const text = recordText(table, key);
      if (sameValue(back.has(text) ? (back.get(text) ?? null) : stored, value)) {
        counter.pass('trie');
        return;
      }
    }
    throw recordDiffers({ table, key, check: 'trie' }, value, stored);
  }

  private rollBack({ view, at }: StepInput): RecordWrites | null {
    const tip = confirmedIn(this.context.tips, view);
    if (tip === null) return null;
    if (this.back === null || !equalBytes(this.back.tip, tip.hash)) {
      this.back = { tip: tip.hash, writes: rollBackWrites(this.context.rules, view, { at, top: tip.height }) };
    }
    return this.back.writes;
  }

  /** Everything that was built is there; so where more is stored, there is something else. */
  private count(input: StepInput): TrieStep {
    if (!this.isTip(input)) return this.giveUp(input.counter, MOVED);
    const { table, start } = this.counting;
    let left = COUNTED_PER_STEP;
    for (const [key] of this.derivedRecords(input.view, table, start)) {
      countKey(this.found, taggedKey(table, key));
      if (--left > 0) continue;
      this.counting = { table, start: new Uint8Array([...key, 0]) };
      return { type: 'working', share: (1 + BUILD_SHARE) / 2 };
    }
    if (table === 'trie') {
      this.counting = { table: 'state', start: NOTHING };
      return { type: 'working', share: (1 + BUILD_SHARE) / 2 };
    }
    this.bucket = this.found.findIndex((count, bucket) => count !== this.expected[bucket]);
    if (this.bucket === -1) {
      input.counter.pass('surplus-pages');
      return { type: 'done' };
    }
    this.phase = 'locate';
    return { type: 'working', share: BUILD_SHARE };
  }

  private remember({ table, key }: Write): void {
    if (bucketOf(taggedKey(table, key)) === this.bucket) this.belonging.add(recordText(table, key));
  }

  private locate(input: StepInput): TrieStep {
    if (!this.isTip(input)) return this.giveUp(input.counter, MOVED);
    for (const table of ['trie', 'state'] as const) {
      for (const [key, value] of this.derivedRecords(input.view, table, NOTHING)) {
        if (bucketOf(taggedKey(table, key)) !== this.bucket || this.belonging.has(recordText(table, key))) continue;
        throw recordDiffers({ table, key, check: 'trie' }, 'no record: no trie has it', value);
      }
    }
    const [expected = '', got = ''] = [this.expected, this.found].map((tally) => `${tally[this.bucket]} records`);
    throw differs({ check: 'trie', table: 'trie', expected, got });
  }

  /** Table `trie`, or what is derived in table `state`, from a key on. */
  private *derivedRecords(
    view: StateView,
    table: Table,
    start: Uint8Array,
  ): Generator<readonly [Uint8Array, Uint8Array], void> {
    const ranges: readonly KeyRange[] =
      table === 'trie'
        ? [{}]
        : (this.context.rules.derivedState ?? []).map((first) => ({
            start: Uint8Array.of(first),
            end: Uint8Array.of(first + 1),
          }));
    for (const range of ranges) {
      const isBehind = range.start === undefined || compareBytes(range.start, start) < 0;
      yield* view.range(table, isBehind && start.length > 0 ? { ...range, start } : range);
    }
  }

  private isTip({ view, at }: StepInput): boolean {
    const tip = confirmedIn(this.context.tips, view);
    return tip !== null && equalBytes(tip.hash, at.ref.hash);
  }

  private giveUp(counter: CheckCounter, reason: string): TrieStep {
    counter.undecided(this.phase === 'build' ? 'trie' : 'surplus-pages', reason);
    return { type: 'done' };
  }
}

interface StepInput {
  readonly view: StateView;
  readonly counter: CheckCounter;
  readonly at: BlockRecord;
}

/** Keys of two tables in one tally. */
function taggedKey(table: Table, key: Uint8Array): Uint8Array {
  const out = new Uint8Array(key.length + 1);
  out[0] = table === 'trie' ? 0 : 1;
  out.set(key, 1);
  return out;
}

function sameValue(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : equalBytes(a, b);
}

const NOTHING = new Uint8Array(0);
const MOVED = 'surplus pages are not looked for while a node goes on';
/** Building takes most of the time, the rest is reading. */
const BUILD_SHARE = 0.9;
const COUNTED_PER_STEP = 20_000;
