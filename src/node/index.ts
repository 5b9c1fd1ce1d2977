export { createNode, type Node } from './node.ts';
export type { NodeOptions } from './options.ts';
export { type NodeServer, type ServeNodeOptions, serveNode } from './serve-node.ts';
export { buildStatus, type NodeStatus, type TipStatus } from './status.ts';
export type { VerifyProgress } from './verify/rate.ts';
export { type VerifyReport, type VerifyStoreOptions, verifyStore } from './verify/verify-store.ts';
