import { isUtf8 } from 'node:buffer';
import type { RpcFaultBody } from '../../engine/index.ts';
import { faultBody } from './faults.ts';
import { type OutlineLimits, outlineOf } from './outline.ts';

/** What a caller tells its calls apart by. `null` is an id like any other, though one that helps nobody. */
export type RpcId = string | number | null;

export interface RpcCall {
  readonly type: 'call';
  /** Absent for a notification, which is not answered. */
  readonly id: RpcId | undefined;
  readonly method: string;
  /** As they came: an array, an object, or absent. */
  readonly params: readonly unknown[] | Readonly<Record<string, unknown>> | undefined;
}

/** Something that is no call, and its answer. */
export interface NoCall {
  readonly type: 'none';
  readonly id: RpcId;
  readonly error: RpcFaultBody;
}

export type RpcMessage =
  | { readonly type: 'single'; readonly call: RpcCall | NoCall }
  | { readonly type: 'batch'; readonly calls: readonly (RpcCall | NoCall)[] };

/** Reads a message by JSON-RPC 2.0. Whatever comes in, an answer can be made of what comes out. */
export function parseMessage(bytes: Uint8Array, limits: OutlineLimits): RpcMessage {
  if (!isUtf8(bytes)) return refused('parse', 'the message is not UTF-8');
  const outline = outlineOf(bytes, limits);
  if (outline !== null) return refused('invalidRequest', outline);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return refused('parse', 'the message is not JSON');
  }
  if (!Array.isArray(value)) return { type: 'single', call: readCall(value) };
  if (value.length === 0) return refused('invalidRequest', 'the batch is empty');
  return { type: 'batch', calls: value.map(readCall) };
}

function readCall(value: unknown): RpcCall | NoCall {
  if (!isObject(value)) return noCall(null, 'a call is an object');
  const { id, method, params } = value;
  if (!(id === undefined || isId(id))) return noCall(null, 'id is not a text, null, or a number up to 2^53 - 1');
  if (value.jsonrpc !== '2.0') return noCall(id ?? null, 'jsonrpc is not "2.0"');
  if (typeof method !== 'string') return noCall(id ?? null, 'method is not a text');
  // Several clients write null where they have none.
  if (params === undefined || params === null) return { type: 'call', id, method, params: undefined };
  if (Array.isArray(params) || isObject(params)) return { type: 'call', id, method, params };
  return noCall(id ?? null, 'params are neither an array nor an object');
}

/** Fractions are discouraged, not forbidden. A number that we could not give back as it came is refused. */
function isId(value: unknown): value is RpcId {
  if (value === null || typeof value === 'string') return true;
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function noCall(id: RpcId, reason: string): NoCall {
  return { type: 'none', id, error: faultBody('invalidRequest', reason) };
}

function refused(name: 'parse' | 'invalidRequest', reason: string): RpcMessage {
  return { type: 'single', call: { type: 'none', id: null, error: faultBody(name, reason) } };
}
