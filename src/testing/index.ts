export { type ChainReplay, createChainReplay } from './chain-replay.ts';
export * from './faulty-source.ts';
export type { TestRunner } from './runner.ts';
export { compareWithModel, createStoreModel, type StoreModel, type StoreStep } from './store-model.ts';
export * from './test-chain.ts';
export * from './test-source.ts';
export { type OpenedStore, testStore } from './test-store.ts';
export * from './virtual-env.ts';
