import { feltToHex } from '../../felt.ts';
import type { Event, Felt, Receipt } from '../../types.ts';
import type { ApiVersion } from '../api-version.ts';
import { isAbsent, parseFeltArgument, parseListArgument } from '../arguments.ts';
import { fault, invalidParams } from '../faults.ts';

/** Which events are wanted. */
export interface EventFilter {
  /** Contracts that emit them; none: any. */
  readonly emitters: readonly Felt[];
  /** By position, the keys that will do; none: any, whether the event has a key there or not. */
  readonly keys: readonly (readonly Felt[])[];
}

/**
 * Reads the contracts of a filter: one, or from 0.10 on a list.
 * @param path Where the value stands, for the error.
 * @throws {RpcFault} invalid params.
 * @see Starknet JSON-RPC specification, `EVENT_FILTER`
 */
export function parseEmitters(value: unknown, version: ApiVersion, path: string): readonly Felt[] {
  if (isAbsent(value)) return [];
  if (version < 10 || !Array.isArray(value)) return [parseFeltArgument(value, path)];
  if (value.length > EMITTERS_MAX) throw invalidParams(path, `at most ${EMITTERS_MAX} addresses`);
  return distinct(parseListArgument(value, path, parseFeltArgument));
}

/**
 * Reads the keys of a filter.
 * @param path Where the value stands, for the error.
 * @throws {RpcFault} invalid params; 34, too many keys.
 * @see Starknet JSON-RPC specification, `EVENT_KEYS`
 */
export function parseKeys(value: unknown, path: string): readonly (readonly Felt[])[] {
  if (isAbsent(value)) return [];
  if (Array.isArray(value)) requireFewKeys(value);
  const keys = parseListArgument(value, path, (position, at) =>
    distinct(parseListArgument(position, at, parseFeltArgument)),
  );
  return keys.slice(0, keys.findLastIndex((wanted) => wanted.length > 0) + 1);
}

/** Before any of them is parsed. */
function requireFewKeys(positions: readonly unknown[]): void {
  if (positions.length > KEY_POSITIONS_MAX) {
    throw fault('tooManyKeys', { limit: KEY_POSITIONS_MAX, requested: positions.length });
  }
  const requested = positions.reduce<number>((sum, keys) => sum + (Array.isArray(keys) ? keys.length : 0), 0);
  if (requested > KEYS_MAX) throw fault('tooManyKeys', { limit: KEYS_MAX, requested });
}

/** An event where it was emitted. */
export interface FoundEvent {
  readonly event: Event;
  readonly transactionHash: Felt;
  /** Position of the transaction in the block. */
  readonly transactionIndex: number;
  /** Position among the events of the transaction. */
  readonly eventIndex: number;
  /** Position among the events of the block. */
  readonly offset: number;
}

/** Finds the events of one block that a filter wants, in order. */
export type EventMatcher = (receipts: readonly Receipt[], options?: MatchOptions) => Generator<FoundEvent>;

export interface MatchOptions {
  /** Events of the block to skip, wanted or not. Default: 0. */
  readonly skip?: number;
}

export function createEventMatcher({ emitters, keys }: EventFilter): EventMatcher {
  const wantedEmitters = emitters.length === 0 ? null : new Set(emitters.map((emitter) => idOf(emitter, 0)));
  const wantedKeys = keys.flatMap((wanted, position) =>
    wanted.length === 0 ? [] : [{ start: position * 32, ids: new Set(wanted.map((key) => idOf(key, 0))) }],
  );
  const isWanted = (event: Event): boolean =>
    (wantedEmitters?.has(idOf(event.fromAddress, 0)) ?? true) &&
    wantedKeys.every(({ start, ids }) => start < event.keys.length && ids.has(idOf(event.keys, start)));
  return function* match(receipts, { skip = 0 } = {}) {
    let offset = 0;
    for (const [transactionIndex, { transactionHash, events }] of receipts.entries()) {
      const first = Math.min(Math.max(skip - offset, 0), events.length);
      for (const [at, event] of events.slice(first).entries()) {
        const eventIndex = first + at;
        if (isWanted(event))
          yield { event, transactionHash, transactionIndex, eventIndex, offset: offset + eventIndex };
      }
      offset += events.length;
    }
  };
}

function distinct(felts: readonly Felt[]): readonly Felt[] {
  return [...new Map(felts.map((felt) => [feltToHex(felt), felt])).values()];
}

/** 32 bytes as a text to look up. Latin-1 maps bytes to characters one to one. */
function idOf(felts: Uint8Array, start: number): string {
  return Buffer.from(felts.buffer, felts.byteOffset + start, 32).toString('latin1');
}

/** Chosen: each is a list of the index to follow. */
const EMITTERS_MAX = 1024;
/** @see Pathfinder, `crates/storage`, `EVENT_KEY_FILTER_LIMIT` */
const KEY_POSITIONS_MAX = 16;
/** All positions together. @see Juno, `rpc/rpccore`, `MaxEventFilterKeys` */
const KEYS_MAX = 1024;
