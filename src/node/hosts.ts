import { Worker } from 'node:worker_threads';
import {
  type ApplyHost,
  type Chain,
  createApplyHost,
  createVerifyHost,
  type RulesModule,
  type Store,
  type VerifyHost,
} from '../engine/index.ts';
import { isSynclineError, SynclineError } from '../lib/index.ts';
import type { ApplyWorkerData } from './apply-worker.ts';
import { builtUrl } from './built-url.ts';
import { callOverWorker, type RemoteCaller } from './port-rpc.ts';
import type { VerifyWorkerData } from './verify-worker.ts';

/** Rules in this thread, on a store of this thread: for memory stores. */
export async function createInlineHosts(chain: Chain, store: Store): Promise<{ apply: ApplyHost; verify: VerifyHost }> {
  const module = (await import(chain.rulesModule.href)) as RulesModule;
  const [forApply, forVerify] = [await module.createRules(chain.options), await module.createRules(chain.options)];
  return {
    apply: createApplyHost({ rules: forApply, store, tips: chain.tips, identity: chain.identity, nowMs: monotonicMs }),
    verify: createVerifyHost(forVerify),
  };
}

/** The writer: owns the database and runs the rules on the state. Its death ends the node. */
export function createApplyWorker(chain: Chain, path: string): ApplyHost {
  const data: ApplyWorkerData = {
    rulesModule: builtUrl(chain.rulesModule).href,
    options: chain.options,
    tips: chain.tips,
    identity: chain.identity,
    path,
  };
  const worker = new Worker(builtUrl(new URL(`./apply-worker${EXTENSION}`, import.meta.url)), {
    workerData: data,
    resourceLimits: WORKER_LIMITS,
  });
  const remote = callOverWorker(worker, 'writer');
  const call =
    <Method extends keyof ApplyHost>(method: Method) =>
    (...args: Parameters<ApplyHost[Method]>) =>
      remote.call(method, args) as ReturnType<ApplyHost[Method]>; // the worker serves an ApplyHost
  return {
    recover: call('recover'),
    commit: call('commit'),
    commitFlat: call('commitFlat'),
    rebuild: call('rebuild'),
    unwind: call('unwind'),
    commitParts: call('commitParts'),
    advance: call('advance'),
    recordRejection: call('recordRejection'),
    recordQuarantine: call('recordQuarantine'),
    usage: call('usage'),
    close: () => closeWriter(worker, remote),
  };
}

/**
 * Lets the writer finish and end by itself. It is never terminated from outside: ending a thread inside a database
 * transaction leaves the database's lock held and hangs the process.
 */
async function closeWriter(worker: Worker, remote: RemoteCaller): Promise<void> {
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  try {
    await remote.call('close', []);
  } catch {
    return; // it is dead already
  }
  await exited;
}

/**
 * Verifies in a worker. It keeps nothing, so when it dies a new one takes its place, and every call that was under way
 * is made again, alone in a worker of its own. Candidates that kill that one too are refused as `VERIFIER_DIED` (fault
 * `peer`): bytes that take more than any honest block must not take the node down.
 */
export function createVerifyWorker(chain: Chain): VerifyHost {
  const data: VerifyWorkerData = { rulesModule: builtUrl(chain.rulesModule).href, options: chain.options };
  const url = builtUrl(new URL(`./verify-worker${EXTENSION}`, import.meta.url));
  const start = () => {
    const worker = new Worker(url, { workerData: data, resourceLimits: WORKER_LIMITS });
    return { worker, remote: callOverWorker(worker, 'verifier') };
  };
  let current = start();
  let closed = false;
  let lastAlone: Promise<unknown> = Promise.resolve();
  const hasDied = (error: unknown) => !closed && isSynclineError(error) && error.code === 'WORKER_DIED';

  async function call(method: string, args: readonly unknown[], parts: readonly string[]): Promise<unknown> {
    const mine = current;
    try {
      return await mine.remote.call(method, args);
    } catch (error) {
      if (!hasDied(error)) throw error;
      if (current === mine) current = start();
      const alone = lastAlone.then(() => callAlone(method, args, parts));
      lastAlone = alone.catch(() => {});
      return alone;
    }
  }

  async function callAlone(method: string, args: readonly unknown[], parts: readonly string[]): Promise<unknown> {
    const { worker, remote } = start();
    try {
      await remote.call('firstNeeds', []); // a verifier that cannot even start is no candidate's fault
      return await remote.call(method, args).catch((error) => {
        if (!hasDied(error) || parts.length === 0) throw error;
        throw new SynclineError('VERIFIER_DIED', 'peer', 'the verifier died over these parts, twice', {
          cause: error,
          data: { check: 'resources', expected: 'a verdict', got: 'the end of the verifier', parts },
        });
      });
    } finally {
      await closeWorker(worker, remote);
    }
  }

  return {
    firstNeeds: () => call('firstNeeds', [], []) as ReturnType<VerifyHost['firstNeeds']>,
    examine: (input) =>
      call('examine', [input], [...new Set(input.candidates.map(({ part }) => part))]) as ReturnType<
        VerifyHost['examine']
      >,
    examinePart: (need, candidate) =>
      call('examinePart', [need, candidate], [candidate.part]) as ReturnType<VerifyHost['examinePart']>,
    close: () => {
      closed = true;
      return closeWorker(current.worker, current.remote);
    },
  };
}

/** Asks the worker to close; one that does not answer in time is ended. */
async function closeWorker(worker: Worker, remote: RemoteCaller): Promise<void> {
  const patience = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
  await Promise.race([remote.call('close', []).catch(() => {}), patience]);
  await worker.terminate();
}

const monotonicMs = () => performance.now();
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/**
 * Blocks are short-lived garbage. A small young generation costs a few more collections and keeps a node with two
 * workers tens of megabytes smaller (`test/e2e/memory.test.ts` prints the figure).
 */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 6 };
/** A commit under way takes far less. */
const CLOSE_MS = 1_500;
