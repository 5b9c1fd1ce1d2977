import { Worker } from 'node:worker_threads';
import { type AuditHost, type Chain, createAuditHost, type RulesModule } from '../../engine/index.ts';
import { openLmdb } from '../../store/index.ts';
import { builtUrl } from '../built-url.ts';
import { callOverWorker } from '../port-rpc.ts';
import type { AuditWorkerData } from './audit-worker.ts';

/**
 * Hosts that audit the database at `path`, each with a view of its own on it.
 *
 * @param threads How many, each in a worker; 0 for one in this thread.
 */
export async function openAuditHosts(chain: Chain, path: string, threads: number): Promise<readonly AuditHost[]> {
  if (threads > 0) return Array.from({ length: threads }, () => createAuditWorker(chain, path));
  const module = (await import(chain.rulesModule.href)) as RulesModule;
  const rules = await module.createRules(chain.options);
  const { tips, identity } = chain;
  return [createAuditHost({ rules, tips, identity }, openLmdb({ path, readOnly: true }))];
}

function createAuditWorker(chain: Chain, path: string): AuditHost {
  const { rulesModule, options, tips, identity } = chain;
  const data: AuditWorkerData = { rulesModule: builtUrl(rulesModule).href, options, tips, identity, path };
  const worker = new Worker(builtUrl(new URL(`./audit-worker${EXTENSION}`, import.meta.url)), { workerData: data });
  const remote = callOverWorker(worker, 'auditor');
  const call =
    <Method extends keyof AuditHost>(method: Method) =>
    (...args: Parameters<AuditHost[Method]>) =>
      remote.call(method, args) as ReturnType<AuditHost[Method]>; // the worker serves an AuditHost
  return {
    refAt: call('refAt'),
    isCanonical: call('isCanonical'),
    records: call('records'),
    blocks: call('blocks'),
    sweep: call('sweep'),
    locate: call('locate'),
    storedSums: call('storedSums'),
    counts: call('counts'),
    tries: call('tries'),
    async close() {
      // It only reads, so one that does not answer any more may be ended where it is.
      const patience = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([remote.call('close', []).catch(() => {}), patience]);
      await worker.terminate();
    },
  };
}

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/** Chosen: more than any step takes. */
const CLOSE_MS = 5_000;
