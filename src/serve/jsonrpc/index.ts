export type { RpcObserver, RpcOutcome, RpcRefusal } from './observer.ts';
export { createRpcServer, type RpcServer, type RpcServerOptions, type RpcServerReport } from './rpc-server.ts';
export { createUpstream, requireUpstreamUrl } from './upstream.ts';
