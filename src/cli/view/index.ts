export { createLiveView } from './live-view.ts';
export { createScreen } from './screen.ts';
