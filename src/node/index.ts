export { type ServeNodeOptions, serveNode } from './http.ts';
export { createNode, type Node } from './node.ts';
export type { NodeOptions } from './options.ts';
export { buildStatus, type NodeStatus, type TipStatus } from './status.ts';
