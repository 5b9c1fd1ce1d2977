import { parentPort, workerData } from 'node:worker_threads';
import { createVerifyHost, type PlainData, type RulesModule } from '../engine/index.ts';
import { serveOverPort } from './port-rpc.ts';

export interface VerifyWorkerData {
  readonly rulesModule: string;
  readonly options: PlainData;
}

const { rulesModule, options } = workerData as VerifyWorkerData;
const port = parentPort;
if (port === null) throw new TypeError('this module runs in a worker');
const host = import(rulesModule).then(async (module: RulesModule) =>
  createVerifyHost(await module.createRules(options)),
);
// A rules module that does not load fails every call, with its reason.
host.catch(() => {});

serveOverPort(port, {
  firstNeeds: async () => (await host).firstNeeds(),
  examine: async (...args: Parameters<Awaited<typeof host>['examine']>) => (await host).examine(...args),
  examinePart: async (...args: Parameters<Awaited<typeof host>['examinePart']>) => (await host).examinePart(...args),
  close: async () => {
    port.close();
  },
});
