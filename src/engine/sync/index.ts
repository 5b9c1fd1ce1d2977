export * from './chain-events.ts';
export { defaultPipelinePolicy, type PipelinePolicy, type SyncOptions } from './options.ts';
export { ProvisionalBoard } from './provisional-board.ts';
export { createSync, type SourceReport, type Sync, type SyncEnd, type SyncReport } from './sync.ts';
