import { equalBytes, isSynclineError, toHex, u64be } from '../../lib/index.ts';
import type { ChainRules, StateBuild } from '../chain.ts';
import { StateOverlay } from '../commit/overlay.ts';
import { type BlockRecord, decodeUndo, readStateAt } from '../commit/records.ts';
import type { KeyRange, StateView, Table } from '../store.ts';
import { differs, fromError } from './difference.ts';

/** Records by `recordText`; null for one that is not there. */
export type RecordWrites = ReadonlyMap<string, Uint8Array | null>;

export function recordText(table: Table, key: Uint8Array): string {
  return `${table} ${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')}`;
}

/**
 * Begins a build of all tries over the flat state of a block: by the chain's own builder, else by one large commit.
 * @returns Null where the state is too large for that.
 */
export function beginBuild(
  rules: ChainRules,
  { ref, protocolVersion }: BlockRecord,
  flat: StateView,
): StateBuild | null {
  const at = { height: ref.height, protocolVersion };
  if (rules.buildState !== undefined) return rules.buildState(at, null);
  const derived = new Set(rules.derivedState ?? []);
  const keys: Uint8Array[] = [];
  for (const [key] of flat.range('state', {})) {
    if (derived.has(key[0] ?? -1)) continue;
    if (keys.length === COMMITTED_AT_ONCE_MAX) return null;
    keys.push(key);
  }
  return {
    step(view) {
      const { writes, root, hashes } = rules.commitState(new WithoutTries(view, derived), keys, at);
      const made = writes.filter(({ value }) => value !== null);
      return { writes: made, root, cursor: new Uint8Array(0), done: keys.length, share: 1, hashes };
    },
  };
}

/** A state of which nothing has been committed to tries. */
class WithoutTries implements StateView {
  private readonly base: StateView;
  private readonly derived: ReadonlySet<number>;

  constructor(base: StateView, derived: ReadonlySet<number>) {
    this.base = base;
    this.derived = derived;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.isHidden(table, key) ? undefined : this.base.get(table, key);
  }

  *range(table: Table, range: KeyRange): Iterable<readonly [Uint8Array, Uint8Array]> {
    for (const entry of this.base.range(table, range)) if (!this.isHidden(table, entry[0])) yield entry;
  }

  [Symbol.dispose](): void {}

  private isHidden(table: Table, key: Uint8Array): boolean {
    return table === 'trie' || (table === 'state' && this.derived.has(key[0] ?? -1));
  }
}

/**
 * What rolling back from the tip to a block would write to tries and derived values.
 *
 * @returns Null where that is too much work, or where undo lists are missing.
 * @throws {DifferenceFound} when the stored tries do not lead back to the block's root.
 */
export function rollBackWrites(
  rules: ChainRules,
  view: StateView,
  { at, top }: { readonly at: BlockRecord; readonly top: number },
): RecordWrites | null {
  const { height } = at.ref;
  if (top - height > ROLLED_BACK_MAX) return null;
  const overlay = new StateOverlay(view);
  for (let above = height + 1; above <= top; above++) {
    const undo = view.get('undo', u64be(above));
    if (undo === undefined) return null;
    for (const key of decodeUndo(undo).state) overlay.set(key, readStateAt(view, key, height) ?? null);
  }
  const { writes, root } = judged(height, () =>
    rules.commitState(overlay, overlay.changedKeys(), { height, protocolVersion: at.protocolVersion }),
  );
  if (!equalBytes(root, at.stateRoot)) {
    const numbers = { expected: toHex(at.stateRoot), got: toHex(root) };
    throw differs({ check: 'state-root', height, table: 'trie', ...numbers, reason: 'rolled back from the tip' });
  }
  return new Map(writes.map(({ table, key, value }) => [recordText(table, key), value]));
}

/** Runs rules on stored records: what they throw for damage is a difference. @throws {DifferenceFound} */
export function judged<T>(height: number, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    // Leaves that cannot be leaves are the arguments of a call that reads them from the store.
    if (!isSynclineError(thrown) || (thrown.fault !== 'local' && thrown.fault !== 'caller')) throw thrown;
    throw fromError(thrown, 'trie', height);
  }
}

/** State entries that are committed at once, at some kilobyte of memory each. Chosen. */
const COMMITTED_AT_ONCE_MAX = 2 ** 17;
/** Blocks that a node adds in minutes, and that are rolled back in a second or two. Chosen. */
const ROLLED_BACK_MAX = 256;
