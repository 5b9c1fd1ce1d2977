import type { RpcParams } from '../../engine/index.ts';
import { fault } from './faults.ts';
import type { RpcCall } from './message.ts';

/** The parameters of one method: puts names to what came by position, and refuses what does not fit. */
export type BindParams = (params: RpcCall['params']) => RpcParams;

/**
 * @param list Names in order; those that end in `?` may be left out. A null for such a one counts as left out, since
 *   that is how callers by position write it.
 * @returns A function that throws `RpcFault` with `Invalid params`, what was wrong, and what is expected.
 */
export function createBinder(list: readonly string[]): BindParams {
  const slots = list.map((entry) => ({ name: entry.replace(/\?$/, ''), isOptional: entry.endsWith('?') }));
  const names = new Set(slots.map(({ name }) => name));
  const refuse = (reason: string) => fault('invalidParams', reason, { expected: list });

  function valuesOf(params: RpcCall['params']): readonly unknown[] {
    if (params === undefined) return [];
    if (!isList(params)) {
      const unknown = Object.keys(params).filter((name) => !names.has(name));
      if (unknown.length > 0) throw refuse(`unknown parameter ${shortened(unknown[0] ?? '')}`);
      return slots.map(({ name }) => (Object.hasOwn(params, name) ? params[name] : undefined));
    }
    if (params.length <= slots.length) return params;
    throw refuse(`${params.length} parameters, expected at most ${slots.length}`);
  }

  return (params) => {
    const values = valuesOf(params);
    const bound: Record<string, unknown> = {};
    for (const [i, { name, isOptional }] of slots.entries()) {
      const value = values[i];
      if (value === undefined || (value === null && isOptional)) {
        if (!isOptional) throw refuse(`parameter ${name} is missing`);
      } else bound[name] = value;
    }
    return bound;
  };
}

function isList(params: object): params is readonly unknown[] {
  return Array.isArray(params);
}

/** Names come from the caller, and an answer is not the place for a megabyte of them. */
function shortened(name: string): string {
  return JSON.stringify(name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX)}…` : name);
}

const NAME_LENGTH_MAX = 64;
