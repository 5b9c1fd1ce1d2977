import {
  type Env,
  isAbort,
  isSynclineError,
  type Scope,
  SynclineError,
  toHex,
  toSynclineError,
} from '../../lib/index.ts';
import type { Candidate } from '../chain.ts';
import { type BlockRecord, readBlock, readParts, readTips } from '../commit/index.ts';
import { addPending, judgeClaim, type PendingClaim, remedyFor, sameClaim } from '../finality/index.ts';
import type { FinalClaim, Source } from '../source.ts';
import type { StateView } from '../store.ts';
import type { BlockRef, Hash32, Height } from '../types.ts';
import { createAlarm } from './alarm.ts';
import { withDeadline } from './deadline.ts';
import type { SyncOptions } from './options.ts';
import { type Rejections, rejectionOf } from './rejections.ts';

/** What the consumer, which alone changes the confirmed chain, does for the watch. */
export interface FinalHands {
  readonly tip: () => BlockRef | null;
  /** Asks the sources of blocks whether they left our branch, and follows them if so. */
  readonly resolveFork: () => Promise<'moved' | 'kept' | 'unknown'>;
  /** Removes the blocks above a height (-1: all) and begins again there. */
  readonly unwind: (to: number) => Promise<void>;
  readonly halt: (reason: string) => void;
}

/** How a source does that serves no blocks: the range scheduler keeps no book about it. */
export interface AnchorReport {
  readonly state: 'ok' | 'cooling';
  /** Claims heard. */
  readonly ok: number;
  readonly fail: number;
  /** Height of its last claim. */
  readonly head: number | null;
}

/**
 * Hears what sources say is final, and compares it with the stored chain: agreement moves the final tip, and a
 * contradiction ends in other blocks or in a halt. A source that is away holds up nothing.
 */
export interface FinalWatch {
  /** Whether a claim can be compared now. Cheap; the consumer asks between any two steps. */
  isDue(tip: BlockRef | null): boolean;
  /** Compares the lowest claim that is due and acts on it. Called by the consumer alone, so that no block moves meanwhile. */
  settle(hands: FinalHands): Promise<void>;
  /** Of a source that serves no blocks, null for any other. */
  report(source: string): AnchorReport | null;
}

export interface FinalWatchOptions {
  readonly sync: SyncOptions;
  readonly scope: Scope;
  readonly rejections: Rejections;
  /** Something may be due. */
  readonly onDue: () => void;
  /** The final tip moved. */
  readonly onAdvanced: () => void;
}

/** Starts listening to every source that can say what is final, until the scope closes. */
export function createFinalWatch(options: FinalWatchOptions): FinalWatch {
  const { sync, scope } = options;
  const { final } = sync.tips;
  const watch = new ClaimsWatch(options, final ?? null);
  for (const source of sync.sources) {
    if (source.parts.length === 0) scope.spawn((signal) => watch.lookAfter(source, signal));
    if (final !== undefined && source.watchFinal !== undefined) scope.spawn((signal) => watch.listen(source, signal));
  }
  return watch;
}

interface OpenContradiction extends PendingClaim {
  readonly times: number;
  readonly reason: string;
  readonly retryAtMs: number;
}

class ClaimsWatch implements FinalWatch {
  private readonly options: FinalWatchOptions;
  /** What the chain calls its final tip; null where it has none. */
  private readonly tipName: string | null;
  private readonly env: Env;
  private readonly alarm;
  private readonly anchors = new Map<string, { -readonly [Key in keyof AnchorReport]: AnchorReport[Key] }>();
  /** Waiting for our block, ascending. */
  private pending: readonly PendingClaim[] = [];
  /** The highest that agreed: compared anew should our blocks be removed from under it. */
  private agreed: PendingClaim | null = null;
  /** Looked into, with nobody to ask. */
  private open: OpenContradiction | null = null;
  /** Contradicted claims, each with how often. */
  private readonly contradicted: { readonly claim: FinalClaim; times: number }[] = [];
  private halted = false;

  constructor(options: FinalWatchOptions, tipName: string | null) {
    this.options = options;
    this.tipName = tipName;
    this.env = options.sync.env;
    this.alarm = createAlarm(this.env, options.scope, () => options.onDue());
  }

  async listen(source: Source, signal: AbortSignal): Promise<void> {
    try {
      for await (const claim of source.watchFinal?.({ signal }) ?? []) {
        const anchor = this.anchors.get(source.id);
        if (anchor !== undefined) Object.assign(anchor, { ok: anchor.ok + 1, head: claim.height });
        this.add({ source: source.id, claim });
      }
    } catch (error) {
      if (isAbort(error, signal)) return;
      // By contract it reconnects by itself. One that gives up costs the final tip its progress and nothing else.
      const { code, fault, message } = toSynclineError(error);
      if (fault !== 'source' && fault !== 'peer') throw error;
      const reason = `says no more what is final: ${code}: ${message}`;
      this.options.sync.notify({ type: 'source', id: source.id, state: 'failed', reason });
    }
  }

  /** Asks a source that serves no blocks how it does, and tells when that changes. */
  async lookAfter(source: Source, signal: AbortSignal): Promise<void> {
    const { notify, pipelinePolicy } = this.options.sync;
    const anchor = { state: 'ok' as AnchorReport['state'], ok: 0, fail: 0, head: null };
    this.anchors.set(source.id, anchor);
    let told: string | null = null;
    let pauseMs = pipelinePolicy.pollMs; // at first soon: a source that never was there is the operator's mistake
    while (!signal.aborted) {
      try {
        const limit = { timeoutMs: pipelinePolicy.questionTimeoutMs, signal, what: `survey of ${source.id}` };
        await withDeadline(this.env, limit, (inner) => source.survey({ signal: inner }));
        anchor.state = 'ok';
        if (told !== null) notify({ type: 'source', id: source.id, state: 'ok', reason: 'usable again' });
        told = null;
      } catch (thrown) {
        if (isAbort(thrown, signal)) return;
        const { code, fault, message } = toSynclineError(thrown);
        if (fault !== 'source' && fault !== 'peer') throw thrown;
        anchor.state = 'cooling';
        anchor.fail++;
        if (told !== code) notify({ type: 'source', id: source.id, state: 'failed', reason: `${code}: ${message}` });
        told = code;
      }
      await this.env.sleep(pauseMs * (0.95 + this.env.random() * 0.1), signal);
      pauseMs = pipelinePolicy.pollBehindMs;
    }
  }

  report(source: string): AnchorReport | null {
    return this.anchors.get(source) ?? null;
  }

  isDue(tip: BlockRef | null): boolean {
    if (this.halted) return false;
    if (this.agreed !== null && (tip?.height ?? -1) < this.agreed.claim.height) {
      this.pending = addPending(this.pending, this.agreed);
      this.agreed = null;
    }
    if (this.open !== null) return tip !== null && this.env.nowMs() >= this.open.retryAtMs;
    const [lowest] = this.pending;
    return lowest !== undefined && tip !== null && lowest.claim.height <= tip.height;
  }

  async settle(hands: FinalHands): Promise<void> {
    if (this.open !== null) {
      await this.remedy(this.open, hands);
      return;
    }
    const [lowest, ...others] = this.pending;
    if (lowest === undefined) return;
    this.pending = others;
    const { stored, final } = this.read(lowest.claim.height);
    const verdict = judgeClaim(lowest.claim, stored, final);
    switch (verdict.type) {
      case 'wait': // the confirmed chain is above, but this block of it is not held: nothing to compare with
        return;
      case 'known':
        this.forgive(lowest);
        return;
      case 'advance':
        this.forgive(lowest);
        await this.advance(verdict.to);
        return;
      case 'contradiction':
        await this.remedy(await this.record(lowest, verdict, stored as BlockRecord), hands); // compared with a block
        return;
      default:
        verdict satisfies never;
    }
  }

  private add(heard: PendingClaim): void {
    if (this.open !== null && sameClaim(this.open.claim, heard.claim)) return; // being looked into
    this.pending = addPending(this.pending, heard);
    this.options.onDue();
  }

  private read(height: Height): { stored: BlockRecord | null; final: BlockRef | null } {
    using view = this.options.sync.store.view();
    return { stored: readBlock(view, height), final: this.readFinal(view) };
  }

  private readFinal(view: StateView): BlockRef | null {
    const tip = this.tipName === null ? null : (readTips(view)[this.tipName] ?? null);
    // The watch writes the hash with the height.
    return tip === null ? null : { height: tip.height, hash: tip.hash as Hash32 };
  }

  private forgive(agreed: PendingClaim): void {
    if (this.agreed === null || agreed.claim.height > this.agreed.claim.height) this.agreed = agreed;
    const at = this.contradicted.findIndex(({ claim }) => sameClaim(claim, agreed.claim));
    if (at !== -1) this.contradicted.splice(at, 1);
  }

  private async advance(to: BlockRef): Promise<void> {
    const { sync, onAdvanced } = this.options;
    await sync.apply.advance({ [this.tipName as string]: to }); // claims are heard only where there is a name
    sync.log.debug('the final tip moved', { height: to.height });
    onAdvanced();
  }

  /** Keeps the contradiction with its evidence, and counts it. */
  private async record(
    { source, claim }: PendingClaim,
    { field, expected, got }: { readonly field: string; readonly expected: Hash32; readonly got: Hash32 },
    stored: BlockRecord,
  ): Promise<OpenContradiction> {
    const { rejections } = this.options;
    const { height } = claim;
    const message = `block ${height} is final with another ${field} (${claim.reference})`;
    const error = new SynclineError('FINAL_MISMATCH', 'peer', message, {
      data: { check: 'l1', expected: toHex(expected), got: toHex(got), hash: toHex(stored.ref.hash) },
    });
    const where = { height, blamed: [source], nowMs: this.env.nowMs() };
    await rejections.keep(rejectionOf(error, where), this.evidenceOf(source, claim, stored));
    return { source, claim, times: this.count(claim), reason: `${source} says that ${message}`, retryAtMs: 0 };
  }

  private count(claim: FinalClaim): number {
    const known = this.contradicted.find((one) => sameClaim(one.claim, claim));
    if (known !== undefined) return ++known.times;
    this.contradicted.push({ claim, times: 1 });
    if (this.contradicted.length > CONTRADICTED_MAX) this.contradicted.shift();
    return 1;
  }

  /** The claim as JSON, and our block's stored parts with those who delivered them. */
  private evidenceOf(source: string, claim: FinalClaim, { ref, from }: BlockRecord): readonly Candidate[] {
    const shown = (hash: Hash32 | null) => (hash === null ? null : toHex(hash));
    const text = JSON.stringify({ ...claim, hash: shown(claim.hash), stateRoot: shown(claim.stateRoot) });
    using view = this.options.sync.store.view();
    const parts = readParts(view, ref.height);
    return [
      { part: 'finalClaim', bytes: new Uint8Array(Buffer.from(text)), from: source },
      ...parts.map(({ part, bytes }) => ({ part, bytes, from: from[part] ?? 'unknown' })),
    ];
  }

  private async remedy(found: OpenContradiction, hands: FinalHands): Promise<void> {
    const { claim, times } = found;
    this.open = null;
    const { final } = this.read(claim.height);
    const known = { height: claim.height, times, final };
    const hopeless = remedyFor({ ...known, branch: 'ours' });
    if (hopeless.type === 'halt') {
      this.halt(`${found.reason}; ${hopeless.reason}`, hands);
      return;
    }
    const branch = await this.askSources(claim.height, hands);
    if (branch === null) return;
    const remedy = remedyFor({ ...known, branch });
    switch (remedy.type) {
      case 'halt':
        this.halt(`${found.reason}; ${remedy.reason}`, hands);
        return;
      case 'later': {
        const retryAtMs = this.env.nowMs() + RETRY_MS;
        this.open = { ...found, retryAtMs };
        this.alarm.setAtMs(retryAtMs);
        return;
      }
      case 'unwind':
        if (!(await this.unwind(remedy.to, found, hands))) return;
        break;
      case 'compare':
        break;
      default:
        remedy satisfies never;
    }
    this.pending = addPending(this.pending, found);
  }

  /** Where the sources of blocks stand now; null when looking ended in a halt. */
  private async askSources(height: Height, hands: FinalHands): Promise<'ours' | 'left' | 'unknown' | null> {
    const before = hands.tip();
    const outcome = await hands.resolveFork();
    if (outcome === 'unknown') return 'unknown';
    const now = hands.tip();
    if (outcome === 'moved' && now === before) {
      this.halted = true;
      return null;
    }
    return outcome === 'moved' && (now?.height ?? -1) < height ? 'left' : 'ours';
  }

  /** Whether the blocks are gone; where they cannot be removed all halts. */
  private async unwind(to: number, { reason, claim }: OpenContradiction, hands: FinalHands): Promise<boolean> {
    this.options.sync.log.warn('rolling back to what is agreed to be final', { height: claim.height, to });
    try {
      await hands.unwind(to);
      return true;
    } catch (error) {
      if (!isSynclineError(error) || error.code !== 'UNDO_MISSING') throw error;
      this.halt(`${reason}; and ${error.message}`, hands);
      return false;
    }
  }

  private halt(reason: string, hands: FinalHands): void {
    this.halted = true;
    hands.halt(reason);
  }
}

/** How long until the sources of blocks are asked again when none could be. */
const RETRY_MS = 5_000;
const CONTRADICTED_MAX = 64;
