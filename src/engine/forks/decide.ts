/** What a source says about our confirmed tip when asked for the hash at its height. */
export interface TipVote {
  readonly source: string;
  /** `same` block, `other` block, no block at that height (`absent`), or no answer. */
  readonly answer: 'same' | 'other' | 'absent' | 'unreachable';
  /** Height of its head as last surveyed, -1 if unknown. */
  readonly head: number;
}

export type ForkVerdict =
  /** Our branch stands; `dissenters` showed another block at our height. */
  | { readonly type: 'keep'; readonly dissenters: readonly string[] }
  /** The sources have another block where our tip is. `leaders` lead the other way, best first. */
  | { readonly type: 'leave'; readonly leaders: readonly string[] }
  /** Nobody who answered has a block at our height: a roll-back, or all of them are behind. */
  | { readonly type: 'shrunk'; readonly leaders: readonly string[] }
  | { readonly type: 'unknown' };

/**
 * Whether to leave our branch. More voices for another block than for ours, or as many with a higher head. Having no
 * block at our height is no voice against it: an honest source may lag, be pruned or have holes. Only when nobody has
 * one, ours or another, may the chain have been rolled back.
 *
 * This only opens the question: before anything is unwound the other branch must show a block that verifies, or the
 * roll-back must show a head of ours below.
 */
export function decideFork(votes: readonly TipVote[]): ForkVerdict {
  const withAnswer = (answer: TipVote['answer']) => votes.filter((vote) => vote.answer === answer);
  const [same, other, absent] = [withAnswer('same'), withAnswer('other'), withAnswer('absent')];
  const headOf = (side: readonly TipVote[]) => Math.max(-1, ...side.map((vote) => vote.head));
  const byHead = (side: readonly TipVote[]) => [...side].sort((a, b) => b.head - a.head).map((vote) => vote.source);
  if (
    other.length > same.length ||
    (other.length > 0 && other.length === same.length && headOf(other) > headOf(same))
  ) {
    return { type: 'leave', leaders: byHead(other) };
  }
  if (same.length > 0) return { type: 'keep', dissenters: byHead(other) };
  return absent.length > 0 ? { type: 'shrunk', leaders: byHead(absent) } : { type: 'unknown' };
}
