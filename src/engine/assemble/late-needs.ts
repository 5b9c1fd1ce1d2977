import type { Need } from '../chain.ts';

/**
 * Late needs: content named by a block (a class by its hash) that arrives on its own and never holds up a block.
 * Deduplicated over all blocks in flight; sources are tried in turn, then the need's fallbacks in order; what
 * nobody can give is quarantined and tried again later, with back-off. Pure, like the range scheduler.
 */
export interface LateState {
  readonly policy: LatePolicy;
  readonly entries: Map<string, LateEntry>;
  /** Source → names of the parts it serves. */
  readonly sources: Map<string, ReadonlySet<string>>;
  inFlight: number;
}

export interface LatePolicy {
  readonly concurrencyMax: number;
  /** Needs held at once; further ones stay in the store's list until there is room. */
  readonly entriesMax: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

export const defaultLatePolicy: LatePolicy = {
  concurrencyMax: 4,
  entriesMax: 4096,
  retryBaseMs: 5_000,
  retryMaxMs: 600_000,
};

interface LateEntry {
  /** As the block named it. */
  readonly origin: Need;
  /** What is being tried now: the origin or one of its fallbacks. */
  need: Need;
  fallbacks: readonly Need[];
  readonly tried: Set<string>;
  fetchingFrom: string | null;
  rounds: number;
  retryAtMs: number;
  lastReason: string;
}

export type LateEvent =
  | { readonly type: 'source'; readonly id: string; readonly parts: readonly string[] }
  | { readonly type: 'named'; readonly needs: readonly Need[] }
  | { readonly type: 'stored'; readonly key: string }
  /** The source has none, failed, or what it sent was refused. */
  | { readonly type: 'missed'; readonly key: string; readonly reason: string }
  | { readonly type: 'tick' };

export type LateCommand =
  | { readonly type: 'fetch'; readonly key: string; readonly need: Need; readonly source: string }
  | { readonly type: 'quarantine'; readonly need: Need; readonly reason: string }
  | { readonly type: 'wake'; readonly atMs: number };

export function createLateNeeds(policy: LatePolicy): LateState {
  return { policy, entries: new Map(), sources: new Map(), inFlight: 0 };
}

/** Identity of a late need: fallbacks of one need share it. */
export function lateKey(need: Need): string {
  return `${need.part}\0${need.id ?? need.height}`;
}

export function hasRoom(state: LateState): boolean {
  return state.entries.size < state.policy.entriesMax;
}

export function stepLate(state: LateState, event: LateEvent, nowMs: number): readonly LateCommand[] {
  const commands: LateCommand[] = [];
  switch (event.type) {
    case 'source':
      state.sources.set(event.id, new Set(event.parts));
      break;
    case 'named':
      for (const need of event.needs) addNeed(state, need, nowMs);
      break;
    case 'stored':
      if (state.entries.get(event.key)?.fetchingFrom != null) state.inFlight--;
      state.entries.delete(event.key);
      break;
    case 'missed':
      onMissed(state, event.key, event.reason);
      break;
    case 'tick':
      break;
    default:
      event satisfies never;
  }
  schedule(state, nowMs, commands);
  return commands;
}

function addNeed(state: LateState, need: Need, nowMs: number): void {
  const key = lateKey(need);
  if (state.entries.has(key) || !hasRoom(state)) return;
  state.entries.set(key, {
    origin: need,
    need,
    fallbacks: need.fallbacks ?? [],
    tried: new Set(),
    fetchingFrom: null,
    rounds: 0,
    retryAtMs: nowMs,
    lastReason: 'not asked yet',
  });
}

function onMissed(state: LateState, key: string, reason: string): void {
  const entry = state.entries.get(key);
  if (entry === undefined || entry.fetchingFrom === null) return;
  entry.tried.add(entry.fetchingFrom);
  entry.fetchingFrom = null;
  entry.lastReason = reason;
  state.inFlight--;
}

function schedule(state: LateState, nowMs: number, commands: LateCommand[]): void {
  let wakeAtMs = Number.POSITIVE_INFINITY;
  for (const [key, entry] of state.entries) {
    if (state.inFlight >= state.policy.concurrencyMax) return; // an answer will bring us back
    if (entry.fetchingFrom !== null) continue;
    if (waitsForAnother(state, entry)) continue; // the other's outcome will bring us back
    if (entry.retryAtMs > nowMs) {
      wakeAtMs = Math.min(wakeAtMs, entry.retryAtMs);
      continue;
    }
    const source = chooseSource(state, entry);
    if (source === null) {
      giveUpForNow(state, entry, nowMs, commands);
      if (!hasRoom(state)) {
        state.entries.delete(key); // others wait for its place; the stored list brings it back
        continue;
      }
      // Those that waited for it have their turn now.
      wakeAtMs = Math.min(wakeAtMs, entry.rounds === 1 && isWaitedFor(state, key) ? nowMs : entry.retryAtMs);
      continue;
    }
    entry.fetchingFrom = source;
    state.inFlight++;
    commands.push({ type: 'fetch', key, need: entry.need, source });
  }
  if (wakeAtMs !== Number.POSITIVE_INFINITY) commands.push({ type: 'wake', atMs: wakeAtMs });
}

/** Until the other is stored, or nobody could give it: then one tries without. */
function waitsForAnother(state: LateState, { origin: { after } }: LateEntry): boolean {
  return after !== undefined && state.entries.get(`${after.part}\0${after.id}`)?.rounds === 0;
}

function isWaitedFor(state: LateState, key: string): boolean {
  for (const { origin } of state.entries.values()) {
    if (origin.after !== undefined && `${origin.after.part}\0${origin.after.id}` === key) return true;
  }
  return false;
}

/** The next untried source; moves on to the next fallback when all have been tried. */
function chooseSource(state: LateState, entry: LateEntry): string | null {
  for (;;) {
    for (const [id, parts] of state.sources) {
      if (parts.has(entry.need.part) && !entry.tried.has(id)) return id;
    }
    const [fallback, ...further] = entry.fallbacks;
    if (fallback === undefined) return null;
    entry.need = fallback;
    entry.fallbacks = further;
    entry.tried.clear();
  }
}

function giveUpForNow(state: LateState, entry: LateEntry, nowMs: number, commands: LateCommand[]): void {
  const { retryBaseMs, retryMaxMs } = state.policy;
  if (entry.rounds === 0) commands.push({ type: 'quarantine', need: entry.origin, reason: entry.lastReason });
  entry.retryAtMs = nowMs + Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(16, entry.rounds));
  entry.rounds++;
  entry.need = entry.origin;
  entry.fallbacks = entry.origin.fallbacks ?? [];
  entry.tried.clear();
}
