export * from './http/index.ts';
export * from './rpc-limits.ts';
