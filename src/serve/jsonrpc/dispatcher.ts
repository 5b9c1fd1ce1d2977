import {
  RpcFault,
  type RpcFaultBody,
  type RpcFeed,
  type RpcMethod,
  type RpcService,
  type RpcSubscription,
} from '../../engine/index.ts';
import { isAbort, type Logger, toPlainError } from '../../lib/index.ts';
import type { RpcLimits } from '../rpc-limits.ts';
import { type BindParams, createBinder } from './bind-params.ts';
import type { Breather } from './breather.ts';
import { CallScope } from './call-scope.ts';
import { fault, faultBody, isRpcFault } from './faults.ts';
import type { Gate, GatePlace } from './gate.ts';
import { type NoCall, parseMessage, type RpcCall, type RpcId } from './message.ts';
import { outcomeOfCode, type RpcObserver, type RpcOutcome } from './observer.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { type RpcUpstream, rawJsonOf } from './upstream.ts';

/** Who calls, and what a connection of this kind can do. */
export interface RpcCaller {
  /** What the rate limit counts by. */
  readonly client: string;
  /** Aborts when the caller left. */
  readonly signal: AbortSignal;
  /** Where subscriptions go; null on a connection that cannot have any. */
  readonly subscriber: RpcSubscriber | null;
}

/** The subscriptions of one connection. */
export interface RpcSubscriber {
  /** Takes a place for one more. @throws {RpcFault} when there is none. */
  reserve(): void;
  release(): void;
  /** Fills a place that was taken: a new id. The feed runs from `start` on. */
  add(feed: RpcFeed): string;
  start(id: string): void;
  /** Ends a subscription. @returns Whether there was one. */
  remove(id: string): boolean;
}

export interface RpcReply {
  /** JSON; null when there is nothing to answer. */
  readonly text: string | null;
  /** Above 0 when the message was refused because the caller is over its rate. */
  readonly retryAfterMs: number;
  /** To be called when the text is on its way: feeds begin after the answer that names them. */
  readonly sent: () => void;
}

export interface DispatcherOptions {
  readonly service: RpcService;
  readonly limits: RpcLimits;
  readonly gate: Gate;
  readonly breather: Breather;
  readonly limiter: RateLimiter;
  /** Answers the service's foreign methods; null: nobody does. */
  readonly upstream: RpcUpstream | null;
  readonly observer: RpcObserver;
  readonly log: Logger;
}

/** What stands behind a method's name. */
type Entry =
  | { readonly type: 'method'; readonly method: RpcMethod; readonly bind: BindParams }
  | { readonly type: 'subscribe'; readonly subscription: RpcSubscription; readonly bind: BindParams }
  | { readonly type: 'unsubscribe'; readonly param: string; readonly unknown: RpcFaultBody; readonly bind: BindParams }
  | { readonly type: 'foreign'; readonly reason: string };

/** Answers JSON-RPC 2.0 messages for one service, whatever brings them. */
export class Dispatcher {
  private readonly options: DispatcherOptions;
  private readonly entries: ReadonlyMap<string, Entry>;
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(options: DispatcherOptions) {
    this.options = options;
    this.entries = entriesOf(options.service);
  }

  /** Never rejects, and what it answers is never larger than allowed. */
  async answer(bytes: Uint8Array, caller: RpcCaller): Promise<RpcReply> {
    const { limits, limiter, observer } = this.options;
    // Reading has its price too, so it is paid for by size before, and by number of calls after.
    const paid = Math.ceil(bytes.length / BYTES_PER_TOKEN);
    const waitMs = limiter.take(caller.client, paid);
    if (waitMs > 0) return limitedReply(null, waitMs, observer);
    const message = parseMessage(bytes, limits);
    const calls = message.type === 'single' ? [message.call] : message.calls;
    if (limiter.take(caller.client, Math.max(0, calls.length - paid)) > 0) {
      const id = message.type === 'single' ? message.call.id : null;
      return limitedReply(id, limiter.waitMs(caller.client, calls.length), observer);
    }
    const batch: Batch = { feeds: [], roomBytes: limits.answerBytesMax };
    const text =
      message.type === 'single'
        ? await this.perform(message.call, caller, batch)
        : await this.performAll(message.calls, caller, batch);
    return { text, retryAfterMs: 0, sent: () => batch.feeds.forEach((start) => void start()) };
  }

  /** Resolves when no call is under way any more. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled([...this.underWay]);
  }

  /** A few calls at a time; the answers keep the order of the calls. */
  private async performAll(
    calls: readonly (RpcCall | NoCall)[],
    caller: RpcCaller,
    batch: Batch,
  ): Promise<string | null> {
    const texts: (string | null)[] = [];
    let next = 0;
    const work = async () => {
      for (let i = next++; i < calls.length && !caller.signal.aborted; i = next++) {
        texts[i] = await this.perform(calls[i] as RpcCall | NoCall, caller, batch); // i < length
      }
    };
    const workers = Math.min(this.options.limits.callsPerClientMax, calls.length);
    await Promise.all(Array.from({ length: workers }, work));
    const answers = texts.filter((text) => text !== null);
    return answers.length === 0 ? null : `[${answers.join(',')}]`;
  }

  /** The answer to one call as JSON; null for a notification. */
  private async perform(call: RpcCall | NoCall, caller: RpcCaller, batch: Batch): Promise<string | null> {
    const { observer, limits, upstream } = this.options;
    if (call.type === 'none') {
      observer.called({ method: OTHER, outcome: 'invalid', seconds: 0, upstream: false });
      return taken(errorText(call.id, call.error), batch);
    }
    const startedMs = performance.now();
    const entry = this.entries.get(call.method);
    let outcome: RpcOutcome = 'ok';
    let text: string | null;
    try {
      if (entry === undefined) throw fault('methodNotFound', 'there is no such method here');
      if (batch.roomBytes <= 0) throw tooLarge(limits);
      text = resultText(call.id, await this.resultOf(entry, call, caller, batch));
      if (text !== null && Buffer.byteLength(text) > batch.roomBytes) throw tooLarge(limits);
    } catch (error) {
      const body = this.bodyOf(error, call, caller);
      outcome = caller.signal.aborted ? 'left' : outcomeOfCode(body.code);
      text = call.id === undefined ? null : errorText(call.id, body);
    }
    observer.called({
      method: entry === undefined ? OTHER : call.method,
      outcome,
      seconds: (performance.now() - startedMs) / 1000,
      upstream: entry?.type === 'foreign' && upstream !== null,
    });
    return taken(text, batch);
  }

  private resultOf(entry: Entry, call: RpcCall, caller: RpcCaller, batch: Batch): unknown {
    const { upstream } = this.options;
    switch (entry.type) {
      case 'method': {
        const params = entry.bind(call.params);
        return this.run(caller, (scope) => entry.method.call(params, scope));
      }
      case 'subscribe':
        return this.subscribe(entry, call, caller, batch);
      case 'unsubscribe':
        return this.unsubscribe(entry, call, caller);
      case 'foreign': {
        if (upstream === null) throw fault('methodNotFound', entry.reason);
        const { method, params } = call;
        return this.run(caller, (scope) => upstream.call({ method, params }, scope.signal));
      }
    }
  }

  /**
   * Does the work when it is its turn, for as long as a call may take. The turn ends with the work itself, also where
   * nobody waits for that any more: otherwise work that ignores its signal would pile up.
   */
  private async run(caller: RpcCaller, work: (scope: CallScope) => unknown): Promise<unknown> {
    const { gate, breather, limits } = this.options;
    const scope = new CallScope(caller, limits.callTimeoutMs);
    const entered = gate.enter();
    if (entered === 'full') throw fault('limit', 'the node is busy, try again', { retryAfterMs: 1_000 });
    if (entered !== 'in') await inTurn(entered, scope);
    const end = () => {
      scope.end();
      gate.leave();
    };
    let working: PromiseLike<unknown> | null = null;
    try {
      for (let pause = breather.pause(); pause !== null; pause = breather.pause()) {
        await pause;
        caller.signal.throwIfAborted(); // what the work would look at may be gone with the caller
      }
      const made = work(scope);
      if (!isPromise(made)) return made;
      working = made;
      return await scope.within(made);
    } finally {
      if (working === null) end();
      else this.track(working.then(end, end));
    }
  }

  private track(ending: PromiseLike<void>): void {
    const tracked = Promise.resolve(ending).finally(() => this.underWay.delete(tracked));
    this.underWay.add(tracked);
  }

  private async subscribe(
    { bind, subscription }: Extract<Entry, { type: 'subscribe' }>,
    call: RpcCall,
    caller: RpcCaller,
    batch: Batch,
  ): Promise<string | null> {
    const { subscriber } = caller;
    if (subscriber === null) throw needsSocket();
    const params = bind(call.params);
    subscriber.reserve();
    try {
      const feed = (await this.run(caller, (scope) => subscription.open(params, scope))) as RpcFeed; // what open returns
      if (call.id !== undefined) {
        const id = subscriber.add(feed);
        batch.feeds.push(() => subscriber.start(id));
        return id;
      }
    } catch (error) {
      subscriber.release();
      throw error;
    }
    subscriber.release(); // asked for by a notification: nobody could ever end it
    return null;
  }

  private unsubscribe(
    { bind, param, unknown }: Extract<Entry, { type: 'unsubscribe' }>,
    call: RpcCall,
    { subscriber }: RpcCaller,
  ): true {
    if (subscriber === null) throw needsSocket();
    const id = bind(call.params)[param];
    if (typeof id !== 'string' && typeof id !== 'number') {
      throw fault('invalidParams', `${param} is not a subscription id`, { expected: [param] });
    }
    if (!subscriber.remove(String(id))) throw new RpcFault(unknown);
    return true;
  }

  /** What the caller may know of an error; what it may not is logged. */
  private bodyOf(error: unknown, { method }: RpcCall, { signal }: RpcCaller): RpcFaultBody {
    if (isRpcFault(error)) return error.body;
    if (isAbort(error, signal)) return faultBody('internal', 'the caller left');
    const { code, message, stack } = toPlainError(error);
    this.options.log.error('an RPC method failed', {
      method,
      code,
      message,
      ...(stack === undefined ? {} : { stack }),
    });
    return faultBody('internal', 'the log of the node says why');
  }
}

/** What the calls of one message share. */
interface Batch {
  readonly feeds: (() => void)[];
  /** Bytes that are left for answers. */
  roomBytes: number;
}

function taken(text: string | null, batch: Batch): string | null {
  if (text !== null) batch.roomBytes -= Buffer.byteLength(text) + 1;
  return text;
}

async function inTurn(place: GatePlace, scope: CallScope): Promise<void> {
  try {
    await scope.within(place.turn);
  } catch (error) {
    place.cancel();
    scope.end();
    throw error;
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function entriesOf(service: RpcService): ReadonlyMap<string, Entry> {
  const { methods, subscriptions = {}, unsubscribe, foreign = [], foreignReasons = {} } = service;
  const entries = new Map<string, Entry>();
  for (const name of foreign) entries.set(name, { type: 'foreign', reason: foreignReasons[name] ?? NO_UPSTREAM });
  for (const [name, subscription] of Object.entries(subscriptions)) {
    entries.set(name, { type: 'subscribe', subscription, bind: createBinder(subscription.params) });
  }
  if (unsubscribe !== undefined) {
    const { method, param, unknown } = unsubscribe;
    entries.set(method, { type: 'unsubscribe', param, unknown, bind: createBinder([param]) });
  }
  for (const [name, method] of Object.entries(methods)) {
    entries.set(name, { type: 'method', method, bind: createBinder(method.params) });
  }
  return entries;
}

function limitedReply(id: RpcId | undefined, retryAfterMs: number, observer: RpcObserver): RpcReply {
  observer.refused('rate');
  const body = faultBody('limit', 'too many calls from this address', { retryAfterMs });
  return { text: errorText(id ?? null, body), retryAfterMs, sent: () => {} };
}

function resultText(id: RpcId | undefined, result: unknown): string | null {
  const text = rawJsonOf(result) ?? JSON.stringify(result) ?? 'null';
  return id === undefined ? null : `{"jsonrpc":"2.0","result":${text},"id":${JSON.stringify(id)}}`;
}

export function errorText(id: RpcId, { code, message, data }: RpcFaultBody): string {
  let error: string;
  try {
    error = JSON.stringify(data === undefined ? { code, message } : { code, message, data });
  } catch {
    error = JSON.stringify({ code, message }); // its data is no JSON
  }
  return `{"jsonrpc":"2.0","error":${error},"id":${JSON.stringify(id)}}`;
}

function tooLarge({ answerBytesMax }: RpcLimits): RpcFault {
  return fault('answerTooLarge', `answers of more than ${answerBytesMax} bytes are not given`);
}

function needsSocket(): RpcFault {
  return fault('methodNotFound', 'subscriptions need a WebSocket, at this same path');
}

/** Stands for every name that the service does not know: names come from callers, and labels must not. */
const OTHER = 'other';
const NO_UPSTREAM =
  'this node has no execution engine; started with --rpc.upstream URL it passes such calls on to a node that has';
/** Chosen: parsing as much takes about as long as a small call. */
export const BYTES_PER_TOKEN = 16 * 1024;
