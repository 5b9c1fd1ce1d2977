import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RpcObserver, RpcServerReport } from '../../serve/jsonrpc/index.ts';

/** What is asked of the node, as metrics. */
export interface RpcMetrics extends RpcObserver {
  /** Null: nothing is served over JSON-RPC. */
  refresh(report: RpcServerReport | null, eventStreams: number): void;
}

export function createRpcMetrics(registers: Registry[]): RpcMetrics {
  const duration = new Histogram({
    name: 'syncline_rpc_request_duration_seconds',
    help: 'Time of a JSON-RPC call, from its turn in the message to its answer; upstream: answered by another node.',
    labelNames: ['method', 'upstream'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const calls = new Counter({
    name: 'syncline_rpc_calls_total',
    help: 'JSON-RPC calls by what came of them.',
    labelNames: ['method', 'outcome', 'upstream'],
    registers,
  });
  const refused = new Counter({
    name: 'syncline_rpc_refused_total',
    help: 'Messages and WebSockets that were turned away or cut off as a whole.',
    labelNames: ['reason'],
    registers,
  });
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name: `syncline_${name}`, help, labelNames, registers });
  const running = gauge('rpc_calls', 'JSON-RPC calls under way, and those that wait for their turn.', ['state']);
  const sockets = gauge('rpc_websockets', 'Open WebSockets.');
  const subscriptions = gauge('rpc_subscriptions', 'Subscriptions on all WebSockets.');
  const held = gauge('rpc_answer_bytes', 'Answers that clients have not taken yet.');
  const streams = gauge('event_streams', 'Open streams of /events.');

  return {
    called({ method, outcome, seconds, upstream }) {
      const labels = { method, upstream: String(upstream) };
      duration.observe(labels, seconds);
      calls.inc({ ...labels, outcome });
    },
    refused: (reason) => refused.inc({ reason }),
    refresh(report, eventStreams) {
      streams.set(eventStreams);
      running.set({ state: 'running' }, report?.callsUnderWay ?? 0);
      running.set({ state: 'waiting' }, report?.callsWaiting ?? 0);
      sockets.set(report?.sockets ?? 0);
      subscriptions.set(report?.subscriptions ?? 0);
      held.set(report?.heldBytes ?? 0);
    },
  };
}
