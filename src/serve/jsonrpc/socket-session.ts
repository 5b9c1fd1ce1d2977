import { setMaxListeners } from 'node:events';
import type { WebSocket } from 'ws';
import type { RpcFeed } from '../../engine/index.ts';
import { createBell, isAbort, type Logger } from '../../lib/index.ts';
import type { Quota } from '../http/index.ts';
import type { RpcLimits } from '../rpc-limits.ts';
import type { Dispatcher, RpcCaller, RpcSubscriber } from './dispatcher.ts';
import { fault } from './faults.ts';
import type { RpcObserver } from './observer.ts';

export interface SocketSessionOptions {
  readonly socket: WebSocket;
  readonly client: string;
  readonly dispatcher: Dispatcher;
  readonly limits: RpcLimits;
  /** Subscriptions of all sockets, and bytes of answers that wait. */
  readonly subscriptions: Quota;
  readonly heldBytes: Quota;
  readonly nextSubscriptionId: () => string;
  readonly observer: RpcObserver;
  readonly log: Logger;
}

/**
 * One WebSocket: its calls, its subscriptions, and what waits to be sent on it. No more is read than can be answered, and
 * no more is made for it than it takes.
 */
export class SocketSession implements RpcSubscriber {
  private readonly options: SocketSessionOptions;
  private readonly leaving = new AbortController();
  private readonly caller: RpcCaller;
  private readonly inbox: Buffer[] = [];
  private readonly flushed = createBell();
  private readonly feeds = new Map<string, { readonly feed: RpcFeed; readonly end: AbortController }>();
  private readonly running = new Set<Promise<void>>();
  private reserved = 0;
  private underWay = 0;
  private sendsWaiting = 0;
  /** When the socket last took something, or had nothing to take. */
  private movedMs = performance.now();
  private wasHeard = true;

  constructor(options: SocketSessionOptions) {
    this.options = options;
    setMaxListeners(0, this.leaving.signal); // each call may listen
    this.caller = { client: options.client, signal: this.leaving.signal, subscriber: this };
    const { socket } = options;
    socket.on('message', (data: Buffer) => this.receive(data));
    socket.on('pong', () => this.hear());
    socket.on('ping', () => this.hear());
    socket.on('error', () => {}); // `close` follows, with the code that ws chose
    socket.on('close', () => this.leave());
  }

  /**
   * Asks whether the client is still there, and cuts it off when it is not, or takes nothing. While something waits to be
   * sent, an answer may be long in coming: then it is what it takes that counts.
   */
  check(): void {
    const { socket, limits, observer } = this.options;
    const isTaking = this.sendsWaiting > 0;
    const isStalled = isTaking && performance.now() - this.movedMs > limits.stallTimeoutMs;
    if (isStalled) observer.refused('slow');
    if (isStalled || !(isTaking || this.wasHeard)) {
      socket.terminate();
      return;
    }
    this.wasHeard = isTaking || this.isHeldBack(); // while we do not read, we hear nothing
    if (socket.readyState === socket.OPEN) socket.ping();
  }

  /** Ends everything; resolves when all that ran for this socket has ended. */
  async close(code: number, reason: string): Promise<void> {
    const { socket } = this.options;
    socket.close(code, reason);
    const patience = setTimeout(() => socket.terminate(), CLOSE_MS);
    this.leave();
    await Promise.allSettled([...this.running]);
    clearTimeout(patience);
    socket.terminate();
  }

  reserve(): void {
    const { limits, subscriptions } = this.options;
    if (this.reserved >= limits.subscriptionsPerSocketMax) {
      throw fault('limit', `more than ${limits.subscriptionsPerSocketMax} subscriptions on one connection`);
    }
    if (!subscriptions.take(1)) throw fault('limit', 'the node has no room for more subscriptions');
    this.reserved++;
  }

  release(): void {
    this.reserved--;
    this.options.subscriptions.give(1);
  }

  add(feed: RpcFeed): string {
    const id = this.options.nextSubscriptionId();
    if (this.leaving.signal.aborted) {
      this.release();
      return id;
    }
    const end = new AbortController();
    setMaxListeners(0, end.signal); // what a feed does with it is its own affair
    this.feeds.set(id, { feed, end });
    return id;
  }

  start(id: string): void {
    const added = this.feeds.get(id);
    if (added === undefined) return;
    const running = this.run(id, added.feed, added.end.signal).finally(() => {
      this.running.delete(running);
      this.remove(id);
    });
    this.running.add(running);
  }

  remove(id: string): boolean {
    const found = this.feeds.get(id);
    if (found === undefined) return false;
    this.feeds.delete(id);
    this.release();
    found.end.abort(new DOMException('the subscription has ended', 'AbortError'));
    return true;
  }

  private receive(data: Buffer): void {
    this.hear();
    if (this.leaving.signal.aborted) return;
    this.inbox.push(data);
    this.work();
  }

  private hear(): void {
    this.wasHeard = true;
  }

  /** Begins what may be begun; what is left waits, and the socket is not read until then. */
  private work(): void {
    const { socket, limits } = this.options;
    while (this.underWay < limits.callsPerClientMax && !this.isFull()) {
      const data = this.inbox.shift();
      if (data === undefined) break;
      this.underWay++;
      const running = this.serve(data).finally(() => {
        this.underWay--;
        this.running.delete(running);
        this.work();
      });
      this.running.add(running);
    }
    if (this.isHeldBack() === socket.isPaused || socket.readyState !== socket.OPEN) return;
    if (socket.isPaused) socket.resume();
    else socket.pause();
  }

  private isHeldBack(): boolean {
    return this.inbox.length > 0;
  }

  /** Whether so much waits to be sent that nothing more should be asked. */
  private isFull(): boolean {
    return this.options.socket.bufferedAmount > this.options.limits.unreadBytesMax;
  }

  private async serve(data: Buffer): Promise<void> {
    const { dispatcher, heldBytes, observer } = this.options;
    if (heldBytes.isSpent) {
      // Others take their time with what was made for them. There is no id to answer to before the message is read.
      observer.refused('busy');
      this.options.socket.close(TRY_AGAIN_LATER, 'the node is busy');
      return;
    }
    try {
      const { text, sent } = await dispatcher.answer(data, this.caller);
      if (this.leaving.signal.aborted) return;
      if (text !== null) this.send(text);
      sent();
    } catch (error) {
      this.fail('an RPC answer failed', error);
    }
  }

  /** There is no message for this. A client that is cut off knows at least that it misses something. */
  private fail(message: string, error: unknown): void {
    this.options.log.error(message, { message: String(error) });
    this.options.socket.close(INTERNAL_ERROR, 'something failed here');
  }

  private send(text: string): void {
    const { socket, heldBytes } = this.options;
    if (socket.readyState !== socket.OPEN) return;
    const bytes = Buffer.byteLength(text);
    heldBytes.force(bytes);
    if (this.sendsWaiting++ === 0) this.movedMs = performance.now();
    socket.send(text, () => {
      heldBytes.give(bytes);
      this.sendsWaiting--;
      this.movedMs = performance.now();
      this.flushed.ring();
      this.work();
    });
  }

  private async run(id: string, feed: RpcFeed, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      await feed((method, result) => this.notify(id, { method, result }, signal), signal);
    } catch (error) {
      if (!isAbort(error, signal)) this.fail('an RPC subscription failed', error);
    }
  }

  private async notify(
    id: string,
    { method, result }: { readonly method: string; readonly result: unknown },
    signal: AbortSignal,
  ): Promise<void> {
    await this.untilRoom(signal);
    const params = `{"subscription_id":${JSON.stringify(id)},"result":${JSON.stringify(result) ?? 'null'}}`;
    this.send(`{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${params}}`);
    await this.untilRoom(signal);
  }

  private async untilRoom(signal: AbortSignal): Promise<void> {
    const { socket, limits, heldBytes } = this.options;
    signal.throwIfAborted();
    while (socket.bufferedAmount > limits.feedBytesMax || (heldBytes.isSpent && this.sendsWaiting > 0)) {
      await this.flushed.wait(signal);
    }
  }

  private leave(): void {
    if (this.leaving.signal.aborted) return;
    this.leaving.abort(new DOMException('the client left', 'AbortError'));
    this.inbox.length = 0;
    for (const id of [...this.feeds.keys()]) this.remove(id);
  }
}

/** RFC 6455, section 7.4.1, and the registry it founds. */
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;
/** Chosen: for a client to answer the closing handshake. */
const CLOSE_MS = 200;
