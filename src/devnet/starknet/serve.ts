import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSystemEnv, type Env, SynclineError, toSynclineError } from '../../lib/index.ts';
import { answerRequest, type ClassAnswers, type Gateway, reorgIfDue } from './answer-request.ts';
import { createBuilding } from './building.ts';
import { FaultPlan, type InjectedFault } from './fault-plan.ts';
import { parseFault } from './faults.ts';
import { htmlAnswer, send } from './http-answer.ts';
import { createRollbacks } from './rollbacks.ts';
import type { StarknetDevnet } from './starknet-devnet.ts';

export interface ServeStarknetDevnetOptions {
  readonly devnet: StarknetDevnet;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Adds a block each time this many milliseconds have passed. Default 0: never. */
  readonly blockTimeMs?: number;
  /**
   * Shows the newest block as pre-confirmed, growing with each request for it; it is the head only when the next one is
   * made. Default false.
   */
  readonly preConfirmed?: boolean;
  /** What goes wrong on purpose, as `parseFault` reads it; all of them together. Default none. */
  readonly faults?: readonly string[];
  /** How many answers to each call an affected height or class gets wrong before it is served well. Default 2. */
  readonly faultServings?: number;
  /**
   * Class hash in canonical hex → what this gateway answers of that class, whatever it is: as `DevnetClassFiles`, each
   * of the two its own bytes where it is left out. For classes that are false in ways that no fault makes. Default none.
   */
  readonly classAnswers?: Readonly<Record<string, ClassAnswers>>;
  /** Told of every injected fault, when it strikes. */
  readonly onFault?: (fault: InjectedFault) => void;
  /** Time, for the waiting. Default: the real one. */
  readonly env?: Env;
}

export interface StarknetDevnetServer extends AsyncDisposable {
  /** Base URL, `http://<host>:<port>/feeder_gateway`. */
  readonly url: URL;
  readonly devnet: StarknetDevnet;
  /** Kind of fault → how often it was injected so far. */
  faultsInjected(): Record<string, number>;
  /** Stops making blocks and breaks all connections; closing twice is harmless. Rejects if making blocks failed. */
  close(): Promise<void>;
}

/**
 * Serves a devnet as a feeder gateway: `get_block` (`blockNumber`, `blockHash`, `headerOnly`), `get_state_update`
 * (`includeBlock`, `includeSignature`), `get_signature`, `get_class_by_hash`, `get_compiled_class_by_class_hash`,
 * `get_public_key`, `get_contract_addresses`; gzipped for those who accept it. `FaultPlan` says which answers a fault
 * strikes. Making blocks holds up the thread, so that a deep reorg delays the requests that arrive meanwhile.
 *
 * @throws {SynclineError} `FAULT_UNKNOWN`, `FAULT_MALFORMED` (fault `caller`); `DEVNET_LISTEN` (fault `local`).
 */
export async function serveStarknetDevnet(options: ServeStarknetDevnetOptions): Promise<StarknetDevnetServer> {
  const { devnet, host = '127.0.0.1', blockTimeMs = 0, classAnswers = {}, env = createSystemEnv() } = options;
  const plan = new FaultPlan({
    faults: (options.faults ?? []).map(parseFault),
    servings: options.faultServings ?? SERVINGS,
    onFault: options.onFault ?? (() => {}),
  });
  const closing = new AbortController();
  const rollbacks = createRollbacks({ devnet, env, signal: closing.signal });
  const building = options.preConfirmed === true ? createBuilding(devnet) : null;
  const visible = building?.closed ?? devnet;
  const { signal } = closing;
  const gateway: Gateway = { devnet: visible, building, plan, classAnswers, env, signal, rollback: rollbacks.start };
  const server = createServer((request, response) => {
    answerRequest(gateway, request, response).catch((error: unknown) => {
      // Whoever asked has gone, or it is a bug of ours, which the one who asked may tell.
      if (response.headersSent || closing.signal.aborted) response.destroy();
      else send(response, htmlAnswer(500, toSynclineError(error).message.replaceAll(/[<&]/g, ' ')));
    });
  });
  await listen(server, { host, port: options.port ?? 0 });
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const mayProduce = () => !rollbacks.underWay;
  const producing = blockTimeMs > 0 ? produceBlocks(gateway, { blockTimeMs, mayProduce }) : Promise.resolve();
  producing.catch(() => {}); // `close` awaits it and reports what went wrong

  const close = async () => {
    if (!closing.signal.aborted) {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await producing;
    await rollbacks.ended();
  };
  return {
    url: new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}/feeder_gateway`),
    devnet,
    faultsInjected: () => plan.counts(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function produceBlocks(
  gateway: Gateway,
  { blockTimeMs, mayProduce }: { readonly blockTimeMs: number; mayProduce(): boolean },
): Promise<void> {
  const { devnet, env, signal } = gateway;
  for (;;) {
    try {
      await env.sleep(blockTimeMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (!mayProduce()) continue;
    devnet.produce(1);
    reorgIfDue(gateway, false);
  }
}

async function listen(server: Server, at: { readonly host: string; readonly port: number }): Promise<void> {
  server.listen(at);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new SynclineError('DEVNET_LISTEN', 'local', 'the devnet cannot listen at that address', {
      data: { host: at.host, port: at.port },
      cause: error,
    });
  }
}

/** So that a fault survives one retry, and a source with a single gateway still gets the block. Chosen. */
const SERVINGS = 2;
