import type { Env, Scope } from '../../lib/index.ts';

/** One timer that rings at the earliest time asked for; a later one is replaced, so there is never more than one. */
export interface Alarm {
  setAtMs(atMs: number): void;
}

export function createAlarm(env: Env, scope: Scope, ring: () => void): Alarm {
  let current: { readonly atMs: number; readonly cancel: AbortController } | null = null;
  return {
    setAtMs(atMs) {
      if (scope.signal.aborted || (current !== null && current.atMs <= atMs)) return;
      current?.cancel.abort();
      const mine = { atMs, cancel: new AbortController() };
      current = mine;
      const onClose = () => mine.cancel.abort();
      scope.signal.addEventListener('abort', onClose, { once: true });
      scope.spawn(async () => {
        try {
          await env.sleep(Math.max(0, atMs - env.nowMs()), mine.cancel.signal);
        } catch {
          return; // replaced by an earlier one, or the scope closed
        } finally {
          scope.signal.removeEventListener('abort', onClose);
        }
        if (current === mine) current = null;
        ring();
      });
    },
  };
}
