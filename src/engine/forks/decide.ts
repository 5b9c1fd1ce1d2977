/** What a source says about our confirmed tip when asked for the hash at its height. */
export interface TipVote {
  readonly source: string;
  /** `same` block, `other` block, no block at that height (`absent`), or no answer. */
  readonly answer: 'same' | 'other' | 'absent' | 'unreachable';
  /** Height of its head as last surveyed, -1 if unknown. */
  readonly head: number;
}

export type ForkVerdict =
  /** Our branch stands; `dissenters` are on another one. */
  | { readonly type: 'keep'; readonly dissenters: readonly string[] }
  /** Our tip is no longer what the sources have. `leaders` lead the other way, best first. */
  | { readonly type: 'leave'; readonly leaders: readonly string[] }
  | { readonly type: 'unknown' };

/**
 * Whether to leave our branch. More voices against than for it, or as many with a higher head. This only opens the
 * question: before anything is unwound, the other branch must show a block that verifies (or be a plain roll-back).
 */
export function decideFork(votes: readonly TipVote[]): ForkVerdict {
  const forUs = votes.filter((vote) => vote.answer === 'same');
  const against = votes.filter((vote) => vote.answer === 'other' || vote.answer === 'absent');
  if (forUs.length === 0 && against.length === 0) return { type: 'unknown' };
  const leaders = [...against].sort(
    // A source with another block shows more than one with none; then the higher head leads.
    (a, b) => Number(b.answer === 'other') - Number(a.answer === 'other') || b.head - a.head,
  );
  const headOf = (side: readonly TipVote[]) => Math.max(-1, ...side.map((vote) => vote.head));
  const leave = against.length > forUs.length || (against.length === forUs.length && headOf(against) > headOf(forUs));
  if (leave) return { type: 'leave', leaders: leaders.map((vote) => vote.source) };
  return { type: 'keep', dissenters: leaders.map((vote) => vote.source) };
}
