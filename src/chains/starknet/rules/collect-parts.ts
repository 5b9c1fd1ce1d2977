import type { Candidate, Height } from '../../../engine/index.ts';
import { SynclineError, toSynclineError } from '../../../lib/index.ts';
import type { Block, BlockSignature, StateUpdate } from '../types.ts';
import { parseBareSignature, parseBlock, parseJsonBytes, parseSignature, parseStateUpdate } from '../wire/index.ts';

/** A parsed part, the candidate it came in, and who delivered that. */
export interface Piece<T> {
  readonly value: T;
  /** Name of the candidate: the part's own, or `bundle`. */
  readonly part: string;
  readonly from: string;
}

/** What there is of one height. */
export interface Pieces {
  readonly block: Piece<Block> | null;
  readonly stateUpdate: Piece<StateUpdate> | null;
  readonly signature: Piece<BlockSignature> | null;
}

/**
 * Parses the first candidate of each part, and a bundle for what is missing of the three. What is not used cannot be
 * the reason for a refusal.
 *
 * @throws {SynclineError} what the parsers throw, with the candidate in `parts`; `PART_UNKNOWN` (fault `peer`).
 */
export function collectParts(candidates: readonly Candidate[], height: Height): Pieces {
  for (const candidate of candidates) if (!KNOWN.has(candidate.part)) throw unknownPart(candidate, height);
  const block = parseFirst(candidates, 'block', height, (json) => parseBlock(json));
  const stateUpdate = parseFirst(candidates, 'stateUpdate', height, (json) => parseStateUpdate(json));
  const signature = parseFirst(candidates, 'signature', height, (json) => parseSignature(json));
  if (block !== null && stateUpdate !== null && signature !== null) return { block, stateUpdate, signature };
  const bundle = parseFirst(candidates, 'bundle', height, parseBundle);
  return {
    block: block ?? pieceOf(bundle, (value) => value.block),
    stateUpdate: stateUpdate ?? pieceOf(bundle, (value) => value.stateUpdate),
    signature: signature ?? pieceOf(bundle, (value) => value.signature),
  };
}

interface Bundle {
  readonly block: Block;
  readonly stateUpdate: StateUpdate;
  readonly signature: BlockSignature | null;
}

/** `{ "block", "state_update", "signature"? }`, as `get_state_update?includeBlock=true` answers. */
function parseBundle(json: unknown): Bundle {
  const member = (key: string): unknown =>
    typeof json === 'object' && json !== null && Object.hasOwn(json, key)
      ? (json as Record<string, unknown>)[key]
      : undefined;
  const block = parseBlock(member('block'));
  const stateUpdate = parseStateUpdate(member('state_update'));
  const bare = member('signature') ?? null;
  return { block, stateUpdate, signature: bare === null ? null : parseBareSignature(bare, block.header.hash) };
}

function parseFirst<T>(
  candidates: readonly Candidate[],
  part: string,
  height: Height,
  parse: (json: unknown) => T,
): Piece<T> | null {
  const candidate = candidates.find((other) => other.part === part);
  if (candidate === undefined) return null;
  const { bytes, from } = candidate;
  try {
    return { value: parse(parseJsonBytes(bytes, `${part} ${height} from ${from}`)), part, from };
  } catch (thrown) {
    const { code, fault, message, data } = toSynclineError(thrown);
    throw new SynclineError(code, fault, message, {
      data: { check: 'parse', height, hash: null, ...data, parts: [part] },
      cause: thrown,
    });
  }
}

function pieceOf<T>(bundle: Piece<Bundle> | null, pick: (value: Bundle) => T | null): Piece<T> | null {
  const value = bundle === null ? null : pick(bundle.value);
  return bundle === null || value === null ? null : { value, part: bundle.part, from: bundle.from };
}

/** Nothing asked for this, so whoever delivered it does not keep to the protocol. */
function unknownPart({ part }: Candidate, height: Height): SynclineError {
  const expected = [...KNOWN].join(', ');
  return new SynclineError('PART_UNKNOWN', 'peer', 'a Starknet block has no such part', {
    data: { check: 'part', expected, got: part, height, hash: null, parts: [part] },
  });
}

const KNOWN: ReadonlySet<string> = new Set(['block', 'stateUpdate', 'signature', 'bundle']);
