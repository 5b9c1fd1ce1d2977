export { defaultRangePolicy, type RangePolicy } from './policy.ts';
export type { SourceBook, SourceState } from './source-book.ts';
export { createRange, type RangeCommand, type RangeEvent, type RangeState, reachable, stepRange } from './step.ts';
