import { compareBytes, equalBytes } from '../../lib/index.ts';
import type { StateTransition } from '../chain.ts';
import type { KeyRange, StateView, Table, Write } from '../store.ts';
import type { IndexChange } from './records.ts';

/** One state key that a block changed. */
export interface StateChange {
  readonly key: Uint8Array;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | null;
}

/**
 * The store's state with uncommitted changes on top. Every other table shows what is committed. The base view
 * stays the caller's to dispose.
 */
export class StateOverlay implements StateView {
  private readonly base: StateView;
  private readonly pending = new Map<string, { key: Uint8Array; value: Uint8Array | null }>();

  constructor(base: StateView) {
    this.base = base;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    if (table === 'state') {
      const entry = this.pending.get(mapKey(key));
      if (entry !== undefined) return entry.value ?? undefined;
    }
    return this.base.get(table, key);
  }

  set(key: Uint8Array, value: Uint8Array | null): void {
    this.pending.set(mapKey(key), { key, value });
  }

  *range(table: Table, range: KeyRange): Iterable<readonly [Uint8Array, Uint8Array]> {
    if (table !== 'state' || this.pending.size === 0) {
      yield* this.base.range(table, range);
      return;
    }
    yield* this.mergedRange(range);
  }

  /** Keys changed since the base, in key order, whether or not the value ended up equal. */
  changedKeys(): Uint8Array[] {
    return [...this.pending.values()].map((entry) => entry.key).sort(compareBytes);
  }

  [Symbol.dispose](): void {
    this.pending.clear();
  }

  private *mergedRange(range: KeyRange): Iterable<readonly [Uint8Array, Uint8Array]> {
    const { start, end, reverse = false, limit = Number.POSITIVE_INFINITY } = range;
    const inside = (key: Uint8Array) =>
      (start === undefined || compareBytes(key, start) >= 0) && (end === undefined || compareBytes(key, end) < 0);
    const order = (a: Uint8Array, b: Uint8Array) => (reverse ? compareBytes(b, a) : compareBytes(a, b));
    const changed = [...this.pending.values()].filter((e) => inside(e.key)).sort((a, b) => order(a.key, b.key));
    let next = 0;
    let given = 0;
    const { limit: _, ...unlimited } = range;
    for (const [key, value] of this.base.range('state', unlimited)) {
      for (let entry = changed[next]; entry && order(entry.key, key) < 0 && given < limit; entry = changed[++next]) {
        if (entry.value !== null) {
          given++;
          yield [entry.key, entry.value];
        }
      }
      if (given >= limit) return;
      if (this.pending.has(mapKey(key))) continue; // the changed value is yielded from `changed`
      given++;
      yield [key, value];
    }
    for (let entry = changed[next]; entry && given < limit; entry = changed[++next]) {
      if (entry.value !== null) {
        given++;
        yield [entry.key, entry.value];
      }
    }
  }
}

/** The store's index with the entries of uncommitted blocks on top. */
export class IndexOverlay {
  private readonly base: StateView;
  private readonly pending = new Map<string, Uint8Array | null>();

  constructor(base: StateView) {
    this.base = base;
  }

  /** Takes the entries of one block; of a key that it writes twice the last stands. */
  write(entries: readonly Write[]): IndexChange[] {
    const changes = new Map<string, IndexChange>();
    for (const { key, value } of entries) {
      const id = mapKey(key);
      if (!changes.has(id)) changes.set(id, { key, before: this.before(id, key) });
      this.pending.set(id, value);
    }
    return [...changes.values()];
  }

  private before(id: string, key: Uint8Array): Uint8Array | null {
    const uncommitted = this.pending.get(id);
    return uncommitted === undefined ? (this.base.get('index', key) ?? null) : uncommitted;
  }
}

/** Records what one block changes, writing through to the overlay. */
export class TransitionRecorder implements StateTransition {
  private readonly overlay: StateOverlay;
  private readonly changes = new Map<string, { key: Uint8Array; before: Uint8Array | undefined }>();

  constructor(overlay: StateOverlay) {
    this.overlay = overlay;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.overlay.get('state', key);
  }

  set(key: Uint8Array, value: Uint8Array | null): void {
    const current = this.overlay.get('state', key);
    if (value === null ? current === undefined : current !== undefined && equalBytes(current, value)) return;
    const id = mapKey(key);
    if (!this.changes.has(id)) this.changes.set(id, { key, before: current });
    this.overlay.set(key, value);
  }

  /** Net changes, in key order; a key that came back to its old value is none. */
  finish(): StateChange[] {
    const net: StateChange[] = [];
    for (const { key, before } of this.changes.values()) {
      const after = this.overlay.get('state', key);
      const same = before === undefined ? after === undefined : after !== undefined && equalBytes(before, after);
      if (!same) net.push({ key, before, after: after ?? null });
    }
    return net.sort((a, b) => compareBytes(a.key, b.key));
  }
}

/** Bytes as a Map key. Latin-1 maps bytes to characters one to one, and V8 keeps such strings at one byte each. */
function mapKey(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
