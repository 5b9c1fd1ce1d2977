import type { Need } from '../chain.ts';
import type { SourceLimits, Survey } from '../source.ts';
import type { RangePolicy } from './policy.ts';
import {
  claims,
  createBook,
  lastResortAtMs,
  noteAnswer,
  noteAside,
  noteBrokenClaim,
  noteFailure,
  noteGoodBlock,
  noteStrike,
  noteSurvey,
  readyAtMs,
  type SourceBook,
  type SourceState,
  stateOf,
  takeTurn,
} from './source-book.ts';

/**
 * The range scheduler: which height is asked for, of whom, and when. It decides and does nothing: events go in,
 * commands come out, time is an argument. Memory is bounded by the window in blocks and bytes; every wait has an
 * end; a height that a source could not serve goes to another.
 *
 * The life of a slot: `open` (parts missing) → `examining` → `open` again (more needs, or rejected) or `sealed` →
 * `handed` (in the channel to the applier) → committed and gone, or back to `open` when the applier refuses it.
 */
export interface RangeState {
  readonly policy: RangePolicy;
  /** What to ask for first at any height. */
  readonly firstNeeds: readonly Need[];
  /** First height that is not committed. */
  base: number;
  /** First height that is not handed over. */
  next: number;
  /** Last height wanted, inclusive. */
  limit: number;
  readonly slots: Map<number, Slot>;
  readonly books: Map<string, SourceBook>;
  readonly requests: Map<number, Request>;
  nextRequest: number;
  /** Smoothed size of a block in bytes. */
  blockBytes: number;
  heldBytes: number;
}

interface Slot {
  readonly height: number;
  phase: 'open' | 'examining' | 'sealed' | 'handed';
  wants: Want[];
  bytes: number;
  /** `wanted` parts given up for this height. */
  absent: string[];
  attempts: number;
  retryAtMs: number;
  /** Sources whose bytes for this height were rejected. */
  readonly avoid: Set<string>;
  /** Since when this height is asked for. */
  openedAtMs: number;
  /**
   * Set once parts of several sources did not fit together: from then on each attempt takes all parts from one
   * source, so that the next refusal names the one at fault. Holds the sources that had their turn.
   */
  alone: Set<string> | null;
  /** Whose turn it is. */
  lead: string | null;
}

interface Want {
  need: Need;
  readonly tried: Map<string, 'absent' | 'failed'>;
  fallbacks: readonly Need[];
  rounds: number;
}

interface Request {
  readonly id: number;
  readonly source: string;
  readonly height: number;
  readonly parts: readonly string[];
  readonly sentAtMs: number;
}

export type RangeEvent =
  | { readonly type: 'source'; readonly source: { id: string; parts: readonly string[]; limits: SourceLimits } }
  | { readonly type: 'survey'; readonly source: string; readonly survey: Survey }
  | { readonly type: 'unreachable'; readonly source: string; readonly retryAfterMs: number | null }
  | {
      readonly type: 'fetched';
      readonly request: number;
      readonly bytes: number;
      readonly delivered: readonly string[];
      readonly absent: readonly string[];
    }
  | {
      readonly type: 'failed';
      readonly request: number;
      readonly fault: 'source' | 'peer';
      readonly retryAfterMs: number | null;
    }
  | { readonly type: 'sealed'; readonly height: number; readonly bytes: number; readonly from: readonly string[] }
  | { readonly type: 'needs'; readonly height: number; readonly needs: readonly Need[] }
  /** The rules or the applier refused the height. Fault `source`: nobody lied, ask again. */
  | {
      readonly type: 'refused';
      readonly height: number;
      readonly fault: 'source' | 'peer';
      readonly blamed: readonly string[];
    }
  | { readonly type: 'committed'; readonly height: number }
  /** A source is on a branch that was not chosen. */
  | { readonly type: 'aside'; readonly source: string; readonly forMs: number }
  /** A source proved to lie outside a slot, e.g. while forks were compared. */
  | { readonly type: 'strike'; readonly source: string }
  /** The confirmed tip moved by other means: begin again above it. */
  | { readonly type: 'reset'; readonly base: number }
  | { readonly type: 'limit'; readonly limit: number }
  | { readonly type: 'tick' };

export type RangeCommand =
  | {
      readonly type: 'fetch';
      readonly request: number;
      readonly source: string;
      readonly height: number;
      readonly parts: readonly string[];
      readonly id?: string;
      readonly timeoutMs: number;
    }
  | { readonly type: 'cancel'; readonly request: number }
  | { readonly type: 'examine'; readonly height: number; readonly absent: readonly string[] }
  /** Forget the candidates (and the sealed block) of a height. */
  | { readonly type: 'drop'; readonly height: number }
  | { readonly type: 'hand'; readonly height: number }
  /** Empty the channel: what is in it no longer follows, or will be handed over again. */
  | { readonly type: 'recall' }
  | { readonly type: 'wake'; readonly atMs: number }
  | { readonly type: 'source'; readonly id: string; readonly state: SourceState; readonly untilMs: number }
  | { readonly type: 'stalled'; readonly height: number; readonly parts: readonly string[] };

export function createRange(options: { policy: RangePolicy; firstNeeds: readonly Need[]; base: number }): RangeState {
  return {
    policy: options.policy,
    firstNeeds: options.firstNeeds,
    base: options.base,
    next: options.base,
    limit: Number.POSITIVE_INFINITY,
    slots: new Map(),
    books: new Map(),
    requests: new Map(),
    nextRequest: 1,
    blockBytes: options.policy.blockBytesGuess,
    heldBytes: 0,
  };
}

/** Takes one event. The state is owned by the caller and changed in place: thousands of steps a second. */
export function stepRange(state: RangeState, event: RangeEvent, nowMs: number): readonly RangeCommand[] {
  const commands: RangeCommand[] = [];
  take(state, event, nowMs, commands);
  handOver(state, commands);
  openSlots(state, nowMs);
  schedule(state, nowMs, commands);
  tellSources(state, nowMs, commands);
  return commands;
}

/** The highest height that the sources together claim to deliver from `base` on without a hole; `base - 1` if none. */
export function reachable(state: RangeState): number {
  let reach = state.base - 1;
  for (let grew = true; grew; ) {
    grew = false;
    for (const book of state.books.values()) {
      for (const span of book.spans) {
        if (span.from <= reach + 1 && span.to > reach) {
          reach = span.to;
          grew = true;
        }
      }
    }
  }
  return reach;
}

function take(state: RangeState, event: RangeEvent, nowMs: number, commands: RangeCommand[]): void {
  switch (event.type) {
    case 'source':
      state.books.set(event.source.id, createBook(event.source, nowMs));
      return;
    case 'survey': {
      const book = state.books.get(event.source);
      if (book) noteSurvey(book, event.survey);
      return;
    }
    case 'unreachable': {
      const book = state.books.get(event.source);
      if (book) noteFailure(book, nowMs, state.policy, event.retryAfterMs);
      return;
    }
    case 'fetched':
      onFetched(state, event, nowMs, commands);
      return;
    case 'failed':
      onFailed(state, event, nowMs);
      return;
    case 'sealed':
      onSealed(state, event, commands);
      return;
    case 'needs':
      onNeeds(state, event, nowMs);
      return;
    case 'refused':
      onRefused(state, event, nowMs, commands);
      return;
    case 'committed':
      onCommitted(state, event.height);
      return;
    case 'aside': {
      const book = state.books.get(event.source);
      if (book) noteAside(book, nowMs, nowMs + event.forMs);
      return;
    }
    case 'strike': {
      const book = state.books.get(event.source);
      if (book) noteStrike(book, nowMs, state.policy);
      return;
    }
    case 'reset':
      reset(state, event.base, commands);
      return;
    case 'limit':
      state.limit = event.limit;
      return;
    case 'tick':
      return;
    default:
      event satisfies never;
  }
}

function onFetched(
  state: RangeState,
  event: Extract<RangeEvent, { type: 'fetched' }>,
  nowMs: number,
  commands: RangeCommand[],
): void {
  const request = closeRequest(state, event.request);
  if (request === undefined) return;
  const book = state.books.get(request.source);
  if (book) noteAnswer(book, nowMs - request.sentAtMs);
  const slot = state.slots.get(request.height);
  if (slot === undefined || slot.phase === 'sealed' || slot.phase === 'handed') return;
  slot.bytes += event.bytes;
  state.heldBytes += event.bytes;
  for (const want of slot.wants) {
    if (!request.parts.includes(want.need.part)) continue;
    // Delivered or not, it is not asked again of this source unless the whole height starts over.
    want.tried.set(request.source, 'absent');
    const claimed = want.need.weight === 'seal' && event.absent.includes(want.need.part);
    if (book && claimed) noteBrokenClaim(book, request.height);
  }
  if (event.delivered.length > 0) examine(slot, commands);
}

function onFailed(state: RangeState, event: Extract<RangeEvent, { type: 'failed' }>, nowMs: number): void {
  const request = closeRequest(state, event.request);
  if (request === undefined) return;
  const book = state.books.get(request.source);
  if (book && event.fault === 'source') noteFailure(book, nowMs, state.policy, event.retryAfterMs);
  if (book && event.fault === 'peer') noteStrike(book, nowMs, state.policy);
  for (const want of state.slots.get(request.height)?.wants ?? []) {
    if (request.parts.includes(want.need.part)) want.tried.set(request.source, 'failed');
  }
}

function onSealed(state: RangeState, event: Extract<RangeEvent, { type: 'sealed' }>, commands: RangeCommand[]): void {
  const slot = state.slots.get(event.height);
  if (slot === undefined || slot.phase !== 'examining') return;
  slot.phase = 'sealed';
  slot.wants = [];
  state.heldBytes += event.bytes - slot.bytes;
  slot.bytes = event.bytes;
  state.blockBytes = state.blockBytes * 0.9 + event.bytes * 0.1;
  cancelRequests(state, slot.height, commands);
  for (const id of new Set(event.from)) {
    const book = state.books.get(id);
    if (book) noteGoodBlock(book, state.policy);
  }
}

function onNeeds(state: RangeState, event: Extract<RangeEvent, { type: 'needs' }>, nowMs: number): void {
  const slot = state.slots.get(event.height);
  if (slot === undefined || slot.phase !== 'examining') return;
  slot.phase = 'open';
  slot.openedAtMs = nowMs;
  slot.wants = event.needs.map((need) => {
    // What is known of a part survives; also when it already moved on to a fallback.
    const known = slot.wants.find((want) => want.need.part === need.part && want.need.id === need.id);
    const moved = slot.wants.find((want) => need.fallbacks?.some((fallback) => fallback.part === want.need.part));
    return known ?? moved ?? wantOf(need);
  });
}

function onRefused(
  state: RangeState,
  event: Extract<RangeEvent, { type: 'refused' }>,
  nowMs: number,
  commands: RangeCommand[],
): void {
  const { policy } = state;
  const blamed = [...new Set(event.blamed)];
  const culprit = event.fault === 'peer' && blamed.length === 1 ? blamed[0] : undefined;
  const book = culprit === undefined ? undefined : state.books.get(culprit);
  if (book) noteStrike(book, nowMs, policy);
  const slot = state.slots.get(event.height);
  if (slot === undefined) return;
  if (slot.phase === 'handed') recall(state, event.height, commands);
  const repeated = slot.attempts > 0;
  startOver(state, slot, nowMs, commands);
  if (culprit !== undefined) slot.avoid.add(culprit);
  else slot.alone ??= new Set();
  // The first refusal is retried at once: another source may have the truth, or the branch has just changed.
  slot.retryAtMs = repeated ? nowMs + backoff(policy, slot.attempts) : nowMs;
  slot.attempts++;
}

/** The applier stopped at `height`: what was handed over from there on will be handed over again. */
function recall(state: RangeState, height: number, commands: RangeCommand[]): void {
  state.next = Math.min(state.next, height);
  for (const slot of state.slots.values()) {
    if (slot.height >= height && slot.phase === 'handed') slot.phase = 'sealed';
  }
  commands.push({ type: 'recall' });
}

function onCommitted(state: RangeState, height: number): void {
  for (let done = state.base; done <= height; done++) forget(state, done);
  state.base = Math.max(state.base, height + 1);
  state.next = Math.max(state.next, state.base);
}

function reset(state: RangeState, base: number, commands: RangeCommand[]): void {
  for (const height of [...state.slots.keys()]) {
    cancelRequests(state, height, commands);
    commands.push({ type: 'drop', height });
    forget(state, height);
  }
  state.base = base;
  state.next = base;
  commands.push({ type: 'recall' });
}

function startOver(state: RangeState, slot: Slot, nowMs: number, commands: RangeCommand[]): void {
  cancelRequests(state, slot.height, commands);
  commands.push({ type: 'drop', height: slot.height });
  state.heldBytes -= slot.bytes;
  slot.bytes = 0;
  slot.phase = 'open';
  slot.absent = [];
  slot.lead = null;
  slot.wants = state.firstNeeds.map((need) => wantOf(atHeight(need, slot.height)));
  slot.openedAtMs = nowMs;
}

function handOver(state: RangeState, commands: RangeCommand[]): void {
  for (let slot = state.slots.get(state.next); slot?.phase === 'sealed'; slot = state.slots.get(state.next)) {
    slot.phase = 'handed';
    commands.push({ type: 'hand', height: state.next });
    state.next++;
  }
}

function openSlots(state: RangeState, nowMs: number): void {
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
    });
  }
}

function isUnsealed(slot: Slot): boolean {
  return slot.phase === 'open' || slot.phase === 'examining';
}

function schedule(state: RangeState, nowMs: number, commands: RangeCommand[]): void {
  let wakeAtMs = Number.POSITIVE_INFINITY;
  const heights = [...state.slots.keys()].sort((a, b) => a - b);
  let first = true; // the lowest height that is not sealed holds up all others
  for (const height of heights) {
    const slot = state.slots.get(height) as Slot; // from the map's own keys
    if (slot.phase === 'sealed' || slot.phase === 'handed') continue;
    if (slot.phase === 'open') wakeAtMs = Math.min(wakeAtMs, scheduleSlot(state, slot, first, nowMs, commands));
    first = false;
  }
  if (wakeAtMs !== Number.POSITIVE_INFINITY) commands.push({ type: 'wake', atMs: Math.max(wakeAtMs, nowMs + 1) });
}

/** Sends what can be sent for one height; returns when to look again. */
function scheduleSlot(state: RangeState, slot: Slot, first: boolean, nowMs: number, commands: RangeCommand[]): number {
  if (slot.retryAtMs > nowMs) return slot.retryAtMs;
  const underWay = [...state.requests.values()].filter((request) => request.height === slot.height);
  const hedgeAtMs = slot.openedAtMs + state.policy.hedgeAfterMs;
  const hedging = first && underWay.length === 1 && nowMs >= hedgeAtMs && slot.alone === null;
  if (underWay.length > 0 && !hedging) {
    return first && nowMs < hedgeAtMs ? hedgeAtMs : Number.POSITIVE_INFINITY;
  }
  const busy = new Set(underWay.map((request) => request.source));
  const choice = chooseSource(state, slot, busy, nowMs);
  if (choice.book !== null) {
    send(state, slot, choice.book, nowMs, commands);
    return first ? nowMs + state.policy.hedgeAfterMs : Number.POSITIVE_INFINITY;
  }
  if (underWay.length > 0) return choice.readyAtMs;
  if (choice.readyAtMs !== Number.POSITIVE_INFINITY || choice.waiting) return choice.readyAtMs;
  return exhausted(state, slot, nowMs, commands);
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
  return slot.wants
    .filter(
      ({ need, tried }) =>
        book.parts.has(need.part) && !tried.has(book.id) && (need.id !== undefined || claims(book, slot.height)),
    )
    .map((want) => want.need.part);
}

function send(state: RangeState, slot: Slot, book: SourceBook, nowMs: number, commands: RangeCommand[]): void {
  const parts = partsFor(slot, book);
  const id = state.nextRequest++;
  takeTurn(book);
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
    timeoutMs: state.policy.requestTimeoutMs,
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
    want.tried.clear();
    // While sealing parts are missing too, the sources are in trouble: that says nothing about this part.
    if (onlyWanted) want.rounds++;
  }
  slot.avoid.clear();
  slot.attempts++;
  // A source that failed sets the pace by its own cool-down; one that has nothing is asked again later.
  slot.retryAtMs = anyFailed ? nowMs + 1 : nowMs + backoff(policy, slot.attempts);
  if (slot.attempts >= STALLED_ATTEMPTS) {
    commands.push({ type: 'stalled', height: slot.height, parts: slot.wants.map((want) => want.need.part) });
  }
  return slot.retryAtMs;
}

/** Whether some source could still be asked for a part: it is only avoided for now. */
function untried(state: RangeState, slot: Slot, { need, tried }: Want): boolean {
  for (const book of state.books.values()) {
    if (book.parts.has(need.part) && !tried.has(book.id) && claims(book, slot.height)) return true;
  }
  return false;
}

function examine(slot: Slot, commands: RangeCommand[]): void {
  if (slot.phase !== 'open') return;
  slot.phase = 'examining';
  commands.push({ type: 'examine', height: slot.height, absent: [...slot.absent] });
}

function tellSources(state: RangeState, nowMs: number, commands: RangeCommand[]): void {
  for (const book of state.books.values()) {
    const now = stateOf(book, nowMs);
    if (now === book.state) continue;
    book.state = now;
    const untilMs = Math.max(book.coolUntilMs, book.benchedUntilMs);
    commands.push({ type: 'source', id: book.id, state: now, untilMs });
  }
}

function closeRequest(state: RangeState, id: number): Request | undefined {
  const request = state.requests.get(id);
  if (request === undefined) return undefined;
  state.requests.delete(id);
  const book = state.books.get(request.source);
  if (book) book.inFlight--;
  return request;
}

function cancelRequests(state: RangeState, height: number, commands: RangeCommand[]): void {
  for (const request of [...state.requests.values()]) {
    if (request.height !== height) continue;
    closeRequest(state, request.id);
    commands.push({ type: 'cancel', request: request.id });
  }
}

function forget(state: RangeState, height: number): void {
  const slot = state.slots.get(height);
  if (slot === undefined) return;
  state.heldBytes -= slot.bytes;
  state.slots.delete(height);
}

function wantOf(need: Need): Want {
  return { need, tried: new Map(), fallbacks: need.fallbacks ?? [], rounds: 0 };
}

function atHeight(need: Need, height: number): Need {
  const moved = { ...need, height: height as Need['height'] };
  if (need.fallbacks === undefined) return moved;
  return { ...moved, fallbacks: need.fallbacks.map((fallback) => atHeight(fallback, height)) };
}

function backoff(policy: RangePolicy, attempts: number): number {
  return Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** Math.min(16, Math.max(0, attempts - 1)));
}

/** Rounds over all sources before a part that is only `wanted` is given up although some source failed. */
const WANTED_ROUNDS = 5;
/** Rounds without success after which the operator hears of it. */
const STALLED_ATTEMPTS = 3;
