import { equalBytes } from '../../lib/index.ts';
import type { ProvisionalBlock } from '../source.ts';

/**
 * Holds the blocks that are being built above the confirmed tip, for whoever wants to look. Nothing proves them, so they
 * are kept nowhere else and are gone when the process is.
 */
export class ProvisionalBoard {
  private shown: readonly ProvisionalBlock[] = [];
  private readonly listeners = new Set<() => void>();

  /** Ascending; at most a few. */
  get blocks(): readonly ProvisionalBlock[] {
    return this.shown;
  }

  /** Shows these instead. Those who listen hear of it only if something is new. */
  set(blocks: readonly ProvisionalBlock[]): void {
    const isSame = blocks.length === this.shown.length && blocks.every((block, i) => isNoNews(this.shown[i], block));
    if (isSame) return;
    this.shown = blocks;
    for (const listener of [...this.listeners]) listener();
  }

  clear(): void {
    this.set([]);
  }

  /** @param listener Must not throw. Called after each change, until what is returned is disposed. */
  listen(listener: () => void): Disposable {
    const own = () => listener(); // the same function may listen twice
    this.listeners.add(own);
    return { [Symbol.dispose]: () => void this.listeners.delete(own) };
  }
}

/** A block that grew is news; the same one from somebody else is not. */
function isNoNews(before: ProvisionalBlock | undefined, now: ProvisionalBlock): boolean {
  return (
    before !== undefined &&
    before.height === now.height &&
    before.size === now.size &&
    before.timestampS === now.timestampS &&
    equalBytes(before.on.hash, now.on.hash)
  );
}
