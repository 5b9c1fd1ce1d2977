export * from './chain.ts';
export * from './events.ts';
export * from './source.ts';
export * from './store.ts';
export * from './types.ts';
