export * from './rlp/index.ts';
