import { openSlots, schedule } from './schedule.ts';
import {
  claims,
  createBook,
  noteAnswer,
  noteAside,
  noteBoast,
  noteFailure,
  noteGoodBlock,
  noteHole,
  noteStrike,
  noteSurvey,
  type SourceBook,
  stateOf,
} from './source-book.ts';
import {
  backoff,
  cancelRequests,
  closeRequest,
  examine,
  forget,
  isUnsealed,
  type RangeCommand,
  type RangeEvent,
  type RangeState,
  startOver,
  wantOf,
} from './state.ts';

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

function take(state: RangeState, event: RangeEvent, nowMs: number, commands: RangeCommand[]): void {
  switch (event.type) {
    case 'source':
      state.books.set(event.source.id, createBook(event.source, nowMs));
      return;
    case 'survey': {
      const book = state.books.get(event.source);
      if (book) {
        noteSurvey(book, event.survey, nowMs);
        wakeSlots(state, book, nowMs);
      }
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
      onNeeds(state, event, nowMs, commands);
      return;
    case 'refused':
      onRefused(state, event, nowMs, commands);
      return;
    case 'committed':
      onCommitted(state, event.height);
      return;
    case 'aside': {
      const book = state.books.get(event.source);
      if (book) noteAside(book, nowMs, event.forMs);
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
  if (event.delivered.length > 0) noteBackedClaim(state, book, request.height);
  if (slot === undefined || !isUnsealed(slot)) return;
  slot.bytes += event.bytes;
  state.heldBytes += event.bytes;
  if (slot.bytes > state.blockBytes) state.blockBytes = state.blockBytes * 0.9 + slot.bytes * 0.1;
  for (const want of slot.wants) {
    if (!request.parts.includes(want.need.part)) continue;
    // Delivered or not, it is not asked again of this source unless the whole height starts over.
    want.tried.set(request.source, 'absent');
    if (book === undefined || want.need.weight !== 'seal' || !event.absent.includes(want.need.part)) continue;
    if (request.height > state.delivered) noteBoast(book, request.height, nowMs);
    else noteHole(book, request.height);
  }
  if (event.delivered.length === 0) return;
  if (slot.phase === 'examining') slot.dirty = true;
  else examine(slot, commands);
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
  // A height that healthy others do not claim and nobody has ever shown may just be a boast: believe it later.
  const { height } = request;
  const others = [...state.books.values()].filter((other) => other !== book && stateOf(other, nowMs) === 'ok');
  const alone = others.some((other) => other.surveyed) && !others.some((other) => claims(other, height));
  if (book && height > state.delivered && alone) noteBoast(book, height, nowMs);
}

/** A block came: claims up to its height are backed, whatever was thought of this source's claims before. */
function noteBackedClaim(state: RangeState, book: SourceBook | undefined, height: number): void {
  state.delivered = Math.max(state.delivered, height);
  if (book && book.claimCeiling !== null && height > book.claimCeiling) {
    book.claimCeiling = null;
    book.boastsInRow = 0;
  }
}

/** A source has news: heights it now claims need not wait for their retry. */
function wakeSlots(state: RangeState, book: SourceBook, nowMs: number): void {
  for (const slot of state.slots.values()) {
    if (slot.phase !== 'open' || slot.retryAtMs <= nowMs || !claims(book, slot.height)) continue;
    if (slot.wants.some(({ need, tried }) => book.parts.has(need.part) && !tried.has(book.id))) slot.retryAtMs = nowMs;
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

function onNeeds(
  state: RangeState,
  event: Extract<RangeEvent, { type: 'needs' }>,
  nowMs: number,
  commands: RangeCommand[],
): void {
  const slot = state.slots.get(event.height);
  if (slot === undefined || slot.phase !== 'examining') return;
  slot.phase = 'open';
  slot.openedAtMs = nowMs;
  const before = slot.wants;
  // What is known of a part survives; also when it already moved on to a fallback.
  slot.wants = event.needs.map(
    (need) => before.find(({ origin }) => origin.part === need.part && origin.id === need.id) ?? wantOf(need),
  );
  if (slot.dirty) examine(slot, commands);
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

function handOver(state: RangeState, commands: RangeCommand[]): void {
  for (let slot = state.slots.get(state.next); slot?.phase === 'sealed'; slot = state.slots.get(state.next)) {
    slot.phase = 'handed';
    commands.push({ type: 'hand', height: state.next });
    state.next++;
  }
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
