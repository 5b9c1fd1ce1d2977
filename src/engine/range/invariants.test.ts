import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Height } from '../types.ts';
import { createRange, type RangeCommand, type RangeEvent, type RangeState } from './state.ts';
import { stepRange } from './step.ts';
import { deskPolicy, type Fetch, need, wanted } from './testing.ts';

const POLICY = { ...deskPolicy, windowBlocks: 6, windowBytes: 2_000, blockBytesGuess: 200 };
const NEEDS = [need('header', { fallbacks: [need('block')] }), wanted('signature')];
const SOURCES = [
  { id: 'whole', parts: ['header', 'signature', 'block'], limits: { concurrencyMax: 3 } },
  { id: 'headers', parts: ['header'], limits: { concurrencyMax: 1 } },
  { id: 'metered', parts: ['header', 'block'], limits: { concurrencyMax: 4, ratePerS: 3 } },
  { id: 'signatures', parts: ['signature'], limits: { concurrencyMax: 2 } },
] as const;
const LIMIT = 25;

/** One thing that happens; numbers choose among what is possible at that moment. */
const happenings = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...(['answer', 'answer', 'answer', 'examined', 'examined', 'examined', 'commit', 'commit', 'pass'] as const),
      ...(['fail', 'refuse', 'survey', 'stranger', 'aside', 'strike', 'reset', 'unreachable'] as const),
    ),
    pick: fc.nat(1_000),
    size: fc.nat(900),
  }),
  { minLength: 20, maxLength: 150 },
);

describe('the scheduler, whatever happens', () => {
  it('keeps its invariants, and reaches the last height once the sources behave', () => {
    fc.assert(
      fc.property(happenings, (script) => {
        const world = new Model();
        for (const happening of script) world.happen(happening);
        world.behaveUntilDone();
      }),
      { numRuns: 150 },
    );
  });
});

/** Plays both sides: the sources, the rules and the applier; and checks every command against what it knows. */
class Model {
  private readonly state: RangeState = createRange({ policy: POLICY, firstNeeds: NEEDS, base: 0 });
  private readonly underWay = new Map<number, Fetch>();
  private readonly examining = new Map<number, readonly string[]>();
  private nowMs = 1_000_000;
  private nextHand = 0;
  private wakeAtMs = Number.POSITIVE_INFINITY;

  constructor() {
    for (const source of SOURCES) this.tell({ type: 'source', source });
    this.tell({ type: 'limit', limit: LIMIT });
    for (const { id } of SOURCES) this.survey(id, 40);
  }

  happen({ kind, pick, size }: { kind: string; pick: number; size: number }): void {
    const fetch = choose([...this.underWay.values()], pick);
    const examined = choose([...this.examining.keys()], pick);
    const source = choose(SOURCES, pick)?.id ?? '';
    switch (kind) {
      case 'answer':
        if (fetch !== undefined)
          this.answer(
            fetch,
            fetch.parts.filter((_, i) => ((pick >> i) & 1) === 0),
            size,
          );
        return;
      case 'fail': {
        const retryAfterMs = pick % 3 === 0 ? size * 10 : null;
        if (fetch !== undefined) this.fail(fetch, pick % 5 === 0 ? 'peer' : 'source', retryAfterMs);
        return;
      }
      case 'examined':
        if (examined !== undefined) this.examined(examined, pick, size);
        return;
      case 'refuse':
        if (this.nextHand > this.state.base) this.refuse(this.state.base, pick);
        return;
      case 'commit':
        if (this.nextHand > this.state.base) this.tell({ type: 'committed', height: this.state.base });
        return;
      case 'pass':
        this.nowMs += pick % 4 === 0 ? 30_000 : size;
        this.tell({ type: 'tick' });
        return;
      case 'survey':
        this.survey(source, pick % 50);
        return;
      case 'stranger':
        this.tell({ type: 'fetched', request: 1_000_000 + pick, bytes: size, delivered: ['header'], absent: [] });
        this.tell({ type: 'sealed', height: 500 + pick, bytes: size, from: ['nobody'] });
        return;
      case 'aside':
        this.tell({ type: 'aside', source, forMs: size });
        return;
      case 'strike':
        this.tell({ type: 'strike', source });
        return;
      case 'unreachable':
        this.tell({ type: 'unreachable', source, retryAfterMs: pick % 2 === 0 ? size : null });
        return;
      case 'reset': {
        if (pick % 4 !== 0) return; // rarely, or nothing ever gets far
        const base = pick % (this.state.base + 1);
        this.examining.clear();
        this.nextHand = base;
        this.tell({ type: 'reset', base });
      }
    }
  }

  /** From now on every source has all it serves, and every block is true. */
  behaveUntilDone(): void {
    for (let step = 0; this.state.base <= LIMIT; step++) {
      if (step > 3_000) throw new Error(`stuck at height ${this.state.base}`);
      const fetch = [...this.underWay.values()][0];
      const height = [...this.examining.keys()][0];
      if (this.nextHand > this.state.base) this.tell({ type: 'committed', height: this.state.base });
      else if (height !== undefined) this.seal(height, 150);
      else if (fetch !== undefined) this.answer(fetch, fetch.parts, 150);
      else {
        // Nothing is under way: a wake must be on its way, or the next survey brings the turn.
        this.nowMs = Math.max(this.nowMs + 1, Math.min(this.wakeAtMs, this.nowMs + 10_000));
        this.wakeAtMs = Number.POSITIVE_INFINITY;
        for (const { id } of SOURCES) this.survey(id, 40);
      }
    }
    expect(this.state.heldBytes).toBe(0);
  }

  private answer(fetch: Fetch, delivered: readonly string[], bytes: number): void {
    this.underWay.delete(fetch.request);
    const absent = fetch.parts.filter((part) => !delivered.includes(part));
    this.tell({ type: 'fetched', request: fetch.request, bytes, delivered, absent });
  }

  private fail(fetch: Fetch, fault: 'source' | 'peer', retryAfterMs: number | null): void {
    this.underWay.delete(fetch.request);
    this.tell({ type: 'failed', request: fetch.request, fault, retryAfterMs });
  }

  private examined(height: number, pick: number, bytes: number): void {
    if (pick % 3 === 0) {
      this.seal(height, bytes);
      return;
    }
    const absent = this.examining.get(height) ?? [];
    this.examining.delete(height);
    if (pick % 3 === 1) {
      const needs = NEEDS.filter((one, i) => !absent.includes(one.part) && (i === 0 || pick % 2 === 0));
      this.tell({ type: 'needs', height, needs });
    } else this.refuse(height, pick);
  }

  private seal(height: number, bytes: number): void {
    this.examining.delete(height);
    this.tell({ type: 'sealed', height, bytes, from: ['whole'] });
  }

  private refuse(height: number, pick: number): void {
    const blamed = SOURCES.filter((_, i) => ((pick >> i) & 1) === 1).map((source) => source.id);
    this.examining.delete(height);
    this.nextHand = Math.min(this.nextHand, height);
    this.tell({ type: 'refused', height, fault: pick % 2 === 0 ? 'peer' : 'source', blamed });
  }

  private survey(source: string, to: number): void {
    const survey = { spans: [{ from: 0 as Height, to: to as Height }], head: null };
    this.tell({ type: 'survey', source, survey });
  }

  private tell(event: RangeEvent): void {
    for (const command of stepRange(this.state, event, this.nowMs)) this.check(command, event);
    let held = 0;
    for (const slot of this.state.slots.values()) held += slot.bytes;
    expect(this.state.heldBytes, `bytes after ${event.type}`).toBe(held);
    const { base } = this.state;
    for (const height of this.state.slots.keys()) {
      if (height < base || height >= base + POLICY.windowBlocks || height > LIMIT) {
        throw new Error(`height ${height} is outside the window at ${base}`);
      }
    }
    expect(new Set(this.state.requests.keys())).toEqual(new Set(this.underWay.keys()));
  }

  private check(command: RangeCommand, event: RangeEvent): void {
    switch (command.type) {
      case 'fetch': {
        const source = SOURCES.find((one) => one.id === command.source);
        const ofSource = [...this.underWay.values()].filter((fetch) => fetch.source === command.source);
        expect(ofSource.length).toBeLessThan(source?.limits.concurrencyMax ?? 0);
        expect(this.state.slots.has(command.height)).toBe(true);
        expect(command.parts.length).toBeGreaterThan(0);
        expect(source?.parts).toEqual(expect.arrayContaining([...command.parts]));
        expect(this.state.books.get(command.source)?.coolUntilMs).toBeLessThanOrEqual(this.nowMs);
        this.underWay.set(command.request, command);
        return;
      }
      case 'cancel':
        if (!this.underWay.delete(command.request)) throw new Error(`${event.type} cancels an unknown request`);
        return;
      case 'examine':
        if (this.examining.has(command.height)) throw new Error(`${event.type} examines what is being examined`);
        expect(this.state.slots.has(command.height)).toBe(true);
        this.examining.set(command.height, command.absent);
        return;
      case 'hand':
        expect(command.height, `handed after ${event.type}`).toBe(this.nextHand);
        this.nextHand++;
        return;
      case 'wake':
        expect(command.atMs).toBeGreaterThan(this.nowMs);
        this.wakeAtMs = command.atMs;
        return;
      case 'drop':
        this.examining.delete(command.height);
        return;
      case 'recall':
      case 'source':
      case 'stalled':
        return;
      default:
        command satisfies never;
    }
  }
}

function choose<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}
