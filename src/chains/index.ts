export type * from './family.ts';
export * from './registry.ts';
