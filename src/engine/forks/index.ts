export { decideFork, type ForkVerdict, type TipVote } from './decide.ts';
export { beginForkSearch, type ForkSearch, type ForkSearchStep, stepForkSearch } from './search.ts';
