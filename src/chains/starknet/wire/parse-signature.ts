import type { BlockSignature, Felt } from '../types.ts';
import {
  asFelt,
  asObject,
  has,
  type JsonObject,
  malformed,
  type Place,
  placeOf,
  readCount,
  readEach,
  readFelt,
  readObject,
  rootPlace,
} from './json-reader.ts';

/**
 * Parses the answer of the feeder gateway's `get_signature`, in either of its forms:
 *
 *     { "block_hash": …, "signature": [r, s] }
 *     { "block_number": …, "signature": [r, s], "signature_input": { "block_hash": …, "state_diff_commitment": … } }
 *
 * The form says what was signed, and is independent of the block's age: old blocks were signed anew later.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`).
 */
export function parseSignature(json: unknown, place: Place = rootPlace('signature')): BlockSignature {
  const answer = asObject(json, place);
  const { r, s } = readPair(answer);
  if (!has(answer, 'signature_input')) {
    return { form: 'block-hash', blockHash: readFelt(answer, 'block_hash'), r, s };
  }
  const input = readObject(answer, 'signature_input');
  return {
    form: 'block-hash-and-diff',
    blockNumber: readCount(answer, 'block_number'),
    blockHash: readFelt(input, 'block_hash'),
    stateDiffCommitment: readFelt(input, 'state_diff_commitment'),
    r,
    s,
  };
}

/**
 * Parses the bare `[r, s]` that comes with `get_state_update?includeBlock=true&includeSignature=true`. It signs the
 * hash of the block it comes with.
 *
 * @throws {SynclineError} `GATEWAY_MALFORMED` (fault `peer`).
 */
export function parseBareSignature(json: unknown, blockHash: Felt, place: Place = BUNDLE): BlockSignature {
  return { form: 'block-hash', blockHash, ...readPair({ fields: { signature: json }, place }) };
}

function readPair(answer: JsonObject): { readonly r: Felt; readonly s: Felt } {
  const [r, s] = readEach(answer, 'signature', 2, asFelt);
  if (r === undefined || s === undefined) {
    throw malformed(placeOf(answer, 'signature'), 'a list of r and s', answer.fields.signature);
  }
  return { r, s };
}

const BUNDLE = rootPlace('bundle');
