import { claims, lastResortAtMs, readyAtMs, type SourceBook, stateOf, takeTurn } from './source-book.ts';
import {
  atHeight,
  backoff,
  examine,
  isUnsealed,
  type RangeCommand,
  type RangeState,
  reachable,
  type Slot,
  startOver,
  type Want,
  wantOf,
} from './state.ts';

export function openSlots(state: RangeState, nowMs: number): void {
  const { policy } = state;
  const last = Math.min(reachable(state), state.limit, state.base + policy.windowBlocks - 1);
  let expected = state.heldBytes;
  // What a block still lacks is to come: a header that is here says little of the weight of its body.
  for (const slot of state.slots.values()) if (isUnsealed(slot)) expected += Math.max(0, state.blockBytes - slot.bytes);
  for (let height = state.base; height <= last; height++) {
    if (state.slots.has(height)) continue;
    // The lowest height is always admitted, or a block larger than the window would never pass.
    if (height > state.base && expected + state.blockBytes > policy.windowBytes) return;
    expected += state.blockBytes;
    state.slots.set(height, {
      height,
      phase: 'open',
      wants: state.firstNeeds.map((need) => wantOf(atHeight(need, height))),
      bytes: 0,
      absent: [],
      attempts: 0,
      retryAtMs: nowMs,
      avoid: new Set(),
      openedAtMs: nowMs,
      alone: null,
      lead: null,
      dirty: false,
      stallTold: false,
    });
  }
}

export function schedule(state: RangeState, nowMs: number, commands: RangeCommand[]): void {
  let wakeAtMs = Number.POSITIVE_INFINITY;
  const heights = [...state.slots.keys()].sort((a, b) => a - b);
  let first = true; // the lowest height that is not sealed holds up all others
  for (const height of heights) {
    const slot = state.slots.get(height) as Slot; // from the map's own keys
    if (slot.phase === 'sealed' || slot.phase === 'handed') continue;
    if (slot.phase === 'open' && (first || hasRoom(state))) {
      wakeAtMs = Math.min(wakeAtMs, scheduleSlot(state, slot, first, nowMs, commands));
    }
    first = false;
  }
  if (wakeAtMs !== Number.POSITIVE_INFINITY) commands.push({ type: 'wake', atMs: Math.max(wakeAtMs, nowMs + 1) });
}

/** Whether one more block may be asked for: what is held and what is under way stay within the window. */
function hasRoom(state: RangeState): boolean {
  return state.heldBytes + (state.requests.size + 1) * state.blockBytes <= state.policy.windowBytes;
}

/** Sends what can be sent for one height; returns when to look again. */
function scheduleSlot(state: RangeState, slot: Slot, first: boolean, nowMs: number, commands: RangeCommand[]): number {
  if (slot.retryAtMs > nowMs) return slot.retryAtMs;
  const underWay = [...state.requests.values()].filter((request) => request.height === slot.height);
  const latest = underWay[underWay.length - 1];
  const hedgeAtMs = latest === undefined ? nowMs : latest.sentAtMs + state.policy.hedgeAfterMs;
  if (latest !== undefined) {
    const mayHedge = first && slot.alone === null && underWay.length < REQUESTS_PER_SLOT_MAX;
    if (!mayHedge) return Number.POSITIVE_INFINITY;
    if (nowMs < hedgeAtMs) return hedgeAtMs;
  }
  const busy = new Set(underWay.map((request) => request.source));
  const choice = chooseSource(state, slot, busy, nowMs);
  if (choice.book !== null) {
    send(state, slot, choice.book, nowMs, commands);
    return first ? nowMs + state.policy.hedgeAfterMs : Number.POSITIVE_INFINITY;
  }
  if (latest !== undefined || choice.waiting) return choice.readyAtMs;
  if (choice.readyAtMs === Number.POSITIVE_INFINITY) return exhausted(state, slot, nowMs, commands);
  const patienceEndsMs = slot.openedAtMs + state.policy.hedgeAfterMs;
  if (choice.readyAtMs <= patienceEndsMs || !canGoWithout(slot)) return choice.readyAtMs;
  if (nowMs < patienceEndsMs) return patienceEndsMs;
  // The only sources left are away for long. A block is not held up by what it can do without or get otherwise.
  for (const book of state.books.values()) {
    for (const want of slot.wants) if (serves(book, slot, want)) want.tried.set(book.id, 'failed');
  }
  slot.openedAtMs = nowMs;
  return exhausted(state, slot, nowMs, commands);
}

/** Whether everything missing is either not needed for sealing or has a fallback left. */
function canGoWithout(slot: Slot): boolean {
  return slot.wants.every((want) => want.need.weight === 'wanted' || want.fallbacks.length > 0);
}

function serves(book: SourceBook, slot: Slot, { need, tried }: Want): boolean {
  return book.parts.has(need.part) && !tried.has(book.id) && (need.id !== undefined || claims(book, slot.height));
}

interface Choice {
  readonly book: SourceBook | null;
  /** When the best of the others can be asked. */
  readonly readyAtMs: number;
  /** Some source could serve it and is only busy with other requests. */
  readonly waiting: boolean;
}

function chooseSource(state: RangeState, slot: Slot, busy: ReadonlySet<string>, nowMs: number): Choice {
  const able = [...state.books.values()].filter(
    (book) => !busy.has(book.id) && mayServe(slot, book) && partsFor(slot, book).length > 0,
  );
  const good = able.filter((book) => stateOf(book, nowMs) !== 'benched');
  if (good.length > 0) return bestOf(good, nowMs, (book) => readyAtMs(book, nowMs));
  return bestOf(able, nowMs, (book) => lastResortAtMs(book, nowMs, state.policy));
}

function bestOf(books: readonly SourceBook[], nowMs: number, atMs: (book: SourceBook) => number): Choice {
  let best: SourceBook | null = null;
  let readyAt = Number.POSITIVE_INFINITY;
  let waiting = false;
  for (const book of books) {
    const at = atMs(book);
    if (at > nowMs) {
      if (at === Number.POSITIVE_INFINITY) waiting = true;
      else readyAt = Math.min(readyAt, at);
    } else if (best === null || load(book) < load(best)) {
      best = book;
    }
  }
  return { book: best, readyAtMs: readyAt, waiting };
}

function mayServe(slot: Slot, book: SourceBook): boolean {
  if (slot.avoid.has(book.id)) return false;
  if (slot.alone === null) return true;
  return slot.lead === null ? !slot.alone.has(book.id) : slot.lead === book.id;
}

/** Fewer requests per slot of concurrency first, then the quicker one. */
function load(book: SourceBook): number {
  return (book.inFlight / book.limits.concurrencyMax) * 1e6 + book.latencyMs;
}

function partsFor(slot: Slot, book: SourceBook): string[] {
  return slot.wants.filter((want) => serves(book, slot, want)).map((want) => want.need.part);
}

function send(state: RangeState, slot: Slot, book: SourceBook, nowMs: number, commands: RangeCommand[]): void {
  const parts = partsFor(slot, book);
  const id = state.nextRequest++;
  takeTurn(book, 'block');
  if (slot.alone !== null) {
    slot.lead = book.id;
    slot.alone.add(book.id);
  }
  state.requests.set(id, { id, source: book.id, height: slot.height, parts, sentAtMs: nowMs });
  const contentId = slot.wants.find((want) => want.need.part === parts[0])?.need.id;
  commands.push({
    type: 'fetch',
    request: id,
    source: book.id,
    height: slot.height,
    parts,
    timeoutMs: book.limits.requestTimeoutMs ?? state.policy.requestTimeoutMs,
    ...(contentId === undefined ? {} : { id: contentId }),
  });
}

/** Every source was asked for what is missing. Go without it, take the fallback, or ask all again later. */
function exhausted(state: RangeState, slot: Slot, nowMs: number, commands: RangeCommand[]): number {
  const { policy } = state;
  if (slot.alone !== null) {
    // The one whose turn it was cannot give it all. The next one, or, when all had a turn, again from several.
    if (slot.lead === null) slot.alone = null;
    startOver(state, slot, nowMs, commands);
    return scheduleSlot(state, slot, false, nowMs, commands);
  }
  let changed = false;
  for (const want of [...slot.wants]) {
    const [fallback, ...further] = want.fallbacks;
    const failed = [...want.tried.values()].includes('failed');
    if (fallback !== undefined) {
      want.need = fallback;
      want.fallbacks = further;
      want.tried.clear();
      changed = true;
    } else if (
      want.need.weight === 'wanted' &&
      !untried(state, slot, want) &&
      (!failed || want.rounds >= WANTED_ROUNDS)
    ) {
      slot.absent.push(want.need.part);
      slot.wants = slot.wants.filter((other) => other !== want);
      changed = true;
    }
  }
  if (slot.wants.length === 0) {
    examine(slot, commands);
    return Number.POSITIVE_INFINITY;
  }
  if (changed) return scheduleSlot(state, slot, false, nowMs, commands);
  const onlyWanted = slot.wants.every((want) => want.need.weight === 'wanted');
  const anyFailed = slot.wants.some((want) => [...want.tried.values()].includes('failed'));
  for (const want of slot.wants) {
    want.need = want.origin;
    want.fallbacks = want.origin.fallbacks ?? [];
    want.tried.clear();
    // While sealing parts are missing too, the sources are in trouble: that says nothing about this part.
    if (onlyWanted) want.rounds++;
  }
  slot.avoid.clear();
  slot.attempts++;
  // A source that failed sets the pace by its own cool-down; one that has nothing is asked again later.
  slot.retryAtMs = anyFailed ? nowMs + 1 : nowMs + backoff(policy, slot.attempts);
  if (slot.attempts >= STALLED_ATTEMPTS && !slot.stallTold) {
    slot.stallTold = true;
    commands.push({ type: 'stalled', height: slot.height, parts: slot.wants.map((want) => want.need.part) });
  }
  return slot.retryAtMs;
}

/** Whether some source could still be asked for a part: it is only avoided for now. */
function untried(state: RangeState, slot: Slot, want: Want): boolean {
  return [...state.books.values()].some((book) => serves(book, slot, want));
}

/** Rounds over all sources before a part that is only `wanted` is given up although some source failed. */
const WANTED_ROUNDS = 3;
/** Rounds without success after which the operator hears of it. */
const STALLED_ATTEMPTS = 3;
/** Sources asked for the same block at once, when those before have been silent. */
const REQUESTS_PER_SLOT_MAX = 3;
