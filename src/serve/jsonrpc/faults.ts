import { RpcFault, type RpcFaultBody } from '../../engine/index.ts';

/**
 * Errors that every service gives. Those up to -32600 are the specification's (JSON-RPC 2.0, section 5.1); those from
 * -32000 down are ours, with the numbers that Ethereum's clients gave them where there are any (EIP-1474; go-ethereum
 * `rpc/errors.go`).
 */
export const FAULTS = {
  parse: { code: -32700, message: 'Parse error' },
  invalidRequest: { code: -32600, message: 'Invalid Request' },
  methodNotFound: { code: -32601, message: 'Method not found' },
  invalidParams: { code: -32602, message: 'Invalid params' },
  internal: { code: -32603, message: 'Internal error' },
  timeout: { code: -32002, message: 'Request timed out' },
  answerTooLarge: { code: -32003, message: 'Response too large' },
  limit: { code: -32005, message: 'Limit exceeded' },
  upstream: { code: -32010, message: 'Upstream unavailable' },
} as const satisfies Readonly<Record<string, RpcFaultBody>>;

/** An error of the table above, and why in plain words. */
export function faultBody(name: keyof typeof FAULTS, reason: string, more: Readonly<Record<string, unknown>> = {}) {
  return { ...FAULTS[name], data: { reason, ...more } } satisfies RpcFaultBody;
}

export function fault(name: keyof typeof FAULTS, reason: string, more?: Readonly<Record<string, unknown>>): RpcFault {
  return new RpcFault(faultBody(name, reason, more));
}

/** By name rather than by class: two copies of a package may be loaded. */
export function isRpcFault(error: unknown): error is RpcFault {
  return error instanceof Error && error.name === 'RpcFault' && 'body' in error;
}
