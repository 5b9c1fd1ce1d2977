export { createJsonLines } from './json-lines.ts';
export type { RunFacts, RunObserver } from './observer.ts';
export { createPlainLines } from './plain-lines.ts';
