import { createHealthMemory, type HealthCheck, type HealthSource } from '../serve/index.ts';
import type { Node } from './node.ts';

export interface NodeHealthOptions {
  /** The node, null while it opens. */
  readonly node: () => Node | null;
  /** What answers JSON-RPC: it is loaded after the node has opened. Default: `none`. */
  readonly rpc?: () => RpcState;
  /** Default: the system's clock. */
  readonly nowMs?: () => number;
}

/** `none` where the chain has no JSON-RPC. */
export type RpcState = 'none' | 'loading' | 'loaded' | 'failed';

/** Maps what the engine reports to named checks. */
export function createNodeHealth({ node, rpc = () => 'none', nowMs = Date.now }: NodeHealthOptions): HealthSource {
  const remember = createHealthMemory(nowMs);
  const startedMs = nowMs();

  /** The engine says each second that it is alive; before its first word it has some seconds to open its store. */
  function pulse(): HealthCheck {
    const tickedAtMs = Math.max(node()?.report().tickedAtMs ?? 0, startedMs + STARTING_MS - STUCK_MS);
    const silentMs = Math.max(0, nowMs() - tickedAtMs);
    const ok = silentMs <= STUCK_MS;
    return remember({
      name: 'engine',
      ok,
      message: ok ? 'the engine is alive' : `the engine has been silent for ${Math.round(silentMs / 1000)} s`,
      fix: ok ? null : 'restart the process and keep its log',
    });
  }

  function store(): HealthCheck {
    const ok = node() !== null;
    return remember({ name: 'store', ok, message: ok ? 'the store is open' : 'the store is being opened', fix: null });
  }

  function halted(): HealthCheck {
    const report = node()?.report();
    const isHalted = report?.mode === 'halted';
    return remember({
      name: 'not-halted',
      ok: !isHalted,
      message: isHalted ? `halted: ${report.reason}` : 'nothing contradicts what is stored',
      fix: isHalted ? 'look at the last rejection with `syncline explain`' : null,
    });
  }

  function serving(): HealthCheck {
    const ok = node()?.report().serving ?? false;
    const message = ok ? 'blocks are stored and can be read' : 'no block is stored yet';
    return remember({ name: 'serving', ok, message, fix: ok ? null : 'wait, or look at the sources in /status' });
  }

  function near(lag: number): HealthCheck {
    const report = node()?.report();
    const name = 'lag';
    const target = report?.target ?? null;
    if (target === null) {
      const fix = 'see whether the sources can be reached: /status';
      return remember(
        { name, ok: false, message: 'the tip is unknown: no source has answered yet', fix },
        `lag ${lag}`,
      );
    }
    const behind = Math.max(0, target - (report?.confirmed?.height ?? -1));
    const message = `${behind} blocks behind ${target}, at most ${lag} allowed`;
    const fix = behind <= lag ? null : 'wait; /status has the rate';
    return remember({ name, ok: behind <= lag, message, fix }, `lag ${lag}`);
  }

  function answering(): HealthCheck[] {
    const state = rpc();
    if (state === 'none') return [];
    const fix = state === 'failed' ? 'look into the log for the reason, and restart' : null;
    return [remember({ name: 'rpc', ok: state === 'loaded', message: RPC_MESSAGES[state], fix })];
  }

  const ready = () => [store(), halted(), serving(), ...answering()];
  return { live: () => [pulse()], ready, synced: (lag: number) => [...ready(), near(lag)] };
}

const RPC_MESSAGES = {
  loading: 'the JSON-RPC methods are being loaded',
  loaded: 'JSON-RPC is answered',
  failed: 'the JSON-RPC methods could not be loaded',
} as const;

/** The engine counts as stuck after this long without a tick. */
const STUCK_MS = 5_000;
/** Opening a store, with the recovery of an interrupted roll-back, may take this long before `/live` turns false. */
const STARTING_MS = 60_000;
