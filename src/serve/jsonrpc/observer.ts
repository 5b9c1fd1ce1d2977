import { FAULTS } from './faults.ts';

/** How a call went: `ok`, by its error's code, or nobody is there any more to hear. A closed set, for labels. */
export type RpcOutcome =
  | 'ok'
  | 'fault'
  | 'invalid'
  | 'unknown'
  | 'internal'
  | 'timeout'
  | 'too-large'
  | 'limited'
  | 'upstream'
  | 'left';

/** Hears of every call, for metrics. Must not throw. */
export interface RpcObserver {
  /** `method` is one that the service knows, or `other`. */
  called(call: {
    readonly method: string;
    readonly outcome: RpcOutcome;
    readonly seconds: number;
    readonly upstream: boolean;
  }): void;
  /** A message or a WebSocket that was turned away as a whole. */
  refused(reason: RpcRefusal): void;
}

export type RpcRefusal = 'rate' | 'size' | 'busy' | 'sockets' | 'origin' | 'slow';

/** For those who do not look. */
export const silentRpcObserver: RpcObserver = { called() {}, refused() {} };

export function outcomeOfCode(code: number): RpcOutcome {
  return OUTCOMES.get(code) ?? 'fault';
}

const OUTCOMES: ReadonlyMap<number, RpcOutcome> = new Map<number, RpcOutcome>([
  [FAULTS.parse.code, 'invalid'],
  [FAULTS.invalidRequest.code, 'invalid'],
  [FAULTS.invalidParams.code, 'invalid'],
  [FAULTS.methodNotFound.code, 'unknown'],
  [FAULTS.internal.code, 'internal'],
  [FAULTS.timeout.code, 'timeout'],
  [FAULTS.answerTooLarge.code, 'too-large'],
  [FAULTS.limit.code, 'limited'],
  [FAULTS.upstream.code, 'upstream'],
]);
