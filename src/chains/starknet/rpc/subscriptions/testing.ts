import type { RpcFeed, RpcService } from '../../../../engine/index.ts';
import { requireDeclared } from '../methods/testing.ts';

/** One notification that a subscriber got. */
export interface Notification {
  readonly method: string;
  readonly result: unknown;
}

/** A running subscription and what it has told so far. */
export interface Subscription extends AsyncDisposable {
  readonly told: readonly Notification[];
  /** Resolves when so many notifications have come. */
  until(count: number): Promise<readonly Notification[]>;
  /** Resolves when the subscription has had time to tell something, and gives what it has told. */
  settled(): Promise<readonly Notification[]>;
}

/** Opens a subscription and runs it. @throws {RpcFault} what opening throws. */
export async function subscribe(
  service: RpcService,
  name: string,
  params: Readonly<Record<string, unknown>> = {},
): Promise<Subscription> {
  const subscription = service.subscriptions?.[name];
  if (subscription === undefined) throw new Error(`${service.path} has no subscription ${name}`);
  requireDeclared(params, subscription.params, name);
  const abort = new AbortController();
  const feed: RpcFeed = await subscription.open(params, { signal: abort.signal });
  const told: Notification[] = [];
  let failure: { readonly error: unknown } | null = null;
  const running = feed(async (method, result) => {
    told.push({ method, result });
    await turn();
  }, abort.signal).catch((error: unknown) => {
    failure = { error };
  });
  const check = () => {
    if (failure !== null) throw failure.error;
  };
  return {
    told,
    async until(count) {
      for (let i = 0; i < TURNS_MAX && told.length < count; i++) {
        check();
        await turn();
      }
      if (told.length < count) throw new Error(`${told.length} of ${count} notifications came`);
      return told;
    },
    async settled() {
      for (let i = 0; i < SETTLED_TURNS; i++) await turn();
      check();
      return told;
    },
    async [Symbol.asyncDispose]() {
      abort.abort(new DOMException('unsubscribed', 'AbortError'));
      await running;
      check();
    },
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const TURNS_MAX = 100_000;
const SETTLED_TURNS = 50;
