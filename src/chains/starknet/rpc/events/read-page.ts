import { readBlock, type StateView } from '../../../../engine/index.ts';
import { SynclineError } from '../../../../lib/index.ts';
import { feltCount } from '../../felt.ts';
import type { ApiVersion } from '../api-version.ts';
import type { DecodedParts } from '../decoded-parts.ts';
import { type OpenBlock, openConfirmed } from '../open-block.ts';
import type { RenderedObject } from '../render/felts.ts';
import { CandidateBlocks } from './candidate-blocks.ts';
import type { EventPosition } from './continuation-token.ts';
import { createEventMatcher, type EventFilter, type EventMatcher, type FoundEvent } from './event-filter.ts';
import type { EventSpan } from './event-span.ts';
import { renderEmittedEvent } from './render-event.ts';
import type { Work } from './work.ts';

export interface PageOptions {
  readonly view: StateView;
  readonly filter: EventFilter;
  readonly span: EventSpan;
  /** Where the page before ended. Null: at the start of the span. */
  readonly start: EventPosition | null;
  readonly chunkSize: number;
  readonly version: ApiVersion;
  readonly work: Work;
  readonly decoded: DecodedParts;
}

export interface EventPage {
  readonly events: readonly RenderedObject[];
  /** Null when there is nothing more. */
  readonly next: EventPosition | null;
}

/**
 * Reads the wanted events from a position on, up to a full page or the end of the call's share of work: then the page
 * is short, or even empty, and has a next one. A full page has a next one only if there is another wanted event.
 */
export async function readPage(options: PageOptions): Promise<EventPage> {
  const { view, filter, span, work } = options;
  const page = new PageWriter(options);
  const start = options.start ?? { height: span.from, offset: 0 };
  const candidates = new CandidateBlocks({ view, filter, from: start.height, to: span.to, work });
  let height = start.height;
  for (;;) {
    const step = await candidates.next(height);
    if (step.type === 'end') return readProvisional(options, page);
    if (step.type === 'over') return page.finish({ height: step.height, offset: 0, isProvisional: false });
    const left = page.add(openStored(options, step.height), step.height === start.height ? start.offset : 0);
    if (left !== null) return page.finish({ height: step.height, offset: left.offset, isProvisional: false });
    height = step.height + 1;
  }
}

/** The blocks being built, which come after all others: there are no more than two, and no index. */
function readProvisional({ span, start }: PageOptions, page: PageWriter): EventPage {
  const from = start?.height ?? span.from;
  let done: EventPosition = { height: span.to + 1, offset: 0, isProvisional: false };
  for (const block of span.provisional) {
    if (block.height < from) continue;
    const left = page.add(block, block.height === start?.height ? start.offset : 0);
    const offset = left?.offset ?? block.counts().events;
    if (offset > 0) done = { height: block.height, offset, isProvisional: true };
    if (left !== null) return page.finish(done);
  }
  return page.finish(null);
}

class PageWriter {
  readonly #options: PageOptions;
  readonly #match: EventMatcher;
  readonly #events: RenderedObject[] = [];
  #felts = 0;

  constructor(options: PageOptions) {
    this.#options = options;
    this.#match = createEventMatcher(options.filter);
  }

  /** Adds the wanted events of a block after the first `skip` events. Returns the first one that has no room. */
  add(block: OpenBlock, skip: number): FoundEvent | null {
    const { version, work } = this.#options;
    const { transactions, events } = block.counts();
    work.spend(BLOCK_COST);
    if (events === 0) return null;
    work.spend(transactions * TRANSACTION_COST + events * EVENT_COST);
    for (const found of this.#match(block.receipts(), { skip })) {
      if (this.#isFull) return found;
      this.#events.push(renderEmittedEvent(found, block, version));
      this.#felts += feltCount(found.event.keys) + feltCount(found.event.data);
    }
    return null;
  }

  finish(next: EventPosition | null): EventPage {
    return { events: this.#events, next };
  }

  get #isFull(): boolean {
    return this.#events.length >= this.#options.chunkSize || this.#felts >= PAGE_FELTS_MAX;
  }
}

function openStored({ view, decoded }: PageOptions, height: number): OpenBlock {
  const record = readBlock(view, height);
  if (record !== null) return openConfirmed(view, record.ref, decoded);
  throw new SynclineError('INDEX_CORRUPT', 'local', 'the event index names a block that is not stored', {
    data: { height },
  });
}

/** Keys and data of one page: some 7 MB of text. Chosen; an ordinary event has about 6. */
const PAGE_FELTS_MAX = 100_000;
/** Measured with receipts of mainnet, microseconds. */
const BLOCK_COST = 20;
const TRANSACTION_COST = 3;
const EVENT_COST = 2;
