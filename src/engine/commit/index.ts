export * from './apply-host.ts';
export * from './historic-state.ts';
export * from './pending-state.ts';
export type { RebuildReport } from './rebuild.ts';
export * from './records.ts';
