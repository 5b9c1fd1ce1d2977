import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { createSystemEnv, type Env } from '../../../../lib/index.ts';
import { FELT_ZERO, feltAt, feltCount } from '../../felt.ts';
import type { MessageToL2 } from '../../types.ts';
import { STATE_UPDATE_TOPIC, toQuantity, VIEWS } from './l1-values.ts';

export const CONTRACT = '0x00000000000000000000000000000000000c04e5';
export const CHAIN_ID = 11_155_111;

/** A state update as a test writes it. */
export interface ScriptedUpdate {
  readonly l1Block: number;
  readonly logIndex?: number;
  readonly height: number;
  readonly root?: number | bigint;
  readonly hash?: number | bigint;
}

/** An answer that is no honest one: what is written instead, with or without an HTTP head. */
export type Reply = (response: ServerResponse, id: unknown) => void;

/**
 * An Ethereum node that a test writes, over HTTP and WebSocket on one real port: for what a real one does not do on
 * request, such as lying, limits, and logs that are taken back.
 */
export class ScriptedL1 {
  chainId = CHAIN_ID;
  final = 100;
  latest = 110;
  /** Changes the hash of every block. */
  branch = 0;
  updates: ScriptedUpdate[] = [];
  /** By hash of the transaction; any other is unknown. */
  readonly receipts = new Map<string, unknown>();
  /** Blocks in one range of logs, at most. */
  rangeMax = Number.POSITIVE_INFINITY;
  /** Whether new updates are pushed to subscribers. */
  pushes = true;
  /** Methods asked for, with their parameters. */
  readonly calls: string[] = [];
  /** Answers of a method, instead of the honest ones: a result, or an error to throw. */
  readonly results = new Map<string, (params: readonly unknown[]) => unknown>();
  /** What HTTP answers instead, for every call. */
  reply: Reply | null = null;
  /** Headers of the last request. */
  headers: IncomingMessage['headers'] = {};
  private readonly server: Server;
  private readonly sockets: WebSocketServer;

  private constructor() {
    this.server = createServer((request, response) => void this.onRequest(request, response));
    this.sockets = new WebSocketServer({ server: this.server });
    this.sockets.on('connection', (socket, request) => {
      this.headers = request.headers;
      socket.on('error', () => {}); // the other side went away
      socket.on('message', (data) => socket.send(JSON.stringify(this.answer(JSON.parse(String(data)) as Question))));
    });
  }

  static async listen(port = 0): Promise<ScriptedL1> {
    const scripted = new ScriptedL1();
    scripted.server.listen(port, '127.0.0.1');
    await once(scripted.server, 'listening');
    return scripted;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port; // it listens
  }

  url(scheme: 'http' | 'ws', path = '/'): URL {
    return new URL(`l1+${scheme}://127.0.0.1:${this.port}${path}`);
  }

  /** Makes an update happen: those who subscribed hear of it. */
  update(update: ScriptedUpdate): void {
    this.updates.push(update);
    if (this.pushes) this.push(this.log(update));
  }

  /** Takes an update back, as a reorg does. */
  takeBack(update: ScriptedUpdate): void {
    this.updates = this.updates.filter((one) => one !== update);
    this.push({ ...this.log(update), removed: true });
  }

  push(log: unknown, subscription = SUBSCRIPTION): void {
    this.sendAll(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription, result: log } }));
  }

  sendAll(text: string | Buffer): void {
    for (const socket of this.sockets.clients) socket.send(text);
  }

  get clients(): readonly WebSocket[] {
    return [...this.sockets.clients];
  }

  log({ l1Block, logIndex = 0, height, root = height, hash = height + 1 }: ScriptedUpdate) {
    return {
      address: CONTRACT,
      topics: [STATE_UPDATE_TOPIC],
      data: `0x${wordOf(root)}${wordOf(height)}${wordOf(hash)}`,
      blockNumber: toQuantity(l1Block),
      logIndex: toQuantity(logIndex),
      blockHash: this.hashOf(l1Block),
      transactionHash: `0x${wordOf(height + 77)}`,
      removed: false,
    };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    this.headers = request.headers;
    const question = JSON.parse(body) as Question;
    const answer = this.answer(question);
    if (this.reply !== null) this.reply(response, question.id);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  private answer({ id, method, params }: Question): unknown {
    this.calls.push(`${method} ${JSON.stringify(params)}`);
    try {
      const own = this.results.get(method);
      return { jsonrpc: '2.0', id, result: own === undefined ? this.result(method, params) : own(params) };
    } catch (error) {
      return { jsonrpc: '2.0', id, error: { code: -32_000, message: (error as Error).message } };
    }
  }

  private result(method: string, params: readonly unknown[]): unknown {
    switch (method) {
      case 'eth_chainId':
        return toQuantity(this.chainId);
      case 'eth_blockNumber':
        return toQuantity(this.latest);
      case 'eth_getBlockByNumber':
        return { number: toQuantity(this.final), hash: this.hashOf(this.final), transactions: [] };
      case 'eth_call':
        return this.view((params[0] as { data: string }).data, Number(params[1]));
      case 'eth_getLogs': {
        const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
        const [from, to] = [Number(fromBlock), Number(toBlock)];
        if (to - from + 1 > this.rangeMax) throw new Error(`block range exceeds ${this.rangeMax}`);
        return this.updates.filter(({ l1Block }) => l1Block >= from && l1Block <= to).map((one) => this.log(one));
      }
      case 'eth_getTransactionReceipt':
        return this.receipts.get(String(params[0])) ?? null;
      case 'eth_subscribe':
        return SUBSCRIPTION;
      default:
        throw new Error(`the method ${method} does not exist`);
    }
  }

  /** What the contract says after a block. */
  private view(selector: string, l1Block: number): string {
    const made = this.updates.filter((one) => one.l1Block <= l1Block);
    const last = made.sort((a, b) => a.l1Block - b.l1Block || (a.logIndex ?? 0) - (b.logIndex ?? 0)).at(-1);
    const data = this.log(last ?? { l1Block, height: -1, root: 0, hash: 0 }).data.slice(2);
    const index = [VIEWS.stateRoot, VIEWS.stateBlockNumber, VIEWS.stateBlockHash].indexOf(selector as never);
    return `0x${data.slice(64 * index, 64 * index + 64)}`;
  }

  private hashOf(l1Block: number): string {
    return `0x${wordOf(l1Block * 1_000 + this.branch)}`;
  }
}

interface Question {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** As a node answers it, with these messages and nothing else in it. */
export function receiptOf(transaction: string, messages: readonly MessageToL2[]) {
  const logs: readonly unknown[] = messages.map((message, index) => messageLog(message, { transaction, index }));
  return { transactionHash: transaction, status: '0x1', blockNumber: '0x64', logs };
}

export interface MessageLogOptions {
  readonly transaction: string;
  /** Of the log in its block. */
  readonly index: number;
  /** As before Cairo 0.10. */
  readonly withoutFee?: boolean;
}

/** A message as the core contract logs it, with a fee of seven wei. */
export function messageLog(message: MessageToL2, { transaction, index, withoutFee = false }: MessageLogOptions) {
  const { fromAddress, toAddress, selector, payload, nonce } = message;
  const fee = withoutFee ? [] : [wordOf(7)];
  const felts = Array.from({ length: feltCount(payload) }, (_, i) => hexOf(feltAt(payload, i)));
  const words = [wordOf(withoutFee ? 64 : 96), hexOf(nonce ?? FELT_ZERO), ...fee, wordOf(felts.length), ...felts];
  return {
    address: CONTRACT,
    topics: [
      withoutFee ? MESSAGE_TOPIC_WITHOUT_FEE : MESSAGE_TOPIC,
      ...[fromAddress, toAddress, selector].map((word) => `0x${hexOf(word)}`),
    ],
    data: `0x${words.join('')}`,
    blockNumber: '0x64',
    logIndex: toQuantity(index),
    transactionHash: transaction,
    removed: false,
  };
}

export const MESSAGE_TOPIC = '0xdb80dd488acf86d17c747445b0eabb5d57c541d3bd7b6b87af987858e5066b2b';
const MESSAGE_TOPIC_WITHOUT_FEE = '0x7d3450d4f5138e54dcb21a322312d50846ead7856426fb38778f8ef33aeccc01';

function hexOf(word: Uint8Array): string {
  return Buffer.from(word).toString('hex');
}

export function wordOf(value: number | bigint): string {
  return BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0');
}

/** Real time, but sleeps last a fiftieth: back-off would make tests wait. */
export function createHastyEnv(): Env {
  const env = createSystemEnv();
  return { ...env, sleep: (ms, signal) => env.sleep(ms / 50, signal) };
}

const SUBSCRIPTION = '0x5b';
