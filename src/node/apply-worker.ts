import { parentPort, workerData } from 'node:worker_threads';
import { type ApplyHost, createApplyHost, type PlainData, type RulesModule, type TipNames } from '../engine/index.ts';
import { openLmdb } from '../store/index.ts';
import { serveOverPort } from './port-rpc.ts';

export interface ApplyWorkerData {
  readonly rulesModule: string;
  readonly options: PlainData;
  readonly tips: TipNames;
  readonly identity: string;
  /** Folder of the database. */
  readonly path: string;
}

const { rulesModule, options, tips, identity, path } = workerData as ApplyWorkerData;
const port = parentPort;
if (port === null) throw new TypeError('this module runs in a worker');
const host = open();
host.catch(() => {}); // every call fails with the reason

async function open(): Promise<ApplyHost> {
  const module = (await import(rulesModule)) as RulesModule;
  const rules = await module.createRules(options);
  return createApplyHost({ rules, store: openLmdb({ path }), tips, identity, nowMs: () => performance.now() });
}

serveOverPort(port, {
  recover: async () => (await host).recover(),
  commit: async (...args: Parameters<ApplyHost['commit']>) => (await host).commit(...args),
  commitFlat: async (...args: Parameters<ApplyHost['commitFlat']>) => (await host).commitFlat(...args),
  rebuild: async () => (await host).rebuild(),
  unwind: async (...args: Parameters<ApplyHost['unwind']>) => (await host).unwind(...args),
  commitParts: async (...args: Parameters<ApplyHost['commitParts']>) => (await host).commitParts(...args),
  advance: async (...args: Parameters<ApplyHost['advance']>) => (await host).advance(...args),
  recordRejection: async (...args: Parameters<ApplyHost['recordRejection']>) => (await host).recordRejection(...args),
  recordQuarantine: async (...args: Parameters<ApplyHost['recordQuarantine']>) =>
    (await host).recordQuarantine(...args),
  usage: async () => (await host).usage(),
  close: async () => {
    await (await host).close();
    port.close();
  },
});
