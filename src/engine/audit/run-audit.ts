import { SynclineError } from '../../lib/index.ts';
import type { BlockRef, Height, Span } from '../types.ts';
import type { BlocksFound } from './audit-blocks.ts';
import type { AuditAnswer, AuditHost } from './audit-host.ts';
import { beginCourse, type Course, climb, loadRef, type Rung, type SweepCourse, topRung } from './course.ts';
import type { AuditDifference } from './difference.ts';
import { addTallies, createTally } from './key-tally.ts';
import { addSums, type CheckSummaries, mergeSummaries } from './summary.ts';
import { type SweptTable, sweptTables } from './sweep.ts';
import type { TrieStep } from './trie-audit.ts';

/** What is being done, and how much of it is done. */
export interface AuditProgress {
  readonly phase: 'records' | 'blocks' | SweptTable | 'counts' | 'tries';
  /** Blocks or records looked at in this phase. */
  readonly done: number;
  /** How many there are, null where that is not known beforehand. */
  readonly total: number | null;
  /** Of this phase, 0 to 1; null where it is not known. */
  readonly share: number | null;
}

export interface AuditOutcome {
  /** The first thing found that does not hold; null when everything does. */
  readonly difference: AuditDifference | null;
  /** The last block that was verified, null for none. */
  readonly last: BlockRef | null;
  /** Blocks verified, those of an earlier run that was taken up again included. */
  readonly blocks: number;
  /** The first height that was left to verify when this run began. */
  readonly begunAt: number;
  /** Check → how often it was made. */
  readonly checks: CheckSummaries;
}

export interface AuditRun {
  /** At least one; blocks are shared out among all of them, everything else is done by the first. */
  readonly hosts: readonly AuditHost[];
  readonly from: number;
  /** Last height to verify; null goes up to the tip, also as it moves. */
  readonly to: number | null;
  /** Also build all tries again. */
  readonly deep: boolean;
  /** Where an earlier run of the same request left off, null to begin. */
  readonly course: Course | null;
  readonly signal: AbortSignal;
  /** Hears how far it is, often. */
  onProgress(progress: AuditProgress): void;
  /** Given the course after every piece of work; the last one is worth keeping. */
  onCourse(course: Course): void;
}

/**
 * Audits a store: its own records, every block, then every other table record by record, the sums, and the tries. A
 * writer may go on meanwhile. Blocks that are rolled back take the audit back to the last stage at which they were not
 * in it yet.
 *
 * @throws {SynclineError} `AUDIT_RANGE` (fault `caller`); what reading the store throws (fault `local`); the signal's
 *   reason.
 */
export function runAudit(run: AuditRun): Promise<AuditOutcome> {
  return new Audit(run).run();
}

class Audit {
  private readonly options: AuditRun;
  private readonly host: AuditHost;
  private course: Course;
  /** Of work that is done anew in every run. */
  private checks: CheckSummaries = {};
  private begunAt: number | null = null;

  constructor(run: AuditRun) {
    this.options = run;
    const [host] = run.hosts;
    if (host === undefined) throw new TypeError('an audit needs a host');
    this.host = host;
    this.course = run.course ?? beginCourse(run);
  }

  async run(): Promise<AuditOutcome> {
    try {
      return await this.work();
    } catch (thrown) {
      if (thrown instanceof Stopped) return this.outcome(thrown.difference);
      throw thrown;
    }
  }

  private async work(): Promise<AuditOutcome> {
    this.keep(this.course);
    this.report('records', 0, null);
    this.checks = this.require(await this.host.records()).checks;
    await this.requireRange();
    const isWhole = this.options.from === 0 && this.options.to === null;
    for (;;) {
      await this.standOnFirmRung();
      this.begunAt ??= topRung(this.course).next;
      if (!(await this.takeBlocks())) continue;
      if (!isWhole) break;
      if ((await this.takeTables()) && (await this.takeCounts())) break;
    }
    if (this.options.deep) await this.takeTries();
    return this.outcome(null);
  }

  private async requireRange(): Promise<void> {
    const { from, to } = this.options;
    const tip = await this.host.refAt('tip');
    const top = tip?.height ?? -1;
    if (from <= Math.max(top, 0) && (to === null || (to >= from && to <= top))) return;
    throw new SynclineError('AUDIT_RANGE', 'caller', `there are no blocks ${from} to ${to ?? 'the tip'}`, {
      data: { expected: `heights up to ${top}`, got: `${from} to ${to ?? 'the tip'}` },
    });
  }

  /** Gives up the stages whose blocks were rolled back. */
  private async standOnFirmRung(): Promise<void> {
    const firm: Rung[] = [];
    for (const rung of this.course.rungs) {
      if (rung.last !== null && !(await this.host.isCanonical(loadRef(rung.last)))) break;
      firm.push(rung);
    }
    const { pin } = this.course;
    const isWhole = firm.length === this.course.rungs.length;
    const isPinned = isWhole && pin !== null && (await this.host.isCanonical(loadRef(pin)));
    const rungs = firm.length > 0 ? firm : beginCourse(this.options).rungs;
    this.keep({ ...this.course, rungs, ...(isPinned ? {} : { pin: null, sweep: null }) });
  }

  /** @returns False when a block it relied on was rolled back. */
  private async takeBlocks(): Promise<boolean> {
    if (this.course.pin !== null) return true;
    for (;;) {
      const pin = await this.host.refAt(this.options.to === null ? 'tip' : (this.options.to as Height));
      const { next } = topRung(this.course);
      if (pin === null || pin.height < next) return this.pinBlocks();
      if (!(await this.takeSpan({ from: next as Height, to: pin.height }, pin))) return false;
    }
  }

  /** Nothing is left to verify; what was verified last is what the rest of the work is held against. */
  private pinBlocks(): boolean {
    this.keep({ ...this.course, pin: topRung(this.course).last });
    return true;
  }

  private async takeSpan(span: Span, pin: BlockRef): Promise<boolean> {
    const { hosts, from } = this.options;
    const waiting: Promise<AuditAnswer<BlocksFound>>[] = [];
    let issued: number = span.from;
    let turn = 0;
    const issue = () => {
      const to = Math.min(span.to, issued + CHUNK_BLOCKS - 1);
      const chunk = { from: issued as Height, to: to as Height };
      const host = hosts[turn++ % hosts.length] as AuditHost; // there is at least one
      const answer = host.blocks(chunk, pin);
      answer.catch(() => {}); // looked at in its turn, or not at all after a failure
      waiting.push(answer);
      issued = to + 1;
    };
    try {
      for (;;) {
        // Two for each host, so that none waits for us.
        while (waiting.length < 2 * hosts.length && issued <= span.to) issue();
        const { next } = topRung(this.course);
        this.report('blocks', next - from, pin.height + 1 - from);
        const first = waiting.shift();
        if (first === undefined) return true;
        const answer = await first;
        if (answer.type === 'gone') return false;
        const { found, checks } = this.require(answer);
        this.keep(climb(this.course, found, checks));
      }
    } finally {
      await Promise.allSettled(waiting);
    }
  }

  private async takeTables(): Promise<boolean> {
    const first = this.course.sweep === null ? 0 : sweptTables.indexOf(this.course.sweep.table);
    for (const table of sweptTables.slice(first)) {
      const begun = this.course.sweep;
      if (begun?.table !== table) {
        const storedBefore = table === 'content' ? await this.host.storedSums() : (begun?.storedBefore ?? {});
        const carried = { content: begun?.content ?? {}, checks: begun?.checks ?? {}, storedBefore };
        this.keep({ ...this.course, sweep: { table, after: null, entries: 0, tally: createTally(), ...carried } });
      }
      if (!(await this.takeTable())) return false;
    }
    return true;
  }

  private async takeTable(): Promise<boolean> {
    const pin = this.pin();
    for (;;) {
      const begun = this.course.sweep as SweepCourse; // its caller began it
      const { table } = begun;
      this.report(table, begun.entries, this.expectedEntries(table));
      const to = pin?.height ?? -1;
      const step = { table, after: begun.after, to, entriesMax: ENTRIES_PER_STEP };
      const answer = await this.host.sweep(step, pin);
      if (answer.type === 'gone') return false;
      const { found, checks } = this.require(answer);
      const sweep: SweepCourse = {
        ...begun,
        after: found.after,
        entries: begun.entries + found.entries,
        tally: addTallies(begun.tally, found.tally),
        content: addSums(begun.content, found.sums),
        checks: mergeSummaries(begun.checks, checks),
      };
      this.keep({ ...this.course, sweep });
      if (found.after === null) return this.requireNumbers(sweep, pin);
    }
  }

  /** Of `history` and `index` it is known how many records there must be. */
  private async requireNumbers({ table, tally }: SweepCourse, pin: BlockRef | null): Promise<boolean> {
    if (table !== 'history' && table !== 'index') return true;
    const expected = topRung(this.course)[table];
    const bucket = tally.findIndex((count, i) => count !== expected[i]);
    if (bucket === -1) return true;
    const numbers = { expected: expected[bucket] ?? 0, got: tally[bucket] ?? 0 };
    const surplus = { table, bucket, ...numbers, to: pin?.height ?? -1 };
    for (let after: string | null = null; ; ) {
      this.report(table, 0, null);
      const answer = await this.host.locate({ ...surplus, after }, pin);
      if (answer.type === 'gone') return false;
      after = this.require(answer).found.after;
    }
  }

  private async takeCounts(): Promise<boolean> {
    this.report('counts', 0, null);
    const { sums } = topRung(this.course);
    const { content = {}, storedBefore = {} } = this.course.sweep ?? {};
    const pin = this.pin();
    const answer = await this.host.counts({ blocks: sums, to: pin?.height ?? -1, content, storedBefore }, pin);
    if (answer.type === 'gone') return false;
    this.checks = mergeSummaries(this.checks, this.require(answer).checks);
    return true;
  }

  private async takeTries(): Promise<void> {
    let checks: CheckSummaries = {};
    this.report('tries', 0, null, 0);
    for (let begin = true; ; ) {
      const answer: Held<TrieStep> = this.require(await this.host.tries(begin));
      const step = answer.found;
      begin = step.type === 'gone';
      checks = begin ? {} : mergeSummaries(checks, answer.checks);
      if (step.type === 'done') break;
      this.report('tries', checks.trie?.passed ?? 0, null, step.type === 'working' ? step.share : 0);
    }
    this.checks = mergeSummaries(this.checks, checks);
  }

  private expectedEntries(table: SweptTable): number | null {
    const { next, history, index } = topRung(this.course);
    if (table === 'height') return next;
    if (table !== 'history' && table !== 'index') return null;
    return (table === 'history' ? history : index).reduce((sum, count) => sum + count, 0);
  }

  private pin(): BlockRef | null {
    return this.course.pin === null ? null : loadRef(this.course.pin);
  }

  /** @throws the signal's reason. */
  private report(phase: AuditProgress['phase'], done: number, total: number | null, share?: number): void {
    this.options.signal.throwIfAborted();
    const known = total === null ? null : total === 0 ? 1 : Math.min(1, done / total);
    this.options.onProgress({ phase, done, total, share: share ?? known });
  }

  private keep(course: Course): void {
    this.course = course;
    this.options.onCourse(course);
  }

  private require<Found>(answer: AuditAnswer<Found>): Held<Found> {
    if (answer.type === 'differs') throw new Stopped(answer.difference);
    if (answer.type === 'holds') return answer;
    throw new TypeError('work that relies on no block lost one');
  }

  private outcome(difference: AuditDifference | null): AuditOutcome {
    const top = topRung(this.course);
    const checks = mergeSummaries(mergeSummaries(this.checks, top.checks), this.course.sweep?.checks ?? {});
    return {
      difference,
      last: top.last === null ? null : loadRef(top.last),
      blocks: top.next - this.course.from,
      begunAt: this.begunAt ?? top.next,
      checks,
    };
  }
}

interface Held<Found> {
  readonly found: Found;
  readonly checks: CheckSummaries;
}

/** Ends the work at a difference; never leaves this module. */
class Stopped extends Error {
  readonly difference: AuditDifference;

  constructor(difference: AuditDifference) {
    super(difference.check);
    this.difference = difference;
  }
}

/** Blocks in one piece of work. Chosen: large enough for full batches of hashes, small enough to stop soon. */
const CHUNK_BLOCKS = 32;
/** Records in one piece of work: some tens of milliseconds. */
const ENTRIES_PER_STEP = 10_000;
