import type { Block, BlockSignature, StateUpdate } from '../types.ts';
import { asObject, member, placeOf, rootPlace } from './json-reader.ts';
import { parseBlock } from './parse-block.ts';
import { parseBareSignature } from './parse-signature.ts';
import { parseStateUpdate } from './parse-state-update.ts';

/** A block with what belongs to it, from one answer. Nothing has compared the parts with each other yet. */
export interface Bundle {
  readonly block: Block;
  readonly stateUpdate: StateUpdate;
  /** `null` where the gateway sent none, as older ones do. */
  readonly signature: BlockSignature | null;
}

/**
 * Parses the answer of `get_state_update?includeBlock=true`, with or without `includeSignature=true`: an object of
 * `block`, `state_update` and perhaps the bare `signature` of the block hash.
 *
 * @throws {SynclineError} As `parseBlock`, `parseStateUpdate` and `parseBareSignature` do, the block's error first.
 */
export function parseBundle(json: unknown): Bundle {
  const bundle = asObject(json, rootPlace('bundle'));
  const block = parseBlock(member(bundle, 'block'), placeOf(bundle, 'block'));
  const stateUpdate = parseStateUpdate(member(bundle, 'state_update'), placeOf(bundle, 'state_update'));
  const pair = member(bundle, 'signature');
  const signature = pair === undefined ? null : parseBareSignature(pair, block.header.hash, bundle.place);
  return { block, stateUpdate, signature };
}
