export { defaultRangePolicy, type RangePolicy } from './policy.ts';
export type { SourceBook, SourceState } from './source-book.ts';
export { createRange, optionsOf, type RangeCommand, type RangeEvent, type RangeState, reachable } from './state.ts';
export { stepRange } from './step.ts';
