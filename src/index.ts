export type {
  BlockRef,
  Chain,
  ChainEvent,
  ChainRules,
  EventsFrom,
  Hash32,
  Height,
  Notice,
  Proof,
  Proofs,
  ReadStore,
  Source,
  StateView,
  SyncEnd,
  SyncReport,
  Tips,
} from './engine/index.ts';
export { parseHash32, parseHeight, readBlock, readRejections, readStateAt, readTips } from './engine/index.ts';
export type { Env, Fault, LogFields, Logger } from './lib/index.ts';
export { isSynclineError, SynclineError } from './lib/index.ts';
export {
  createNode,
  type Node,
  type NodeOptions,
  type NodeServer,
  type NodeStatus,
  type ServeNodeOptions,
  serveNode,
  type VerifyProgress,
  type VerifyReport,
  type VerifyStoreOptions,
  verifyStore,
} from './node/index.ts';
