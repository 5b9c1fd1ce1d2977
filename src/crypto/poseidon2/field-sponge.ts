import { concatBytes } from '../../lib/index.ts';
import { countFields, FIELD_BYTES, RATE, STATE_BYTES } from './bn254-field.ts';
import type { Poseidon2Hasher } from './poseidon2-hasher.ts';

/**
 * A Poseidon2 sponge that goes on: what has been taken in may be hashed at any point, and more may follow. Three
 * fields are permuted when a fourth arrives, not before.
 */
export interface FieldSponge {
  /** Takes in any number of fields. @throws {SynclineError} `FIELD_LENGTH`, `FIELD_OUT_OF_RANGE` (fault `caller`). */
  absorb(fields: Uint8Array): void;
  /** The hash of all fields so far, 32 bytes. The sponge stays as it is. */
  squeeze(): Uint8Array;
  /** A sponge that goes on from here by itself. */
  clone(): FieldSponge;
}

/**
 * @param capacity What word 3 holds at the start: one field, 32 bytes. A rollup's blobs use 24576·2^64.
 * @throws {SynclineError} `FIELD_LENGTH`, `FIELD_OUT_OF_RANGE` (fault `caller`).
 * @see AztecProtocol/aztec-packages v4.1.2, `yarn-project/blob-lib`, SpongeBlob.
 */
export function createFieldSponge(hasher: Poseidon2Hasher, capacity: Uint8Array): FieldSponge {
  const start = concatBytes(new Uint8Array(STATE_BYTES - FIELD_BYTES), capacity);
  // Nothing to take in: this checks the state.
  return sponge(hasher, hasher.absorbTriples(start, new Uint8Array()), new Uint8Array());
}

/** `waiting` holds up to three fields that are not yet in the state. */
function sponge(hasher: Poseidon2Hasher, state: Uint8Array, waiting: Uint8Array): FieldSponge {
  return {
    absorb: (fields) => {
      if (countFields(fields) === 0) return;
      const all = concatBytes(waiting, fields);
      const triples = Math.ceil(all.length / TRIPLE_BYTES) - 1;
      state = hasher.absorbTriples(state, all.subarray(0, triples * TRIPLE_BYTES));
      waiting = all.slice(triples * TRIPLE_BYTES);
    },
    squeeze: () => {
      const last = new Uint8Array(TRIPLE_BYTES);
      last.set(waiting);
      return hasher.absorbTriples(state, last).slice(0, FIELD_BYTES);
    },
    clone: () => sponge(hasher, state, waiting),
  };
}

const TRIPLE_BYTES = RATE * FIELD_BYTES;
