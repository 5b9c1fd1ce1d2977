import { isDeepStrictEqual } from 'node:util';
import { isSynclineError, SynclineError } from '../../src/lib/index.ts';

/** What a refusal has to be like. */
export interface RefusalRules {
  /** Codes that may come up here. */
  readonly codes: readonly string[];
  /** Names of all candidates; the error has to name some of them. Left out where nobody is blamed by name. */
  readonly parts?: readonly string[];
  /** The one candidate that is damaged: where a peer is blamed, it is this one. */
  readonly damaged?: string;
}

/**
 * The code of a refusal that is as it should be: one of ours, of the remote's making, small, plain, and telling enough
 * to name the culprit. Anything else is thrown on, with what is wrong with it.
 */
export function refusalCode(thrown: unknown, rules: RefusalRules): string {
  const wrong = (what: string) => new Error(`${what}: ${describe(thrown)}`, { cause: thrown });
  if (!isSynclineError(thrown) || !(thrown instanceof SynclineError)) throw wrong('not an error of ours');
  const { code, fault, message, data } = thrown;
  if (fault !== 'peer' && fault !== 'source') throw wrong(`fault ${fault}`);
  if (!rules.codes.includes(code)) throw wrong(`code ${code}`);
  const written = JSON.stringify({ code, fault, message, data });
  if (message.length > MESSAGE_CHARS_MAX || written.length > ERROR_CHARS_MAX) throw wrong('too talkative');
  if (!isDeepStrictEqual(JSON.parse(written).data, data)) throw wrong('data that is not plain');
  if (!Object.values(data).every(isPlain)) throw wrong('data of another type');
  if (rules.parts !== undefined) requireBlame(thrown, rules, wrong);
  return code;
}

function requireBlame({ fault, data }: SynclineError, rules: RefusalRules, wrong: (what: string) => Error): void {
  const { check, expected, got, height, parts } = data;
  if (typeof check !== 'string' || typeof height !== 'number') throw wrong('no check or no height');
  if (expected === undefined || got === undefined) throw wrong('nothing expected or nothing got');
  if (!Array.isArray(parts) || parts.length === 0) throw wrong('no parts');
  if (!parts.every((part) => rules.parts?.includes(part))) throw wrong('parts that nobody delivered');
  if (fault === 'peer' && rules.damaged !== undefined && !parts.includes(rules.damaged)) throw wrong('false blame');
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const data = isSynclineError(thrown) ? ` ${JSON.stringify(thrown.data).slice(0, 600)}` : '';
  return `${thrown.name} ${thrown.message.slice(0, 300)}${data}`;
}

/** Chosen: an operator reads them, a store keeps a thousand of them. */
const MESSAGE_CHARS_MAX = 600;
const ERROR_CHARS_MAX = 1_500;

/** What the parsers of gateway answers throw. */
export const WIRE_CODES = ['GATEWAY_MALFORMED', 'PROTOCOL_UNSUPPORTED', 'BLOCK_NOT_STORABLE'] as const;
/** What a source throws whose remote answers rubbish. */
export const SOURCE_CODES = ['SOURCE_BAD_ANSWER', 'SOURCE_UNAVAILABLE', 'SOURCE_REFUSED'] as const;
/** What the rules throw when they look at a block. */
export const EXAMINE_CODES = [...WIRE_CODES, 'BLOCK_REJECTED', 'GATEWAY_CONTRADICTION', 'SIGNATURE_MISSING'] as const;
/** What the rules throw when they play a block onto the state. */
export const APPLY_CODES = ['CONTRACT_UNKNOWN', 'STATE_KEY_OUT_OF_RANGE', 'STATE_ROOT_MISMATCH'] as const;
