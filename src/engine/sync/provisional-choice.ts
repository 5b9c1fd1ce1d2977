import { equalBytes } from '../../lib/index.ts';
import type { ProvisionalBlock } from '../source.ts';
import type { BlockRef } from '../types.ts';

/**
 * What is shown as being built, once a source has offered something. Pure. Only growth is news: by height of the
 * newest block, then by its size; sources that lag or start over change nothing. What stands on another block than
 * the confirmed tip is gone.
 */
export function chooseProvisional(
  shown: readonly ProvisionalBlock[],
  offered: readonly ProvisionalBlock[],
  confirmed: BlockRef | null,
): readonly ProvisionalBlock[] {
  const kept = standsOn(shown, confirmed) ? shown : [];
  if (offered.length === 0 || !standsOn(offered, confirmed)) return kept;
  return grew(kept, offered) ? offered : kept;
}

/** Blocks right above the tip, without a hole. */
function standsOn(blocks: readonly ProvisionalBlock[], confirmed: BlockRef | null): boolean {
  if (confirmed === null || blocks.length > PROVISIONAL_MAX) return false;
  return blocks.every(
    ({ on, height }, i) =>
      height === confirmed.height + 1 + i && on.height === confirmed.height && equalBytes(on.hash, confirmed.hash),
  );
}

function grew(before: readonly ProvisionalBlock[], now: readonly ProvisionalBlock[]): boolean {
  const [old, fresh] = [before.at(-1), now.at(-1)];
  if (old === undefined || fresh === undefined) return true;
  return fresh.height === old.height ? fresh.size > old.size : fresh.height > old.height;
}

/** One that is closed and one that is being built. */
const PROVISIONAL_MAX = 2;
