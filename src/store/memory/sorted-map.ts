/**
 * A sorted map whose every state stays readable: the store's memory twin needs views that go on seeing old data.
 *
 * Entries lie in leaves of at most `leafEntriesMax`, the leaves in one ordered array. A state is that array; editing
 * copies the array once per batch and each touched leaf once per batch, so an older state shares all other leaves.
 * Keys are latin-1 strings, one code unit a byte: their `<` is byte order, and it is much faster than a loop.
 */
export interface SortedState {
  /** Ascending, none empty. */
  readonly leaves: readonly Leaf[];
}

interface Leaf {
  readonly keys: string[];
  readonly values: Uint8Array[];
}

export const emptyState: SortedState = { leaves: [] };

export function lookUp(state: SortedState, key: string): Uint8Array | undefined {
  const leaf = state.leaves[leafOf(state.leaves, key)];
  if (leaf === undefined) return undefined;
  const at = lowerBound(leaf.keys, key);
  return leaf.keys[at] === key ? leaf.values[at] : undefined;
}

/** Entries of `[start, end)`, ascending, or descending when `reverse`. */
export function* scan(
  state: SortedState,
  bounds: { readonly start: string; readonly end: string; readonly reverse: boolean },
): Generator<readonly [key: string, value: Uint8Array]> {
  const { start, end, reverse } = bounds;
  const step = reverse ? -1 : 1;
  for (let leafAt = leafOf(state.leaves, reverse ? end : start); ; leafAt += step) {
    const leaf = state.leaves[leafAt];
    if (leaf === undefined) return;
    let at = reverse ? lowerBound(leaf.keys, end) - 1 : lowerBound(leaf.keys, start);
    for (; at >= 0 && at < leaf.keys.length; at += step) {
      const key = leaf.keys[at] as string; // at is inside the leaf
      if (reverse ? key < start : key >= end) return;
      yield [key, leaf.values[at] as Uint8Array]; // keys and values have one length
    }
  }
}

/** A batch of edits on top of a state, which stays as it is. */
export interface Edit {
  set(key: string, value: Uint8Array): void;
  delete(key: string): void;
  finish(): SortedState;
}

export function edit(state: SortedState): Edit {
  const leaves = [...state.leaves];
  const own = new Set<Leaf>();

  /** The leaf at `at`, copied unless this batch already did. */
  const writable = (at: number): Leaf | undefined => {
    const leaf = leaves[at];
    if (leaf === undefined || own.has(leaf)) return leaf;
    const copy = { keys: [...leaf.keys], values: [...leaf.values] };
    own.add(copy);
    leaves[at] = copy;
    return copy;
  };
  const split = (at: number, leaf: Leaf) => {
    const half = leaf.keys.length >> 1;
    const upper = { keys: leaf.keys.splice(half), values: leaf.values.splice(half) };
    own.add(upper);
    leaves.splice(at + 1, 0, upper);
  };

  return {
    set(key, value) {
      const leafAt = leafOf(leaves, key);
      const leaf = writable(leafAt);
      if (leaf === undefined) {
        const first = { keys: [key], values: [value] };
        own.add(first);
        leaves.push(first);
        return;
      }
      const at = lowerBound(leaf.keys, key);
      if (leaf.keys[at] === key) {
        leaf.values[at] = value;
        return;
      }
      leaf.keys.splice(at, 0, key);
      leaf.values.splice(at, 0, value);
      if (leaf.keys.length > leafEntriesMax) split(leafAt, leaf);
    },
    delete(key) {
      const leafAt = leafOf(leaves, key);
      const found = leaves[leafAt];
      if (found === undefined) return;
      const at = lowerBound(found.keys, key);
      if (found.keys[at] !== key) return;
      if (found.keys.length === 1) {
        leaves.splice(leafAt, 1);
        return;
      }
      const leaf = writable(leafAt) as Leaf; // found above
      leaf.keys.splice(at, 1);
      leaf.values.splice(at, 1);
    },
    finish: () => ({ leaves }),
  };
}

/** Where a key belongs: the last leaf whose first key is not above it, the first leaf for lower keys. */
function leafOf(leaves: readonly Leaf[], key: string): number {
  let low = 0;
  let high = leaves.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (((leaves[middle] as Leaf).keys[0] as string) <= key)
      low = middle; // leaves are never empty
    else high = middle;
  }
  return low;
}

/** First position whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key)
      low = middle + 1; // middle is inside the array
    else high = middle;
  }
  return low;
}

/** Chosen: a leaf copy stays below a microsecond or two, and a million entries are 8,000 leaves. */
const leafEntriesMax = 128;
