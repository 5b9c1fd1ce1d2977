import { parentPort, workerData } from 'node:worker_threads';
import {
  type AuditHost,
  createAuditHost,
  type PlainData,
  type RulesModule,
  type TipNames,
} from '../../engine/index.ts';
import { openLmdb } from '../../store/index.ts';
import { serveOverPort } from '../port-rpc.ts';

export interface AuditWorkerData {
  readonly rulesModule: string;
  readonly options: PlainData;
  readonly tips: TipNames;
  readonly identity: string;
  /** Folder of the database, which is only read. */
  readonly path: string;
}

const { rulesModule, options, tips, identity, path } = workerData as AuditWorkerData;
const port = parentPort;
if (port === null) throw new TypeError('this module runs in a worker');
const host = open();
host.catch(() => {}); // every call fails with the reason

async function open(): Promise<AuditHost> {
  const module = (await import(rulesModule)) as RulesModule;
  const rules = await module.createRules(options);
  return createAuditHost({ rules, tips, identity }, openLmdb({ path, readOnly: true }));
}

serveOverPort(port, {
  refAt: async (...args: Parameters<AuditHost['refAt']>) => (await host).refAt(...args),
  isCanonical: async (...args: Parameters<AuditHost['isCanonical']>) => (await host).isCanonical(...args),
  records: async () => (await host).records(),
  blocks: async (...args: Parameters<AuditHost['blocks']>) => (await host).blocks(...args),
  sweep: async (...args: Parameters<AuditHost['sweep']>) => (await host).sweep(...args),
  locate: async (...args: Parameters<AuditHost['locate']>) => (await host).locate(...args),
  storedSums: async () => (await host).storedSums(),
  counts: async (...args: Parameters<AuditHost['counts']>) => (await host).counts(...args),
  tries: async (...args: Parameters<AuditHost['tries']>) => (await host).tries(...args),
  close: async () => {
    await (await host).close();
    port.close();
  },
});
