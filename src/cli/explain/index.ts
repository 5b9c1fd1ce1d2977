export { type Explanation, explain } from './explain.ts';
export { renderExplanation } from './render-explanation.ts';
