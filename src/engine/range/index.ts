export { defaultRangePolicy, type RangePolicy } from './policy.ts';
export {
  createBook,
  endTurn,
  lateReadyAtMs,
  noteBusy,
  type SourceBook,
  type SourceState,
  takeTurn,
} from './source-book.ts';
export { createRange, optionsOf, type RangeCommand, type RangeEvent, type RangeState, reachable } from './state.ts';
export { stepRange } from './step.ts';
