import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Which build this is. */
export interface BuildFacts {
  readonly version: string;
  /** Null for an installed package. */
  readonly commit: string | null;
}

/** The process itself, under the names that every Prometheus client uses, and how long its event loop lags. */
export interface ProcessMetrics extends Disposable {
  /** @param diskFreeBytes Where the data is; null where that cannot be told. */
  refresh(facts: { readonly chain: string; readonly diskFreeBytes: number | null }): void;
}

export function createProcessMetrics(registers: Registry[], build: BuildFacts): ProcessMetrics {
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  gauge('syncline_build_info', 'Which build this is; always 1.', ['version', 'commit', 'node']).set(
    { version: build.version, commit: build.commit ?? '', node: process.version },
    1,
  );
  const started = gauge('process_start_time_seconds', 'When the process started, since the Unix epoch.');
  started.set(Math.round(Date.now() / 1000 - process.uptime()));
  const resident = gauge('process_resident_memory_bytes', 'Resident memory.');
  const heap = gauge('nodejs_heap_size_used_bytes', 'Heap of the main thread that is in use.');
  const cpu = new Counter({ name: 'process_cpu_seconds_total', help: 'Time on all processors.', registers });
  const diskFree = gauge('syncline_disk_free_bytes', 'Free space where the data is.', ['chain']);
  const lag = new Histogram({
    name: 'syncline_event_loop_lag_seconds',
    help: 'How late a timer of the main thread was, sampled all the time.',
    buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  let expectedMs = performance.now() + SAMPLE_MS;
  const sampler = setInterval(() => {
    const nowMs = performance.now();
    lag.observe(Math.max(0, nowMs - expectedMs) / 1000);
    expectedMs = nowMs + SAMPLE_MS;
  }, SAMPLE_MS).unref();

  return {
    refresh({ chain, diskFreeBytes }) {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
      resident.set(process.memoryUsage.rss());
      heap.set(process.memoryUsage().heapUsed);
      diskFree.reset();
      if (diskFreeBytes !== null) diskFree.set({ chain }, diskFreeBytes);
    },
    [Symbol.dispose]: () => clearInterval(sampler),
  };
}

/** Chosen: costs nothing, and a pause of a tenth of a second is seen in half of the cases, a longer one in all. */
const SAMPLE_MS = 200;
