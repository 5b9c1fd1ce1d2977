export { createNodeMetrics, type NodeMetrics, type NodeMetricsOptions } from './node-metrics.ts';
export type { BuildFacts } from './process-metrics.ts';
