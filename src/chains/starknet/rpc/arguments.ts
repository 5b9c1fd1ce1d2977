import type { RpcParams } from '../../../engine/index.ts';
import { parseFelt } from '../felt.ts';
import type { Felt } from '../types.ts';
import { invalidParams } from './faults.ts';

/**
 * Reads a parameter that has to be a felt. Leading zeros and upper case are taken too, as the other clients do, though
 * the specification's `FELT` has neither.
 * @throws {RpcFault} invalid params.
 */
export function feltArgument(params: RpcParams, name: string): Felt {
  return parseFeltArgument(params[name], name);
}

/** As `feltArgument`, for a value inside a parameter; `path` says where. */
export function parseFeltArgument(value: unknown, path: string): Felt {
  try {
    return parseFelt(value);
  } catch {
    // The text is at fault, whatever is wrong with it: the gateway's parser would blame a peer.
    throw invalidParams(path, 'a felt as 0x and hex digits');
  }
}

/** A parameter that may be left out: absent and `null` are the same. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/**
 * Reads a list that may be left out.
 * @param parse Given each item and where it stands.
 * @returns `null` where there is no such parameter.
 * @throws {RpcFault} invalid params.
 */
export function listArgument<T>(
  params: RpcParams,
  name: string,
  parse: (value: unknown, path: string) => T,
): readonly T[] | null {
  const value = params[name];
  if (isAbsent(value)) return null;
  return parseListArgument(value, name, parse);
}

/** As `listArgument`, for a list inside a parameter. */
export function parseListArgument<T>(
  value: unknown,
  path: string,
  parse: (value: unknown, path: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw invalidParams(path, 'a list');
  return value.map((item: unknown, index) => parse(item, `${path}[${index}]`));
}

/** Reads one of a few words. @throws {RpcFault} invalid params. */
export function parseWordArgument<Word extends string>(value: unknown, path: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === value);
  if (word === undefined) throw invalidParams(path, `one of ${words.join(', ')}`);
  return word;
}

/** Reads a safe integer from 0. @throws {RpcFault} invalid params. */
export function parseIntegerArgument(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalidParams(path, 'an integer from 0');
  }
  return value;
}

/** An object's members, none of them known. @throws {RpcFault} invalid params. */
export function parseObjectArgument(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidParams(path, 'an object');
  return value as Readonly<Record<string, unknown>>; // an object of which nothing is known
}
